. /lab/hostile/prelude.sh
# The process that reads what others wrote: what it has, what it may do, and what whoever takes it over gets. With the
# list of system calls, and on a kernel without.
mkdir -p /srv/fb/registry/filebeat /srv/fb/logs /srv/fb/bin; printf '{"version":"1"}\n' > /srv/fb/registry/filebeat/meta.json; : > /srv/fb/registry/filebeat/log.json
echo x > /srv/fb/logs/a.log; printf 'filebeat.inputs:\n- type: log\n  paths: [/srv/fb/logs/*.log]\n' > /srv/fb/filebeat.yml
cp /lab/bin/fakebeat /srv/fb/bin/filebeat
/srv/fb/bin/filebeat -c /srv/fb/filebeat.yml --path.data /srv/fb & shipper=$!
until_ok 5 test /srv/fb/bin/filebeat -ef /proc/$shipper/exe
# The caller's: a descriptor of a file of root's, one that others wait for, a variable, keys.
cat > /tmp/caller.py <<'P'
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
print(libc.syscall(250, 1, None), flush=True)
os.dup2(os.open('/etc/shadow', os.O_RDONLY), 9)
os.execvp('amr', ['amr'] + sys.argv[1:])
P
# begins [SWITCH]: a drain, its two processes as OPENS and LOOKS, the caller's keyring as KEYS
begins() {
    : > /tmp/out
    AMR_FEATURES=$1 SECRET=of-the-caller python3 /tmp/caller.py drain filebeat --timeout 100s --reports /srv/fb/reports > /tmp/out 2>&1 7>/tmp/of-the-caller & DRAIN=$!
    until_ok 10 grep -q waiting /tmp/out || bad "no drain: $(cat /tmp/out)"
    KEYS=$(head -n 1 /tmp/out)
    read -r OPENS LOOKS < "/proc/$DRAIN/task/$DRAIN/children"
}
ends() { kill -KILL $DRAIN; wait $DRAIN 2>/dev/null; until_ok 5 test ! -e /proc/$LOOKS -a ! -e /proc/$OPENS || bad "one outlives the command"; }
value() { awk -v key="$2:" '$1 == key { $1 = ""; print substr($0, 2) }' "/proc/$1/status"; }
call() { /lab/bin/calls $LOOKS "$@"; }
for switch in '' no-seccomp no-close-range; do
    how=${switch:-all}
    begins "$switch"
    same "$(value $LOOKS Uid) $(value $LOOKS Gid)" "60706 60706 60706 60706 60706 60706 60706 60706" "$how: a user and a group of its own"
    same "$(value $LOOKS Groups | tr -d ' ')" "" "$how: no further groups"
    same "$(for c in Inh Prm Eff Bnd Amb; do value $LOOKS Cap$c; done | tr '\n' ' ')" "0000000000000000 0000000000000004 0000000000000004 0000000000000000 0000000000000000 " "$how: the right to read, and none to gain"
    for thread in /proc/$LOOKS/task/*; do
        same "$(value "$LOOKS/task/${thread##*/}" NoNewPrivs)" 1 "$how: no new privileges"
        [ "$switch" = no-seccomp ] || same "$(value "$LOOKS/task/${thread##*/}" Seccomp)" 2 "$how: calls are filtered"
    done
    # What it has.
    same "$(find /proc/$LOOKS/fd -printf '%l\n' | grep -vE '^$|^/dev/null$|^socket:|^anon_inode:\[?(inotify|pidfd)|^pidfd:')" "" "$how: open is nothing of the caller's"
    same "$(find /proc/$LOOKS/fd -lname 'socket:*' -printf '%l\n' | sort -u | wc -l)" 2 "$how: it talks to the two others"
    same "$(find /proc/$OPENS/fd -printf '%l\n' | grep -E 'shadow|of-the-caller|/tmp/out')" "" "$how: nor has the one that opens"
    same "$(readlink /proc/$LOOKS/fd/{0,1,2} | sort -u)" /dev/null "$how: its standard descriptors lead nowhere"
    wrong "$how: no variable of the caller's" grep -qa of-the-caller /proc/$LOOKS/environ
    # Whom it lets in: nobody of its own user, nor of another.
    for user in 60706 mallory nobody; do
        for file in environ mem maps fd/0 root cwd; do
            wrong "$how: $user reads its $file" as $user sh -c "head -c 1 /proc/$LOOKS/$file || ls /proc/$LOOKS/$file/."
        done
        wrong "$how: $user traces it" as $user /lab/bin/calls $LOOKS 39
    done
    same "$(call 39)" $LOOKS "$how: root can have it make a call"
    wrong "$how: its keys are not the caller's" test "$(call 250 0 -3 0)" = "$KEYS"
    # As whoever has taken it over.
    if [ "$switch" = no-seccomp ]; then
        same "$(call 250 0 -3 0 | grep -cE '^[0-9]+$')" 1 "$how: it has some of its own"
        same "$(call 2 /etc/taken 0x41 0644) $(call 83 /etc/taken 0755) $(call 87 /etc/passwd)" "EACCES EACCES EACCES" "$how: it makes and removes nothing"
        same "$(call 62 1 0) $(call 101 16 1) $(call 105 0) $(call 116 0 0) $(call 165 a / tmpfs)" "EPERM EPERM EPERM EPERM EPERM" "$how: no signal, no tracing, no way back, no mount"
    else
        while read -r name number args; do
            same "$(call $number $args)" ENOSYS "$how: $name"
        done <<'C'
open_by_handle_at 304 -100 0 0
name_to_handle_at 303 -100 /etc/shadow 0 0 0
execve 59 /bin/sh 0 0
execveat 322 -100 /bin/sh 0 0 0
fork 57
vfork 58
clone 56 17
clone3 435 0 88
socket 41 1 1 0
socketpair 53 1 1 0
connect 42 3 0 0
bind 49 3 0 0
kill 62 1 0
tgkill 234 1 1 0
pidfd_send_signal 424 3 0 0 0
pidfd_getfd 438 3 0 0
ptrace 101 16 1
process_vm_readv 310 1 0 0 0 0 0
process_vm_writev 311 1 0 0 0 0 0
open-for-writing 2 /etc/taken 0x41 0644
openat-for-writing 257 -100 /etc/taken 0x41 0644
openat2 437 -100 /etc/shadow 0 24
creat 85 /etc/taken 0644
unlink 87 /etc/passwd
rename 82 /etc/passwd /etc/taken
link 86 /etc/passwd /etc/taken
symlink 88 /etc/passwd /etc/taken
mkdir 83 /etc/taken 0755
mknod 133 /etc/taken 0x1000 0
chmod 90 /etc/passwd 0666
chown 92 /etc/passwd 0 0
truncate 76 /etc/passwd 0
ftruncate 77 3 0
utimensat 280 -100 /etc/passwd 0 0
setxattr 188 /etc/passwd user.x x 1 0
setuid 105 0
setresuid 117 0 0 0
setgroups 116 0 0
capset 126 0 0
prctl 157 4 1
keyctl 250 0 -3 0
add_key 248 user x x 1 -3
mount 165 a / tmpfs
unshare 272 0x10000000
setns 308 3 0
chroot 161 /
bpf 321 0 0 0
perf_event_open 298 0 0 -1 -1 0
io_uring_setup 425 1 0
userfaultfd 323 0
memfd_create 319 x 0
init_module 175 0 0 x
reboot 169 0 0 0
sethostname 170 x 1
ioctl-of-a-terminal 16 0 0x5412 x
C
    fi
    right "$how: nothing was made" test ! -e /etc/taken
    right "$how: it goes on" test -e /proc/$LOOKS
    ends
done
# What it tells the one that speaks, which is root: a report elsewhere, a terminal's commands, news without end.
begins ''
link=$(find /proc/$LOOKS/fd -lname 'socket:*' -printf '%l %f\n' | sort | awk '$1 == last { print $2; exit } { last = $1 }')
tells() { call 1 "$link" "$1" ${#1}; }
news='{"Phase":{"phase":"SoFar","summary":{"files":1,"bytes":2,"verdict":"x","code":13,"because":"\u001b[2J","trouble":"\u001b[2J","most":null},"report":"/etc/taken.json","json":null}}'
same "$(tells "$news"$'\n')" $((${#news} + 1)) "it tells of a report elsewhere"
kill -STOP $LOOKS; kill -TERM $DRAIN; rc=0; wait $DRAIN || rc=$?
same $rc 13 "the drain ends without it"
right "root has made no report there" test ! -e /etc/taken.json
wrong "nor sent commands to the terminal" grep -q $'\x1b' /tmp/out
right "the report lies where this drain keeps it" grep -q '"verdict":"gave up"' /srv/fb/reports/drain-*.json
kill $shipper; finish
