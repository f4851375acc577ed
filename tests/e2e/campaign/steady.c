/* A service that minds nobody: READY=1 to $NOTIFY_SOCKET, whoever is there to hear it, one line of output, then it
 * waits for a signal. With "fork" it becomes a daemon and writes its number into the file named next. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int main(int argc, char **argv) {
    if (argc > 2 && !strcmp(argv[1], "fork")) {
        int told[2];
        if (pipe(told)) return 9;
        if (fork()) {
            /* As a well-made daemon: its parent ends when the PID file is there. */
            char byte;
            close(told[1]);
            _exit(read(told[0], &byte, 1) == 1 ? 0 : 8);
        }
        setsid();
        FILE *file = fopen(argv[2], "w");
        if (!file || fprintf(file, "%d\n", getpid()) < 0 || fclose(file)) return 7;
        if (write(told[1], "x", 1) != 1) return 6;
        close(told[0]);
        close(told[1]);
    }
    const char *name = getenv("NOTIFY_SOCKET");
    if (name) {
        static const char ready[] = "READY=1\nSTATUS=up";
        struct sockaddr_un to = {.sun_family = AF_UNIX};
        strncpy(to.sun_path, name, sizeof to.sun_path - 1);
        int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
        if (fd >= 0) (void)!sendto(fd, ready, sizeof ready - 1, 0, (void *)&to, sizeof to);
        close(fd);
    }
    (void)!write(1, "up\n", 3);
    for (;;) pause();
}
