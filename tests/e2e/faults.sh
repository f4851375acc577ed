#!/bin/bash
# What an operator runs into at the init door of a SysV host: each has LSB's code, words and a sane end.
# Usage: faults.sh [nocgroup]
. "$(dirname "$0")/lib.sh"
[ "${1:-}" = nocgroup ] || export AMRBOX_OWN=1
host "amr-faults-$$" sysv
[ "${1:-}" != nocgroup ] || fallback=AMR_FEATURES=no-cgroup,no-pidfd
amr() { box exec env "${fallback:-A=}" /usr/sbin/amr "$@"; }
unit() { printf '%s\n' "${@:2}" > "$r/etc/systemd/system/$1.service"; }
script() {
    "$AMR_BIN" initd --print amr-mqtt --family debian | sed "s/amr-mqtt/$1/g" > "$r/etc/init.d/$1"; chmod 755 "$r/etc/init.d/$1"
}
# door NAME VERB CODE: what it says, in $out
door() {
    local rc=0
    out=$(box exec env "${fallback:-A=}" "/etc/init.d/$1" "$2" 2>&1) || rc=$?
    [ $rc = "$3" ] || fail "/etc/init.d/$1 $2: code $rc, wanted $3: $out"
}
says() { case $out in *"$1"*) ;; *) fail "it does not say '$1': $out";; esac; }
main() { amr show "$1" -p MainPID --value; }
lives() { box exec kill -0 "$1" 2>/dev/null; }
dead() { ! lives "$1"; }
gone() { ! box exec pgrep -f 'sleep 1001'; }
active() { [ "$(amr is-active "$1")" = "$2" ]; }
for s in broken nobin nouser nodir stubborn app early late private; do script $s; done
box boot /sbin/init
at_runlevel() { box exec runlevel 2>/dev/null | grep -q 'N 2'; }
until_ok 30 at_runlevel || fail "no runlevel 2"

unit broken '[Unit]' 'Description=Broken' '[Service]' 'Type=simpel' 'ExecStart=relative/path'
door broken start 6; says '/etc/systemd/system/broken.service:5:'; says 'ExecStart=relative/path'; says '^'
active broken inactive || fail "broken was started"
ok "a unit that cannot be used: file, line, column, caret, code 6"
unit nobin '[Service]' 'ExecStart=/usr/bin/missing'
door nobin start 5; says '/usr/bin/missing'
unit nouser '[Service]' 'User=nosuchuser' 'ExecStart=/bin/sleep 1000'
door nouser start 1; says 'nosuchuser'
unit nodir '[Service]' 'Type=exec' 'WorkingDirectory=/no/such/dir' 'ExecStart=/bin/sleep 1000'
door nodir start 1; says 'working directory'
ok "a missing binary, user or folder is named"
unit early '[Service]' 'Type=notify' 'NotifyAccess=all' 'ExecStart=/bin/sh -c "exit 3"'
door early start 1; says 'early'; door early status 3
ok "one that exits before it is ready"

unit app '[Service]' 'ExecStart=/bin/sleep 1000' 'ExecStop=/bin/true'
rc=0; out=$(box exec setpriv --reuid=65534 --clear-groups /etc/init.d/app start 2>&1) || rc=$?
same $rc 4 "start as an ordinary user: $out"
door app start 0
rc=0; out=$(box exec setpriv --reuid=65534 --clear-groups /etc/init.d/app status 2>&1) || rc=$?
same $rc 0 "status as an ordinary user: $out"
ok "who is not root may ask and not start"
pid=$(main app)
door app start 0; same "$(main app)" "$pid" "main process after a second start"
sup=$(amr show app -p SupervisorPID --value)
# Of a service that does not tell when it is up it comes ten seconds after the start.
until_ok 20 box exec test -e /run/app.pid || fail "no /run/app.pid"
box exec kill -9 "$sup" "$pid"
until_ok 10 dead "$pid" || fail "pid $pid lives"
door app status 1
ok "supervisor and service both killed: dead, and said so"
# a process of somebody else has the number that a stale PID file and record name
box exec sh -c 'sleep 1000 >/dev/null 2>&1 & echo $!' > "$r/tmp-pid"; other=$(cat "$r/tmp-pid")
box exec sh -c "echo $other > /run/app.pid; sed -i 's/\"pid\":$pid,/\"pid\":$other,/g' /run/amr-supervise/app.service/status"
box exec grep -q "\"pid\":$other," /run/amr-supervise/app.service/status || fail "the record names no stranger"
door app stop 0; lives "$other" || fail "a stranger was signalled"
door app start 0; door app stop 0; lives "$other" || fail "a stranger was signalled"
ok "a stale PID file or record never gets a stranger signalled"

unit stubborn '[Service]' 'TimeoutStopSec=1' 'KillMode=mixed' \
    "ExecStart=/bin/sh -c 'trap \"\" TERM; setsid sleep 1001 & while :; do sleep 0.1; done'"
door stubborn start 0; pid=$(main stubborn)
box exec /etc/init.d/stubborn stop & first=$!
until_ok 5 active stubborn deactivating || fail "no stop under way"
door stubborn stop 0; wait $first || fail "the first stop"
dead "$pid" || fail "$pid lives"; until_ok 5 gone || fail "what it forked away lives"
door stubborn status 3
ok "one that ignores TERM is killed after its time; the second stop joined the first"

unit late '[Service]' 'Type=oneshot' 'RemainAfterExit=yes' 'ExecStart=/bin/sh -c "sleep 1; echo done >> /root/late"' \
    'ExecStop=/bin/sh -c "sleep 1; echo undone >> /root/late"'
for verb in start stop; do
    box exec sh -c "/etc/init.d/late $verb >/dev/null 2>&1 & echo \$!" > "$r/tmp-pid"; caller=$(cat "$r/tmp-pid")
    want=activating; [ $verb = start ] || want=deactivating
    until_ok 5 active late $want || fail "late is not $want"
    box exec kill -9 "$caller"
    want=active; [ $verb = start ] || want=inactive
    until_ok 5 active late $want || fail "$verb did not go on without its caller: $(amr is-active late)"
done
same "$(tr '\n' ' ' < "$r/root/late")" "done undone " "what was done without a caller"
ok "a start and a stop go on when their caller is killed"

unit private '[Service]' 'Type=oneshot' 'RemainAfterExit=yes' 'User=nobody' 'PrivateTmp=yes' \
    'ExecStart=/bin/touch /tmp/mine /var/tmp/mine' 'ExecStop=/bin/rm /tmp/mine /var/tmp/mine'
folders() { box exec sh -c 'stat -c "%a %U" /tmp/amr-private-* /var/tmp/amr-private-* 2>/dev/null' | tr '\n' '|'; }
box exec touch /tmp/theirs
door private start 0
! box exec test -e /tmp/mine || fail "PrivateTmp=: the file is in the host's /tmp"
same "$(folders)" "700 root|700 root|" "what PrivateTmp= makes"
door private stop 0; active private inactive || fail "ExecStop= did not see what ExecStart= left: $(amr is-active private)"
same "$(folders)" "" "what PrivateTmp= leaves"
box exec test -e /tmp/theirs || fail "the host's /tmp was touched"
fallback=AMR_FEATURES=no-mount-namespace
door private start 0; box exec test -e /tmp/mine || fail "PrivateTmp= was applied after all"
amr status private > "$r/tmp-out" || fail "status of private"
grep -q 'PrivateTmp= needs a mount namespace' "$r/tmp-out" || fail "it is not said: $(cat "$r/tmp-out")"
door private stop 0
ok "PrivateTmp=: a run's own folders, gone with it; where there can be none, that is said"
box kill; box wait 20 >/dev/null
ok "all of faults${1:+ with $1}"
