/* A stand-in for a shipper: it holds a lock on $LOCKF, and answers as Filebeat's endpoint does, on $PORT of 127.0.0.1, on
 * that of ::, version 6 alone, where $SIX is set, or on the socket $SOCK, that nothing is in flight. What is not set it
 * does not. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int bound(int family, const void *address, socklen_t size) {
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0), yes = 1;
    if (fd < 0) return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (family == AF_INET6) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof yes);
    return bind(fd, address, size) || listen(fd, 8) ? -1 : fd;
}

static int listens(const char *port, const char *path) {
    if (port && getenv("SIX")) {
        struct sockaddr_in6 all = {.sin6_family = AF_INET6, .sin6_port = htons(atoi(port))};
        return bound(AF_INET6, &all, sizeof all);
    }
    if (port) {
        struct sockaddr_in local = {.sin_family = AF_INET, .sin_port = htons(atoi(port))};
        local.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        return bound(AF_INET, &local, sizeof local);
    }
    struct sockaddr_un local = {.sun_family = AF_UNIX};
    snprintf(local.sun_path, sizeof local.sun_path, "%s", path);
    return bound(AF_UNIX, &local, sizeof local);
}

int main(void) {
    static const char answer[] = "HTTP/1.0 200 OK\r\n\r\n{\"filebeat\":{\"events\":{\"active\":0}},"
                                 "\"libbeat\":{\"pipeline\":{\"events\":{\"active\":0}}}}";
    const char *lock = getenv("LOCKF"), *port = getenv("PORT"), *path = getenv("SOCK");
    char question[4096];
    if (lock && *lock) {
        int fd = open(lock, O_RDWR | O_CREAT, 0600);
        if (fd < 0 || flock(fd, LOCK_EX)) return 1;
    }
    if (!port && !path) for (;;) pause();
    int fd = listens(port, path);
    if (fd < 0) {
        perror("listen");
        return 1;
    }
    for (;;) {
        int asked = accept(fd, NULL, NULL);
        if (asked < 0) continue;
        if (read(asked, question, sizeof question) > 0 && write(asked, answer, sizeof answer - 1) < 0) perror("write");
        close(asked);
    }
}
