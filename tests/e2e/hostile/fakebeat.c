/* A program that does nothing but hold a lock on $LOCKF, where that is set: a stand-in for a shipper. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

int main(void) {
    const char *lock = getenv("LOCKF");
    if (lock && *lock) {
        int fd = open(lock, O_RDWR | O_CREAT, 0600);
        if (fd < 0 || flock(fd, LOCK_EX)) return 1;
    }
    for (;;) pause();
}
