/* A service: READY=1 to $NOTIFY_SOCKET, one line, then waits for a signal. With "fork" as a daemon would. */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int main(int argc, char **argv) {
    if (argc > 1 && !strcmp(argv[1], "fork")) {
        if (fork()) _exit(0);
        setsid();
    }
    const char *name = getenv("NOTIFY_SOCKET");
    if (name) {
        static const char ready[] = "READY=1\nSTATUS=up";
        struct sockaddr_un to = {.sun_family = AF_UNIX};
        strncpy(to.sun_path, name, sizeof to.sun_path - 1);
        int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
        if (sendto(fd, ready, sizeof ready - 1, 0, (void *)&to, sizeof to) < 0) _exit(9);
        close(fd);
    }
    if (write(1, "up\n", 3) != 3) _exit(8);
    for (;;) pause();
}
