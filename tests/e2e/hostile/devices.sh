. /lab/hostile/prelude.sh
# Which device nodes a service can open, seen from inside: by a program that the kernel asks, where there is only the unified
# hierarchy, and by the devices controller of v1.
own=devices$RANDOM$RANDOM
log=/tmp/$own; G=/sys/fs/cgroup
cat > /tmp/try << 'T'
#!/bin/bash
# What can be opened and made: a word for each.
for node in null zero full urandom kmsg; do { : < /dev/$node; } 2>/dev/null && echo -n "$node "; done
{ : > /dev/kmsg; } 2>/dev/null && echo -n "kmsg-written "
mknod /tmp/node.$$ c 1 3 2>/dev/null && echo -n "mknod-null "; rm -f /tmp/node.$$
mknod /tmp/node.$$ c 1 11 2>/dev/null && echo -n "mknod-kmsg "; rm -f /tmp/node.$$
echo
T
chmod 755 /tmp/try
all="null zero full urandom kmsg kmsg-written mknod-null mknod-kmsg "
run() { # NAME: the unit's lines are in stdin; prints what its process could do
    { printf '[Service]\nType=oneshot\n'; cat; printf 'ExecStart=/bin/bash -c "/tmp/try > %s"\n' "$log"; } | unit "$own-$1"
    rm -f "$log"; amr start "$own-$1" >/tmp/start.$1 2>&1; cat "$log" 2>/dev/null
}
# The lab shows /dev/null in the place of the kernel's log.
umount /dev/kmsg 2>/dev/null; [ "$(stat -c %t:%T /dev/kmsg)" = 1:b ] || bad "no /dev/kmsg to try"
look() {
    same "$(run open < /dev/null)" "$all" "$1: without a line everything"
    same "$(run closed <<< DevicePolicy=closed)" "null zero full urandom mknod-null " "$1: closed leaves what is harmless"
    same "$(run strict <<< DevicePolicy=strict)" "" "$1: strict leaves nothing, /dev/null not even for the log"
    same "$(run one <<< $'DevicePolicy=strict\nDeviceAllow=/dev/zero rw\nDeviceAllow=/dev/null w')" "zero " "$1: but what is named"
    same "$(run read <<< $'DeviceAllow=/dev/kmsg r')" "null zero full urandom kmsg mknod-null " "$1: a name closes the others; r is not w, nor m"
    same "$(run group <<< $'DevicePolicy=strict\nDeviceAllow=char-mem rwm')" "$all" "$1: a group of /proc/devices"
    same "$(run gone <<< $'DevicePolicy=closed\nDeviceAllow=/dev/nothing r')" "null zero full urandom mknod-null " "$1: a node that is not there"
    right "$1: is said" grep -q "DeviceAllow=/dev/nothing r is not applied: .*No such file" <<< "$(amr status "$own-gone")"
    wrong "$1: nothing else is" grep -q "not applied" <<< "$(amr status "$own-closed" "$own-strict" "$own-group")"
}
can_bpf() { run probe <<< DevicePolicy=closed >/dev/null; ! amr status "$own-probe" | grep -q 'DevicePolicy=closed is not applied'; }
if mountpoint -q $G && [ -e $G/cgroup.controllers ]; then
    if can_bpf; then look "unified"
    else echo "# $(amr status "$own-probe" | grep -F 'is not applied')"; right "what cannot be had is said, and the unit runs" test -s "$log"; fi
fi
if grep -qP '^devices\t[1-9]' /proc/cgroups; then
    mkdir -p $G/devices && mount -t cgroup -o devices devices $G/devices && trap 'find $G -depth -path "*/amr/*" -name "devices*" -type d -exec rmdir {} + 2>/dev/null' EXIT
    look "v1"
fi
finish
