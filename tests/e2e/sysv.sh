#!/bin/bash
# The main job on a real SysV init: boot, the S links start the services, one is killed and comes back,
# reboot, the K links stop them in order with the locks that rc wants, twice in a row.
# Usage: sysv.sh insserv|numbers|rhel6 [oldkernel|nocgroup]
. "$(dirname "$0")/lib.sh"
flavour=${1:?insserv, numbers or rhel6} twist=${2:-}
[ "$twist" = nocgroup ] || export AMRBOX_OWN=1
case $flavour in rhel6) layer=rhel6 d=etc/rc.d rl=3;; *) layer=sysv d=etc rl=2;; esac
host "amr-$flavour${twist:+-$twist}-$$" $layer
amr() { box exec /usr/sbin/amr "$@"; }

family=debian; [ $flavour = rhel6 ] && family=redhat
for s in amr amr-mqtt amr-system amr-dashboard; do
    "$AMR_BIN" initd --print $s --family $family > "$r/$d/init.d/$s"; chmod 755 "$r/$d/init.d/$s"
done
case $flavour in
insserv) chroot "$r" update-rc.d amr defaults ;;
*)  ln -s ../init.d/amr "$r/$d/rc$rl.d/S95amr"
    for k in 0 6; do ln -s ../init.d/amr "$r/$d/rc$k.d/K20amr"; done ;;
esac
if [ $flavour = numbers ]; then
    touch "$r/etc/init.d/.legacy-bootordering"
    # Debian's own K01sendsigs kills every process: it must come behind
    for k in 0 6; do for s in "$r"/etc/rc$k.d/K0[1-9]*; do x=${s##*/}; mv "$s" "${s%/*}/K9${x#K0}"; done; done
fi
case $twist in
oldkernel)   # rc and all that it starts see the system call table of Linux 3.10
    gcc -O2 -static -o "$r/usr/sbin/oldkernel" "$E2E/oldkernel.c"
    sed -i "s,:/etc/\(rc.d\|init.d\)/rc ,:/usr/sbin/oldkernel 3.10 /etc/\1/rc ," "$r/etc/inittab" ;;
nocgroup)    # no hierarchy is there and none may be mounted
    sed -i "2i export AMR_FEATURES=no-cgroup" "$r/$d/rc" 2>/dev/null || sed -i "2i export AMR_FEATURES=no-cgroup" "$r/lib/init/rc" ;;
esac
up='dashboard start|mqtt start|system start|'
order='mqtt system dashboard '
down='dashboard stop|stop-all|system stop|mqtt stop|'
running() { [ "$(events | tr '|' '\n' | sort | tr '\n' '|')" = "$up" ]; }
pid_of() { amr show "amr-$1" -p MainPID | cut -d= -f2; }
# Type=simple is started once it was forked: what a service writes, and when, is its own affair. So the order
# is that in which the kernel gave out the pids; since the boot they were too few to begin anew.
begun() { for s in dashboard mqtt system; do echo "$(pid_of $s) $s"; done | sort -n | cut -d' ' -f2 | tr '\n' ' '; }
seen_twice() { [ "$(grep -c 'mqtt start' "$r/var/log/events")" = 2 ]; }
at_runlevel() { box exec runlevel 2>/dev/null | grep -q "N $rl"; }

box boot /sbin/init
until_ok 30 running || fail "boot: $(events)"
until_ok 10 at_runlevel || fail "runlevel $(box exec runlevel)"
same "$(begun)" "$order" "order of the starts"
ok "the S link started the services in order: $order"
if [ $flavour = rhel6 ]; then
    [ -f "$r/var/lock/subsys/amr" ] || fail "no lock file of amr: $(ls "$r/var/lock/subsys")"
    ok "rc's lock file stands: $(ls "$r/var/lock/subsys" | tr '\n' ' ')"
fi
for s in mqtt system dashboard; do
    pid=$(pid_of $s)
    [ "$pid" -gt 1 ] || fail "no main process of amr-$s"
    want=amr; [ $s = mqtt ] && want=mosquitto
    same "$(box exec stat -c %U "/proc/$pid")" $want "user of amr-$s"
done
ok "each runs as its own user"
rc=0; box exec setpriv --reuid 65534 --clear-groups "/$d/init.d/amr" start 2>/dev/null || rc=$?
same $rc 4 "start by somebody who is not root"
ok "who is not root gets code 4"
case $twist in
nocgroup) tracked=' session and ancestry (no cgroup)' ;;
*)        tracked=' cgroup /run/amr-supervise/cgroup/amr/amr-mqtt.service' ;;
esac
same "$(amr status amr-mqtt | sed -n 's/.*tracked by://p')" "$tracked" "how processes are told apart"
ok "tracked by:$tracked"

rc=0; out=$(box exec service amr status) || rc=$?
same $rc 0 "service amr status"; note "$out"
pid=$(pid_of mqtt)
box exec kill -9 "$pid"
until_ok 10 seen_twice || fail "killed and not seen back: $(events)"
again=$(pid_of mqtt)
[ "$again" != "$pid" ] || fail "same pid after kill -9"
ok "killed, and seen back: pid $pid, then $again"
sup=$(amr show amr-system -p SupervisorPID | cut -d= -f2); pid=$(pid_of system)
box exec kill -9 "$sup"
rc=0; box exec service amr status >/dev/null || rc=$?
same $rc 0 "status after kill -9 of a supervisor"
same "$(pid_of system)" "$pid" "main process after kill -9 of its supervisor"
ok "the supervisor of amr-system was killed; its service lives on and is known"

down_and_up() {   # COMMAND EXPECTED
    : > "$r/var/log/events"
    # shellcheck disable=SC2086
    box exec $1; w=$(box wait 90); same "$w" "$2" "$1"
    same "$(events)" "$down" "order at $2"
    ok "$2: the K link stopped them in order: $(events)"
}
down_and_up "/sbin/shutdown -r now" rebooted
mount -o remount,rw "$r"; : > "$r/var/log/events"
box boot /sbin/init
until_ok 30 running || fail "second boot: $(events)"
until_ok 10 at_runlevel || fail "second boot: runlevel $(box exec runlevel)"
same "$(begun)" "$order" "order of the starts at the second boot"
ok "second boot: $order"
down_and_up "/sbin/init 0" halted
ok "all of $flavour${twist:+ with $twist}"
