/* Faults at system calls of a command, of the supervisor that it starts or asks, and of their children before exec:
 * by ptrace(2), so that a static binary is met as it ships.
 *
 *   inject [-p PID] [-s MS] -l LOG count COMMAND...                  the calls of each role
 *   inject [-p PID] [-s MS] -l LOG kill ROLE N COMMAND...            SIGKILL instead of the N-th call of a role; of its
 *                                                                    calls NR, where -c NR says so
 *   inject [-p PID] [-s MS] -l LOG fail ROLE NR N ERRNO COMMAND...   the N-th call NR of a role fails
 *
 * ROLE is c (the command), s (a supervisor; -p names one that is there) or k (their child that has not executed
 * anything yet); those of a role are counted together. LOG gets a line "ROLE N NR EFFECT" for each call, EFFECT being
 * 1 where others can see that it was made, or "HIT NR" once the fault has happened; from then on nobody is traced any
 * more. After the command's end the others have MS milliseconds (400) to come to the fault. Ends as the command does;
 * with 124 where that took more than 20 s and was killed. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { CALLS = 512, PROCESSES = 256, PATIENCE = 20 };
enum fault { COUNT, KILL, FAIL };

struct process {
    pid_t pid;
    char role;
    int failing; /* between the entry of the call that is to fail and its exit */
};

static struct process processes[PROCESSES];
static long made[128], made_of[128][CALLS];
static FILE *counted;
static enum fault fault;
static char role;
static long call = -1, nth, error_number;
static const char *log_path;
static const long OPTIONS = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE |
                            PTRACE_O_TRACEEXEC;

static void say(const char *text) {
    int fd = open(log_path, O_WRONLY | O_APPEND | O_CREAT, 0644);
    if (fd < 0 || write(fd, text, strlen(text)) < 0) perror(log_path);
    if (fd >= 0) close(fd);
}

static struct process *known(pid_t pid) {
    struct process *unused = NULL;
    for (int i = 0; i < PROCESSES; i++) {
        if (processes[i].pid == pid) return &processes[i];
        if (!processes[i].pid && !unused) unused = &processes[i];
    }
    if (!unused) _exit(97);
    memset(unused, 0, sizeof *unused);
    unused->pid = pid;
    unused->role = 'k';
    return unused;
}

/* Can others see that the call was made? Not where it asks, or reads or closes a plain file that is no lock. */
static int has_effect(pid_t pid, const struct __ptrace_syscall_info *info) {
    char link[64], target[256];
    switch (info->entry.nr) {
    case SYS_mmap: case SYS_munmap: case SYS_mremap: case SYS_mprotect: case SYS_madvise: case SYS_brk:
    case SYS_fstat: case SYS_newfstatat: case SYS_statx: case SYS_stat: case SYS_lstat: case SYS_access:
    case SYS_readlink: case SYS_readlinkat: case SYS_getdents64: case SYS_lseek: case SYS_fcntl: case SYS_ioctl:
    case SYS_rt_sigaction: case SYS_rt_sigprocmask: case SYS_rt_sigreturn: case SYS_sigaltstack:
    case SYS_getpid: case SYS_getppid: case SYS_gettid: case SYS_getuid: case SYS_geteuid: case SYS_getgid:
    case SYS_getegid: case SYS_getresuid: case SYS_getresgid: case SYS_getgroups: case SYS_getrlimit:
    case SYS_getpriority: case SYS_ioprio_get: case SYS_sched_getaffinity: case SYS_sched_getscheduler:
    case SYS_capget: case SYS_personality: case SYS_getrandom: case SYS_uname: case SYS_umask: case SYS_poll:
    case SYS_pipe2: case SYS_socket: case SYS_socketpair: case SYS_set_tid_address: case SYS_arch_prctl:
    case SYS_getsockopt: case SYS_sched_yield: case SYS_clock_nanosleep: case SYS_nanosleep: case SYS_statfs:
        return 0;
    case SYS_openat:
        return (info->entry.args[2] & (O_CREAT | O_TRUNC)) != 0;
    case SYS_open:
        return (info->entry.args[1] & (O_CREAT | O_TRUNC)) != 0;
    case SYS_read: case SYS_close:
        snprintf(link, sizeof link, "/proc/%d/fd/%d", pid, (int)info->entry.args[0]);
        ssize_t n = readlink(link, target, sizeof target - 1);
        if (n <= 0) return 0;
        target[n] = 0;
        return target[0] != '/' || strstr(target, "lock") || strstr(target, "fifo");
    }
    return 1;
}

/* What a process is that has just executed something: 0 for one that is none of ours. */
static char role_of(pid_t pid) {
    char path[64], words[4096];
    snprintf(path, sizeof path, "/proc/%d/cmdline", pid);
    int fd = open(path, O_RDONLY);
    ssize_t n = fd < 0 ? -1 : read(fd, words, sizeof words - 1);
    if (fd >= 0) close(fd);
    if (n <= 0) return 0;
    words[n] = 0;
    const char *base = strrchr(words, '/'), *second = words + strlen(words) + 1;
    if (strcmp(base ? base + 1 : words, "amr")) return 0;
    if (second >= words + n) return 'c';
    return !strcmp(second, "supervise") ? 's' : !strcmp(second, "reaction") ? 0 : 'c';
}

static void seize(pid_t pid, char as) {
    if (ptrace(PTRACE_SEIZE, pid, 0, OPTIONS)) {
        perror("PTRACE_SEIZE");
        _exit(96);
    }
    ptrace(PTRACE_INTERRUPT, pid, 0, 0);
    known(pid)->role = as;
}

/* Is this entry the one that is meant? */
static int meant(struct process *p, long nr) {
    if (fault == COUNT || p->role != role || (call >= 0 && nr != call)) return 0;
    return nth == (call < 0 ? made[(int)role] : made_of[(int)role][call]);
}

static void hit(long nr) {
    char line[32];
    snprintf(line, sizeof line, "HIT %ld\n", nr);
    say(line);
}

static void at_call(struct process *p) {
    struct __ptrace_syscall_info info = {0};
    struct user_regs_struct registers;
    if (ptrace(PTRACE_GET_SYSCALL_INFO, p->pid, sizeof info, &info) <= 0) return;
    if (info.op == PTRACE_SYSCALL_INFO_EXIT && p->failing) {
        ptrace(PTRACE_GETREGS, p->pid, 0, &registers);
        registers.rax = -error_number;
        ptrace(PTRACE_SETREGS, p->pid, 0, &registers);
        _exit(0); /* lets all go */
    }
    if (info.op != PTRACE_SYSCALL_INFO_ENTRY || info.entry.nr >= CALLS) return;
    made[(int)p->role]++;
    made_of[(int)p->role][info.entry.nr]++;
    if (fault == COUNT)
        fprintf(counted, "%c %ld %d %d\n", p->role, made[(int)p->role], (int)info.entry.nr, has_effect(p->pid, &info));
    if (!meant(p, info.entry.nr)) return;
    hit(info.entry.nr);
    if (fault == KILL) {
        kill(p->pid, SIGKILL);
        _exit(0);
    }
    ptrace(PTRACE_GETREGS, p->pid, 0, &registers);
    registers.orig_rax = -1; /* no call at all */
    ptrace(PTRACE_SETREGS, p->pid, 0, &registers);
    p->failing = 1;
}

static void stopped(struct process *p, int status) {
    int signal = WSTOPSIG(status), event = status >> 16, pass = 0;
    if (event == PTRACE_EVENT_EXEC) {
        char now = role_of(p->pid);
        if (!now) {
            ptrace(PTRACE_DETACH, p->pid, 0, 0);
            p->pid = 0;
            return;
        }
        p->role = now;
    } else if (event == PTRACE_EVENT_STOP) {
        if (signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU) {
            ptrace(PTRACE_LISTEN, p->pid, 0, 0);
            return;
        }
    } else if (signal == (SIGTRAP | 0x80)) {
        at_call(p);
    } else if (!event && signal != SIGTRAP) {
        pass = signal;
    }
    ptrace(PTRACE_SYSCALL, p->pid, 0, pass);
}

static void trace(pid_t command, pid_t supervisor, int go) {
    if (fault == COUNT && !(counted = fopen(log_path, "w"))) _exit(93);
    if (counted) setlinebuf(counted);
    seize(command, 'x');
    if (supervisor) seize(supervisor, 's');
    if (write(go, "x", 1) != 1) _exit(95);
    close(go);
    for (;;) {
        int status;
        pid_t pid = waitpid(-1, &status, __WALL);
        if (pid < 0 && errno == EINTR) continue;
        if (pid < 0) break;
        struct process *p = known(pid);
        if (WIFSTOPPED(status)) stopped(p, status);
        else p->pid = 0;
    }
    _exit(0);
}

static volatile sig_atomic_t late;
static void on_alarm(int signal) {
    (void)signal;
    late = 1;
}

/* Its status, or -1 where it took too long and was killed. */
static int end_of(pid_t command) {
    struct sigaction action = {.sa_handler = on_alarm};
    int status = 0;
    sigaction(SIGALRM, &action, NULL);
    alarm(PATIENCE);
    while (waitpid(command, &status, 0) < 0) {
        if (!late) continue;
        kill(command, SIGKILL);
        waitpid(command, &status, 0);
        return -1;
    }
    alarm(0);
    return status;
}

int main(int argc, char **argv) {
    long settle = 400;
    pid_t supervisor = 0;
    for (int o; (o = getopt(argc, argv, "+p:s:l:c:")) != -1;)
        if (o == 'p') supervisor = atoi(optarg);
        else if (o == 's') settle = atol(optarg);
        else if (o == 'l') log_path = optarg;
        else if (o == 'c') call = atol(optarg);
    const char *what = argv[optind++];
    fault = !strcmp(what, "kill") ? KILL : !strcmp(what, "fail") ? FAIL : COUNT;
    if (fault != COUNT) role = *argv[optind++];
    if (fault == FAIL) call = atol(argv[optind++]);
    if (fault != COUNT) nth = atol(argv[optind++]);
    if (fault == FAIL) error_number = atol(argv[optind++]);
    int go[2];
    if (pipe2(go, O_CLOEXEC)) return 94;
    pid_t command = fork();
    if (!command) {
        char byte;
        close(go[1]);
        if (read(go[0], &byte, 1) != 1) _exit(99);
        execv(argv[optind], argv + optind);
        _exit(98);
    }
    pid_t tracer = fork();
    if (!tracer) {
        setsid();
        close(go[0]);
        trace(command, supervisor, go[1]);
    }
    close(go[0]);
    close(go[1]);
    int status = end_of(command);
    for (long waited = 0; waited < settle && !waitpid(tracer, NULL, WNOHANG); waited += 5) {
        struct timespec moment = {0, 5000000};
        nanosleep(&moment, NULL);
    }
    kill(tracer, SIGKILL);
    waitpid(tracer, NULL, 0);
    if (status == -1) return 124;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
