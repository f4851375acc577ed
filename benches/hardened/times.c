/* times ROUNDS COMMAND... [-- UNTIMED...]: how long COMMAND takes, the median in microseconds; UNTIMED runs after each. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long run(char **command) {
    struct timespec from, to;
    int status = 1;
    clock_gettime(CLOCK_MONOTONIC, &from);
    pid_t pid = fork();
    if (pid == 0) { execv(command[0], command); _exit(127); }
    waitpid(pid, &status, 0);
    clock_gettime(CLOCK_MONOTONIC, &to);
    if (status) { fprintf(stderr, "times: %s: status %d\n", command[0], status); exit(1); }
    return (to.tv_sec - from.tv_sec) * 1000000L + (to.tv_nsec - from.tv_nsec) / 1000;
}

static int order(const void *a, const void *b) { return (*(long *)a > *(long *)b) - (*(long *)a < *(long *)b); }

int main(int argc, char **argv) {
    long took[200];
    int rounds = argc > 2 ? atoi(argv[1]) : 0;
    char **after = argv + 2;
    if (rounds < 1 || rounds > 200) return 2;
    while (*after && strcmp(*after, "--")) after++;
    if (*after) *after++ = NULL;
    for (int i = 0; i < rounds; i++) {
        took[i] = run(argv + 2);
        if (!*after) continue;
        run(after);
        usleep(20000); /* what it does behind its answer is not part of the next one */
    }
    qsort(took, rounds, sizeof *took, order);
    printf("%ld\n", took[rounds / 2]);
    return 0;
}
