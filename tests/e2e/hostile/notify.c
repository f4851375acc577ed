/* What a hostile process may do to the sockets of a supervisor.
 *   notify say SOCKET TEXT              one datagram; each @ in TEXT is a line end
 *   notify flood SOCKET SECONDS BYTES   as many datagrams of that size as go, then how many
 *   notify fds SOCKET COUNT TEXT        one datagram with COUNT descriptors: a FIFO's, a pty's, a socket's in turn
 *   notify linger SOCKET TEXT           one with the last descriptor of a TCP socket whose close waits 30000 s; stays
 *   notify command SOCKET WORD          one packet to a control socket, and the answer
 * Ends with 0 where the kernel took what was sent, and lives on for a moment, so that it can be told who sent it. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static int to(const char *path, int type) {
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    strncpy(a.sun_path, path, sizeof a.sun_path - 1);
    int s = socket(AF_UNIX, type, 0);
    if (connect(s, (void *)&a, sizeof a)) { perror("connect"); exit(1); }
    return s;
}

static char *lines(char *text) {
    for (char *c = text; *c; c++) if (*c == '@') *c = '\n';
    return text;
}

static void with_fds(int s, char *text, const int *fds, int n) {
    static union { struct cmsghdr h; char room[CMSG_SPACE(253 * sizeof(int))]; } c;
    struct iovec iov = {text, strlen(text)};
    struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &c, .msg_controllen = CMSG_SPACE(n * sizeof(int))};
    c.h = (struct cmsghdr){.cmsg_len = CMSG_LEN(n * sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
    memcpy(CMSG_DATA(&c.h), fds, n * sizeof(int));
    if (sendmsg(s, &m, 0) < 0) { perror("sendmsg"); exit(1); }
}

static void linger(int s, char *text) {
    int l = socket(AF_INET, SOCK_STREAM, 0), c = socket(AF_INET, SOCK_STREAM, 0), small = 2048;
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    setsockopt(l, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    bind(l, (void *)&a, len); listen(l, 1); getsockname(l, (void *)&a, &len);
    connect(c, (void *)&a, len);
    accept(l, NULL, NULL);
    fcntl(c, F_SETFL, O_NONBLOCK);
    static char bytes[65536];
    while (write(c, bytes, sizeof bytes) > 0) {}
    fcntl(c, F_SETFL, 0);
    struct linger wait = {1, 30000};
    setsockopt(c, SOL_SOCKET, SO_LINGER, &wait, sizeof wait);
    with_fds(s, text, &c, 1);
    /* Not the last one any more: this close does not wait. */
    close(c);
    printf("sent\n"); fflush(stdout);
    for (;;) pause();
}

int main(int argc, char **argv) {
    if (argc < 4) return 2;
    char *what = argv[1], *path = argv[2];
    if (!strcmp(what, "command")) {
        int s = to(path, SOCK_SEQPACKET);
        char answer[256];
        send(s, argv[3], strlen(argv[3]), MSG_NOSIGNAL);
        ssize_t n = recv(s, answer, sizeof answer, 0);
        if (n <= 0) return 1;
        return printf("%.*s\n", (int)n, answer) < 0;
    }
    int s = to(path, SOCK_DGRAM);
    if (!strcmp(what, "say")) { int failed = send(s, lines(argv[3]), strlen(argv[3]), 0) < 0; usleep(300000); return failed; }
    if (!strcmp(what, "linger")) linger(s, lines(argv[3]));
    if (!strcmp(what, "fds")) {
        int some[3], all[253], n = atoi(argv[3]);
        mkfifo("/tmp/notify.fifo", 0600);
        some[0] = open("/tmp/notify.fifo", O_RDWR); some[1] = posix_openpt(O_RDWR | O_NOCTTY);
        some[2] = socket(AF_UNIX, SOCK_STREAM, 0);
        for (int i = 0; i < n && i < 253; i++) all[i] = some[i % 3] >= 0 ? some[i % 3] : 0;
        with_fds(s, lines(argv[4]), all, n);
        usleep(100000);
        return 0;
    }
    if (!strcmp(what, "flood")) {
        time_t end = time(NULL) + atoi(argv[3]);
        size_t size = atoi(argv[4]); long sent = 0;
        char *bytes = malloc(size + 64);
        int head = sprintf(bytes, "READY=1\nMAINPID=1\nSTATUS=owned\nSTOPPING=1\n");
        memset(bytes + head, 'x', size > (size_t)head ? size - head : 0);
        while (time(NULL) < end) if (send(s, bytes, size, MSG_DONTWAIT) > 0) sent++; else usleep(200);
        return printf("%ld\n", sent) < 0;
    }
    return 2;
}
