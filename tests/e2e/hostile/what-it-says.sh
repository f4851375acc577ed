. /lab/hostile/prelude.sh
# What amr says of a unit, and of what became of it: the command that failed and how, each finding once, what was
# typed, times that are not 0.
# says CODE COMMAND...: runs it and keeps what it says; what it ends with is CODE
says() { local code=$1; shift; "$@" > /tmp/said 2>&1; same $? "$code" "code of $*"; }
# line TEXT: it said just this on one line; part TEXT: it said this somewhere; once TEXT: on one line only
line() { if grep -qxF -- "$1" /tmp/said; then ok "$1"; else bad "no line '$1' in: $(cat /tmp/said)"; fi; }
part() { if grep -qF -- "$1" /tmp/said; then ok "$1"; else bad "no '$1' in: $(cat /tmp/said)"; fi; }
once() { same "$(grep -cF -- "$1" /tmp/said)" 1 "once: $1"; }

# A failure names the command, and how it ended.
unit pre <<'U'
[Unit]
Documentation=man:sleep(1) https://example.org/pre
[Service]
ExecStartPre=/bin/true
ExecStartPre=/bin/sh -c 'exit 3'
ExecStart=/bin/sleep 1000
ExecStopPost=/bin/sh -c 'exit 4'
U
says 1 amr start pre
line "amr: start: 'pre.service' failed: ExecStartPre=/bin/sh -c exit 3 exited with status 3"
says 3 amr status pre
part "/bin/true (code=exited, status=0/SUCCESS)"
part "ExecStartPre=/bin/sh -c exit 3 (code=exited, status=3)"
part "ExecStopPost=/bin/sh -c exit 4 (code=exited, status=4)"
line "    Failure: ExecStartPre=/bin/sh -c exit 3 exited with status 3"
line "       Docs: man:sleep(1)"
line "             https://example.org/pre"
if grep -q ' 0 ago' /tmp/said; then bad "0 ago: $(cat /tmp/said)"; else ok "no time is 0"; fi
part "ms ago"
script pre
says 1 service pre start
part "'pre': ExecStartPre=/bin/sh -c exit 3 exited with status 3"

printf '[Service]\nType=exec\nExecStart=/usr/bin/nowhere --flag\n' | unit gone
says 1 amr start gone
line "amr: start: 'gone.service' failed: ExecStart=/usr/bin/nowhere --flag: cannot execute '/usr/bin/nowhere': No such file or directory (status 203/EXEC)"
printf '[Service]\nExecStart=/bin/sleep 1000\nExecStartPost=/bin/sh -c "kill -USR1 $$$$"\n' | unit signalled
says 1 amr start signalled
line "amr: start: 'signalled.service' failed: ExecStartPost=/bin/sh -c kill -USR1 \$\$\$\$ was killed by SIGUSR1"
printf '[Service]\nTimeoutStartSec=300ms\nExecStartPre=/bin/sleep 1000\nExecStart=/bin/sleep 1000\n' | unit slow
says 1 amr start slow
line "amr: start: 'slow.service' failed: ExecStartPre=/bin/sleep 1000 did not finish within TimeoutStartSec="
printf '[Service]\nType=notify\nExecStart=/bin/true\n' | unit silent
says 1 amr start silent
line "amr: start: 'silent.service' failed: ExecStart=/bin/true exited with status 0, and did not do what Type= says"
printf '[Service]\nExecReload=/bin/sh -c "exit 5"\nExecStart=/bin/sleep 1000\n' | unit again
right "start" amr start again
says 1 amr reload again
line "amr: reload: 'again.service' failed: the reload failed: ExecReload=/bin/sh -c exit 5 exited with status 5"

# A stop after which a process lives on is not done, and the next start says what is in its way.
unit spared <<'U'
[Service]
SendSIGKILL=no
TimeoutStopSec=500ms
ExecStart=/bin/sh -c 'trap "" TERM; exec sleep 7602'
U
script spared
# sleeps PID: it has set its trap, and is what it then becomes
sleeps() { [ "$(cat "/proc/$1/comm")" = sleep ]; }
right "start" amr start spared; left=$(amr show -p MainPID --value spared)
right "it spares itself the signal" until_ok 5 sleeps "$left"
says 1 amr stop spared
part "'spared.service' failed: it is stopped, but of its processes these live on: "
part " $left"
says 1 amr start spared
line "amr: start: 'spared.service' failed: processes of an earlier run live on, which SendSIGKILL=no has spared"
says 3 amr status spared
part "     Active: failed (failed, resources) since "
kill -9 "$left"; right "without it, it starts" until_ok 5 amr start spared
left=$(amr show -p MainPID --value spared)
right "it spares itself the signal again" until_ok 5 sleeps "$left"
says 1 service spared stop
part "these live on"
kill -9 "$left"

# A PID file that never names a process of the service.
printf '[Service]\nType=forking\nPIDFile=/run/never.pid\nTimeoutStartSec=500ms\nExecStart=/bin/sh -c "sleep 1000 &"\n' | unit pidless
says 1 amr start pidless
line "amr: start: 'pidless.service' failed: the PID file (PIDFile=) named no process of the service within TimeoutStartSec="

# What is wrong in the files is said, each once, in whatever way a unit is started.
unit odd <<'U'
[Service]
ExecStart=/bin/sleep 1000
RestartSecs=5
U
script odd
for way in 'amr start -n' 'amr start' 'amr restart' 'amr start'; do
    says 0 $way odd
    if [ "$way" = 'amr start' ] && [ -s /tmp/started ]; then
        same "$(cat /tmp/said)" "" "nothing is started, nothing is said"
    else
        once "/etc/systemd/system/odd.service:3:1: unknown key 'RestartSecs' in section [Service], ignoring"
        once "hint: did you mean RestartSec=?"
    fi
    [ "$way" = 'amr restart' ] && echo yes > /tmp/started
done
right "stop" amr stop odd
says 0 service odd start
once "unknown key 'RestartSecs'"
right "stop" amr stop odd

# What was typed is what is named, and what it ends with is about that.
ln -s pre.service /etc/systemd/system/first.service
says 1 amr start first
line "amr: start: 'first.service' failed: ExecStartPre=/bin/sh -c exit 3 exited with status 3"
printf '#!/usr/sbin/amr initd\n# chkconfig: 2345 90 10\n# description: x\n# unit: pre.service\n' > /etc/init.d/third
chmod 755 /etc/init.d/third
says 1 service third start
part "'third': ExecStartPre="

# A run in the foreground shows what all commands write, and does not end well where the unit does not.
unit loud <<'U'
[Service]
ExecStartPre=/bin/echo before
ExecStart=/bin/echo main
ExecStopPost=/bin/echo after
U
says 0 amr run loud
same "$(tr '\n' ' ' < /tmp/said)" "before main after " "output of all"
says 1 amr run silent
line "amr: run: 'silent.service': ExecStart=/bin/true exited with status 0, and did not do what Type= says"

# reload-or-restart, try-reload-or-restart, kill.
printf '[Service]\nExecStart=/bin/sleep 1000\n' | unit plain
printf '[Service]\nExecStart=/bin/sleep 1000\nExecReload=/bin/sh -c "echo $MAINPID > /tmp/reloaded"\n' | unit again
pid() { amr show -p MainPID --value "$1"; }
says 0 amr try-reload-or-restart plain
wrong "what is down stays down" amr is-active plain
says 0 amr reload-or-restart plain
right "what is down is started" amr is-active plain
was=$(pid plain)
says 0 amr try-reload-or-restart plain
[ "$(pid plain)" != "$was" ] && ok "it cannot be reloaded: restarted" || bad "not restarted"
amr restart again; was=$(pid again)
says 0 amr reload-or-restart again
same "$(cat /tmp/reloaded)" "$was" "it can be reloaded"
same "$(pid again)" "$was" "and is the same"
says 0 amr kill --kill-whom=main --signal=USR1 again
right "it ends by the signal" until_ok 5 sh -c '[ "$(amr show -p Result --value again)" = signal ]'
same "$(amr show -p ExecMainStatus --value again)" 10 "by this one"
says 0 amr kill --kill-who main -s HUP plain
right "the older spelling" until_ok 5 sh -c '! amr is-active -q plain'

# show: how each command went, what is used, and an empty line for what is no property.
unit shown <<'U'
[Unit]
Documentation=man:sleep(1) https://example.org/doc
[Service]
User=svc
Environment=A=1 "B=two words"
LimitNOFILE=100:200
TimeoutStopSec=20
ExecStartPre=-/bin/sh -c "exit 3"
ExecStartPre=+/bin/true
ExecStart=/bin/sleep 1000
U
right "start" amr start shown
says 0 amr show shown
stamp='\[[A-Z][a-z][a-z] [-0-9]* [:0-9]* UTC\]'
# is PATTERN: it said one line like this
is() { if grep -qxE -- "$1" /tmp/said; then ok "$1"; else bad "no line like '$1' in: $(cat /tmp/said)"; fi; }
is "ExecStartPre=\{ path=/bin/sh ; argv\[\]=/bin/sh -c exit 3 ; ignore_errors=yes ; start_time=$stamp ; stop_time=$stamp ; pid=[1-9][0-9]* ; code=exited ; status=3 \}"
is "ExecStartPre=\{ path=/bin/true ; argv\[\]=/bin/true ; ignore_errors=no ; start_time=$stamp ; stop_time=$stamp ; pid=[1-9][0-9]* ; code=exited ; status=0 \}"
is "ExecStartPreEx=\{ path=/bin/true ; argv\[\]=/bin/true ; flags=privileged ; start_time=.*"
is "ExecStart=\{ path=/bin/sleep ; argv\[\]=/bin/sleep 1000 ; ignore_errors=no ; start_time=$stamp ; stop_time=\[n/a\] ; pid=$(pid shown) ; code=\(null\) ; status=0/0 \}"
is 'Environment=A=1 "B=two words"'
is 'Documentation="man:sleep\(1\)" https://example.org/doc'
is 'LimitNOFILE=200'
is 'LimitNOFILESoft=100'
is 'TimeoutStopUSec=20s'
is "UID=$(id -u svc)"
is 'CPUUsageNSec=[0-9]+'
is 'CanReload=no'
is 'UnitFileState=static'
[ "$LAB_CG" = none ] || is 'TasksCurrent=1'
if grep -q '=$' /tmp/said; then bad "empty ones are left out: $(grep '=$' /tmp/said)"; else ok "empty ones are left out"; fi
says 0 amr show -p Nope,MainPID,Result --value shown
same "$(tr '\n' ,  < /tmp/said)" "$(pid shown),success,," "what is no property is an empty line"
says 0 amr show -p Nope shown
line "Nope="
right "stop" amr stop shown

# A start that was left, since a condition or an assert was not met: status says which, and when; show as systemctl.
printf '[Unit]\nConditionPathExists=!/etc\n[Service]\nExecStart=/bin/sleep 1000\n' | unit left
printf '[Unit]\nConditionPathExists=/etc\nAssertPathExists=/nope\n[Service]\nExecStart=/bin/sleep 1000\n' | unit refused
says 0 amr show left -p ConditionResult,ConditionTimestamp
is 'ConditionResult=no'; is 'ConditionTimestamp='
says 0 amr start left
says 3 amr status left
is "  Condition: start condition failed at ${stamp:2:-2}; [0-9]+m?s ago"
line "             └─ ConditionPathExists=!/etc was not met"
says 0 amr show left
is 'ConditionResult=no'; is 'AssertResult=no'; is "ConditionTimestamp=${stamp:2:-2}"; is 'AssertTimestampMonotonic=0'
is 'ActiveState=inactive'; is 'Result=success'
says 1 amr start refused
says 3 amr status refused
is "     Assert: start assertion failed at ${stamp:2:-2}; [0-9]+m?s ago"
line "             └─ AssertPathExists=/nope was not met"
says 0 amr show refused
is 'ConditionResult=yes'; is 'AssertResult=no'; is "AssertTimestamp=${stamp:2:-2}"
says 0 amr start shown
says 0 amr show shown
is 'ConditionResult=yes'; is 'AssertResult=yes'; is 'WatchdogTimestampMonotonic=0'
printf '[Service]\nExecStart=/bin/sleep 1000\n' | unit left
right "with the condition gone it starts" amr start left
says 0 amr status left
wrong "and nothing is said of it" grep -q Condition: /tmp/said
right "stop" amr stop shown left
unit fed <<'U'
[Service]
Type=notify
NotifyAccess=all
WatchdogSec=20
ExecStart=/usr/bin/python3 -c 'import os,socket,time; s=socket.socket(socket.AF_UNIX,socket.SOCK_DGRAM); s.connect(os.environ["NOTIFY_SOCKET"]); s.send(b"READY=1"); time.sleep(2); s.send(b"WATCHDOG=1"); time.sleep(1000)'
U
right "start" amr start fed
fed() { amr show -p WatchdogTimestampMonotonic --value fed; }
first=$(fed); right "the watchdog watches since the start: $first" test "$first" -gt 0
right "and was fed later" until_ok 9 eval '[ "$(fed)" -gt $((first + 1500000)) ]'
right "stop" amr stop fed

# list-unit-files and is-enabled in systemctl's words.
printf '[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n' | unit some
printf '[Service]\nExecStart=/bin/true\n[Install]\nAlso=some.service\n' | unit with
mkdir -p /run/systemd/generator.late
printf '[Service]\nExecStart=/bin/true\n' > /run/systemd/generator.late/made.service
ln -s /dev/null /etc/systemd/system/never.service; ln -s /dev/null /run/systemd/generator.late/notnow.service
amr list-unit-files --no-legend | awk '{print $1, $2}' > /tmp/said
for state in 'some.service disabled' 'with.service indirect' 'made.service generated' 'never.service masked' \
    'notnow.service masked-runtime' 'first.service alias' 'pre.service indirect' 'again.service static'; do line "$state"; done
for state in 'some disabled 1' 'with indirect 0' 'made generated 0' 'never masked 1' 'first alias 0' 'pre indirect 0' 'again static 0'; do
    set -- $state
    says "$3" amr is-enabled "$1"
    line "$2"
done

# logs -b: what was written since this boot, by marks and not by clocks.
boot() { echo "$1-0000-4000-8000-000000000000" > /lab/boot; }
boot 11111111; mount --bind /lab/boot /proc/sys/kernel/random/boot_id || bad "no boot id of our own"
printf '[Service]\nType=oneshot\nExecStart=/bin/echo one\n' | unit talks
right "start" amr start talks
same "$(amr logs -b talks | cut -d' ' -f2-)" one "a log that this boot began is all of this boot"
boot 22222222
same "$(amr logs -b talks)" "" "nothing was started in this boot"
printf '[Service]\nType=oneshot\nExecStart=/bin/true\n' | unit talks
right "start" amr start talks
same "$(amr logs -b talks)" "" "what was started wrote nothing"
printf '[Service]\nType=oneshot\nExecStart=/bin/echo two\n' | unit talks
right "start" amr start talks
right "start again" amr start talks
same "$(amr logs -b talks | cut -d' ' -f2- | tr '\n' ' ')" "two two " "what this boot wrote"
same "$(amr logs talks | grep -c 'here begins boot')" 1 "one mark a boot"
same "$(amr logs talks | grep -cE ' (one|two)$')" 3 "all of it without -b"
umount /proc/sys/kernel/random/boot_id
finish
