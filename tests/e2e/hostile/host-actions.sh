. /lab/hostile/prelude.sh
# FailureAction= and its kin: the host's own reboot and poweroff are called, by root's exec and no shell, once, when
# the unit's end says so. Stand-ins take their place; nothing goes on before they are there.
for name in reboot poweroff; do
    for folder in /sbin /usr/sbin /usr/bin; do rm -f "$folder/$name"; done
    printf '#!/bin/sh\necho "%s $* uid=$(id -u) in $(pwd)" >> /tmp/host\n' $name > /sbin/$name; chmod 755 /sbin/$name
done
for name in reboot poweroff; do
    grep -q /tmp/host "/sbin/$name" || { bad "no stand-in for $name"; finish; }
done
# host LINE: it is all that was asked of the host, in whatever order, and now forgotten
host() { until_ok 3 test -s /tmp/host; sleep 0.2; same "$(sort /tmp/host 2>/dev/null)" "$1" "asked of the host: ${1:-nothing}"; rm -f /tmp/host; }
none() { sleep 0.5; same "$(cat /tmp/host 2>/dev/null)" "" "$1"; }

printf '[Unit]\nFailureAction=reboot\nSuccessAction=poweroff\n[Service]\nExecStart=/bin/sh -c "exit 3"\n' | unit fails
right "start" amr start fails
host "reboot  uid=0 in /"
amr start fails
host "reboot  uid=0 in /"
printf '[Unit]\nFailureAction=reboot\nSuccessAction=poweroff-force\n[Service]\nExecStart=/bin/true\n' | unit ends
right "start" amr start ends
host "poweroff -f uid=0 in /"
printf '[Service]\nFailureAction=exit\nExecStart=/bin/sh -c "sleep 0.3; exit 3"\nRestart=on-failure\nRestartSec=100ms\n[Unit]\nStartLimitBurst=2\nStartLimitAction=reboot-immediate\n' | unit again
right "start" amr start again
until_ok 5 sh -c '[ "$(wc -l < /tmp/host)" = 2 ]'
host "poweroff  uid=0 in /
reboot -f uid=0 in /"
wrong "it is refused again" amr start again
host "reboot -f uid=0 in /"
amr reset-failed again
printf '[Unit]\nSuccessAction=none\n[Service]\nExecStart=/bin/true\n' | unit quiet
right "start" amr start quiet
none "none is nothing"
printf '[Unit]\nJobTimeoutSec=500ms\nJobTimeoutAction=poweroff\n[Service]\nType=oneshot\nExecStart=/bin/sleep 2\n' | unit late
wrong "its job takes too long" amr start late
host "poweroff  uid=0 in /"
right "stop" amr stop late

# Where it cannot be: said, and nothing else changes.
printf '[Unit]\nFailureAction=soft-reboot\nRebootArgument=x\n[Service]\nExecStart=/bin/sh -c "exit 3"\n' | unit newer
amr start newer > /tmp/said 2>&1
right "what 252 does not know is no value" grep -q "soft-reboot" /tmp/said
right "and an argument is not passed on" grep -q "RebootArgument=" <<< "$(amr status newer)"
none "so nothing is asked"
# A program that fails, by the supervisor and by the command whose job took too long.
for name in reboot poweroff; do printf '#!/bin/sh\nsleep 0.3\necho called >> /tmp/host\nexit 3\n' > /sbin/$name; done
printf '[Unit]\nFailureAction=reboot\n[Service]\nExecStart=/bin/sh -c "exit 3"\n' | unit fails
amr start fails; host called
right "it is said that it failed" until_ok 3 sh -c 'amr status fails | grep -q "reboot of the host: its program exited, status=3"'
printf '[Unit]\nJobTimeoutSec=500ms\nJobTimeoutAction=poweroff\n[Service]\nType=oneshot\nExecStart=/bin/sleep 2\n' | unit late
amr start late > /tmp/said 2>&1; host called
right "the command says so as well" grep -q "'late.service': poweroff of the host: its program exited, status=3" /tmp/said
amr stop late
# Nothing while the host goes down.
[ -s /run/runlevel ] && cp /run/runlevel /tmp/level
echo N 6 > /run/runlevel
amr start late > /tmp/said 2>&1; none "no job's action in runlevel 6"
amr start fails; none "and none of a failure"
rm /run/runlevel; [ ! -e /tmp/level ] || cp /tmp/level /run/runlevel
amr stop late
rm -f /sbin/reboot /usr/sbin/reboot
printf '[Unit]\nFailureAction=reboot\n[Service]\nExecStart=/bin/sh -c "exit 3"\n' | unit fails
amr start fails; until_ok 3 sh -c '! amr is-active -q fails'; sleep 0.3
right "a host without the program" grep -q "reboot of the host: cannot run 'reboot': this host has no such program" <<< "$(amr status fails)"
finish
