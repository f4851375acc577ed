"""Which errors the kernel can give for which call (manual pages, section 2), and which it cannot give to amr.

A call that is in neither table is a gap: the campaign says so and fails."""

import errno
import re

# The calls of a row, as a pattern, and the errors that it can meet on a host in trouble.
POSSIBLE = [
    ("open|openat|openat2", "EMFILE ENFILE EACCES EIO ENOMEM ENOSPC EROFS"),
    ("read|pread64|readv|getdents64", "EIO EINTR"),
    ("readlink|readlinkat|newfstatat|statx|stat|lstat|statfs|access|faccessat2?", "EIO EACCES ENOMEM"),
    ("fstat", "EIO"),
    ("write|writev|pwrite64", "ENOSPC EIO EINTR"),
    ("mkdirat|mkdir|unlinkat|unlink|rename|renameat|renameat2|symlinkat|rmdir|linkat|mknodat|mknod", "ENOSPC EROFS EIO EACCES"),
    ("fchmod|fchmodat|fchmodat2|chmod|fchown|fchownat|ftruncate|utimensat", "EROFS EIO EPERM"),
    ("fsync|fdatasync", "EIO ENOSPC"),
    ("clone|clone3|fork|vfork", "EAGAIN ENOMEM"),
    ("mmap|brk|mremap|mprotect", "ENOMEM"),
    ("pipe2|pipe|socket|socketpair|accept4|signalfd4|inotify_init1|eventfd2|memfd_create|pidfd_open", "EMFILE ENFILE ENOMEM"),
    ("dup|dup2|dup3", "EMFILE EINTR"),
    ("inotify_add_watch", "ENOSPC ENOMEM"),
    ("bind|listen", "ENOMEM EADDRINUSE EIO"),
    ("connect", "ECONNREFUSED EINTR EAGAIN"),
    ("sendto|sendmsg", "ENOMEM ENOBUFS EINTR EPIPE"),
    # Only the latter makes room for addresses and control messages.
    ("recvfrom", "EINTR"),
    ("recvmsg", "ENOMEM EINTR"),
    ("setsockopt", "ENOMEM ENOBUFS"),
    ("poll|ppoll", "EINTR ENOMEM"),
    ("flock", "EINTR ENOLCK"),
    ("kill|pidfd_send_signal", "EPERM"),
    ("execve", "ENOMEM EACCES ENOENT EIO"),
    ("chdir|fchdir", "EACCES EIO"),
    ("setresuid|setresgid|setuid|setgid|setgroups", "EPERM EAGAIN ENOMEM"),
    ("mount|unshare", "EPERM ENOMEM"),
    ("prlimit64|setrlimit|setpriority|ioprio_set|capset|sched_setaffinity|sched_setscheduler", "EPERM"),
    ("keyctl", "EDQUOT ENOMEM ENOSYS"),
    ("close_range|getrandom|pidfd_open", "ENOSYS"),
    ("nanosleep|clock_nanosleep", "EINTR"),
    ("setsid", "EPERM"),
    ("prctl", "EINVAL"),
]

# Never failed, with the reason.
IMPOSSIBLE = [
    ("close", "it closes in any case; what it can tell (EIO of a write before) no caller can mend"),
    ("lseek", "on files of amr's own it has no error but those of a wrong argument"),
    ("munmap|madvise", "amr gives ranges that it has; the allocator keeps what it cannot give back"),
    ("fcntl", "F_GETFD, F_SETFD, F_GETFL, F_SETFL on a descriptor that is open cannot fail; F_DUPFD is dup's"),
    ("rt_sigaction|rt_sigprocmask|rt_sigreturn|sigaltstack", "with valid numbers and addresses they cannot fail"),
    ("getpid|getppid|gettid|getuid|geteuid|getgid|getegid|getresuid|getresgid|getgroups|umask|sched_yield|uname|getsid|getpgrp", "they always succeed"),
    ("getrlimit|getpriority|ioprio_get|sched_getaffinity|sched_getscheduler|capget|personality|getsockopt|getsockname|getpeername",
     "questions about a process or socket of amr's own with valid arguments"),
    ("set_tid_address|arch_prctl|set_robust_list|rseq|futex|tkill|exit|exit_group", "they set up or end a process; libc's own, no way to fail"),
    ("wait4|waitid", "with WNOHANG, as amr calls them, they do not sleep, and only sleep is interrupted; no child is an answer"),
    ("restart_syscall", "the kernel's own, to go on with a wait"),
    ("ioctl", "a question whether something is a terminal; each error is the answer no"),
    ("clock_gettime|time|gettimeofday|sysinfo", "with a valid clock and address they cannot fail"),
]


def of(name):
    """The errors to try for a call; `None` where nobody has said anything about it."""
    found = [word for pattern, words in POSSIBLE if re.fullmatch(pattern, name) for word in words.split()]
    if found:
        return [(word, getattr(errno, word)) for word in found]
    return [] if any(re.fullmatch(pattern, name) for pattern, _ in IMPOSSIBLE) else None
