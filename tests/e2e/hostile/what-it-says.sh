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
line "amr: start: 'slow.service' failed: ExecStartPre=/bin/sleep 1000 was not done within TimeoutStartSec="
printf '[Service]\nType=notify\nExecStart=/bin/true\n' | unit silent
says 1 amr start silent
line "amr: start: 'silent.service' failed: ExecStart=/bin/true exited with status 0, and did not do what Type= says"
printf '[Service]\nExecReload=/bin/sh -c "exit 5"\nExecStart=/bin/sleep 1000\n' | unit again
right "start" amr start again
says 1 amr reload again
line "amr: reload: 'again.service' failed: the reload failed: ExecReload=/bin/sh -c exit 5 exited with status 5"

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
finish
