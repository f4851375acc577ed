// What a process passes on by fork and exec. "inherits show" prints it, a line each; "inherits spoil COMMAND..." sets
// all of it to something odd and executes the command; "inherits hard NAME VALUE COMMAND..." lowers one hard limit.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/keyctl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static const struct { const char *name; int number; rlim_t odd; } limits[] = {
    {"cpu", RLIMIT_CPU, 7}, {"fsize", RLIMIT_FSIZE, 4096}, {"data", RLIMIT_DATA, 200 << 20},
    {"stack", RLIMIT_STACK, 1 << 20}, {"core", RLIMIT_CORE, 4096}, {"rss", RLIMIT_RSS, 1 << 20},
    {"nproc", RLIMIT_NPROC, 333}, {"nofile", RLIMIT_NOFILE, 20}, {"memlock", RLIMIT_MEMLOCK, 4096},
    {"as", RLIMIT_AS, 300 << 20}, {"locks", RLIMIT_LOCKS, 5}, {"sigpending", RLIMIT_SIGPENDING, 5},
    {"msgqueue", RLIMIT_MSGQUEUE, 5}, {"rttime", RLIMIT_RTTIME, 5},
};
#define COUNT (sizeof limits / sizeof *limits)

static void text(const char *name, const char *path) {
    char line[4096]; FILE *f = fopen(path, "r"); size_t n = f ? fread(line, 1, sizeof line - 1, f) : 0;
    line[n] = 0; line[strcspn(line, "\n")] = 0; printf("%s=%s\n", name, line); if (f) fclose(f);
}

static void lines(const char *const *keys) {
    char line[4096]; FILE *f = fopen("/proc/self/status", "r");
    while (fgets(line, sizeof line, f))
        for (const char *const *key = keys; *key; key++)
            if (!strncmp(line, *key, strlen(*key))) { line[strcspn(line, "\n")] = 0; printf("%s\n", line); }
    fclose(f);
}

static int show(void) {
    static const char *const keys[] = {"Uid", "Gid", "Groups", "SigBlk", "SigIgn", "CapInh", "CapAmb", "CapEff", "NoNewPrivs", "Cpus_allowed:", "Umask", 0};
    lines(keys);
    for (size_t i = 0; i < COUNT; i++) {
        struct rlimit l; getrlimit(limits[i].number, &l); printf("%s=%lld\n", limits[i].name, (long long)l.rlim_cur);
    }
    printf("nice=%d\nscheduler=%d\n", getpriority(PRIO_PROCESS, 0), sched_getscheduler(0));
    printf("ioclass=%ld\n", syscall(SYS_ioprio_get, 1, 0) >> 13);
    printf("timerslack=%d\n", prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0));
    printf("personality=%x\n", personality(0xffffffff));
    printf("securebits=%d\n", prctl(PR_GET_SECUREBITS, 0, 0, 0, 0));
    printf("nohugepages=%d\n", prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0));
    text("oom", "/proc/self/oom_score_adj"); text("coredump", "/proc/self/coredump_filter"); text("login", "/proc/self/loginuid");
    char cwd[4096]; printf("cwd=%s\nsession=%d\n", getcwd(cwd, sizeof cwd), getsid(0) == getpid());
    long key = syscall(SYS_keyctl, KEYCTL_SEARCH, KEY_SPEC_SESSION_KEYRING, "user", "caller-secret", 0);
    printf("secret=%s\n", key < 0 ? "none" : "found");
    int fds = 0; for (int fd = 3; fd < 1024; fd++) fds += fcntl(fd, F_GETFD) >= 0;
    printf("descriptors=%d\nenvironment=", fds);
    for (char **e = environ; *e; e++) if (strncmp(*e, "INVOCATION_ID=", 14) && strncmp(*e, "SYSTEMD_EXEC_PID=", 17)) printf("%s ", *e);
    printf("\nend\n");
    return fflush(stdout);
}

static void put(const char *path, const char *value) {
    int fd = open(path, O_WRONLY); if (fd < 0 || write(fd, value, strlen(value)) < 0) perror(path); close(fd);
}

static int spoil(char **command) {
    for (int s = 1; s < 65; s++) signal(s, SIG_IGN);
    sigset_t all; sigfillset(&all); sigprocmask(SIG_BLOCK, &all, 0);
    umask(0); if (chdir("/tmp")) perror("chdir");
    put("/proc/self/oom_score_adj", "900"); put("/proc/self/coredump_filter", "0xff");
    setpriority(PRIO_PROCESS, 0, 7);
    struct sched_param none = {0}; if (sched_setscheduler(0, SCHED_BATCH, &none)) perror("scheduler");
    syscall(SYS_ioprio_set, 1, 0, 3 << 13);
    cpu_set_t one; CPU_ZERO(&one); CPU_SET(1, &one); sched_setaffinity(0, sizeof one, &one);
    prctl(PR_SET_TIMERSLACK, 123456789, 0, 0, 0); personality(ADDR_NO_RANDOMIZE); prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
    syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, 0);
    if (syscall(SYS_add_key, "user", "caller-secret", "hunter2", 7, KEY_SPEC_SESSION_KEYRING) < 0) perror("add_key");
    gid_t groups[] = {4, 24, 27}; setgroups(3, groups); if (setresgid(12, 12, 12)) perror("gid");
    for (int i = 0; i < 5; i++) open("/etc/shadow", O_RDONLY);
    for (size_t i = 0; i < COUNT; i++) {
        struct rlimit l; getrlimit(limits[i].number, &l); l.rlim_cur = limits[i].odd; setrlimit(limits[i].number, &l);
    }
    static char *const odd[] = {"LD_LIBRARY_PATH=/tmp", "BASH_ENV=/tmp/x", "IFS=x", "LANG=xx_XX", "PATH=/tmp/bin:/bin:/usr/bin:/usr/sbin", "SECRET=1", "NOTIFY_SOCKET=/tmp/n", "LISTEN_FDS=3", 0};
    environ = (char **)odd;
    execvp(command[0], command); perror(command[0]); return 127;
}

int main(int argc, char **argv) {
    if (argc > 2 && !strcmp(argv[1], "spoil")) return spoil(argv + 2);
    if (argc > 4 && !strcmp(argv[1], "hard"))
        for (size_t i = 0; i < COUNT; i++)
            if (!strcmp(limits[i].name, argv[2])) {
                struct rlimit l = {atoll(argv[3]), atoll(argv[3])};
                if (setrlimit(limits[i].number, &l)) { perror("setrlimit"); return 1; }
                execvp(argv[4], argv + 4); perror(argv[4]); return 127;
            }
    return show();
}
