. /lab/hostile/prelude.sh
# What systemd has of services since 253 and none of 252 knows: Type=notify-reload with ReloadSignal=, RestartMode=.
cat > /usr/local/bin/reloads <<'S'
#!/usr/bin/python3
# reloads HOW: what it answers to a signal. `stamped`, `once` (all in one message), `stale`, `bare`, `never`
import os, signal, socket, sys, time
how = sys.argv[1]; s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.connect(os.environ['NOTIFY_SOCKET'])
say = lambda text: s.send(text.encode())
def reload(number, _):
    open('/tmp/heard', 'a').write('%d\n' % number); now = 'MONOTONIC_USEC=%d' % (time.clock_gettime(time.CLOCK_MONOTONIC) * 1000000)
    if how == 'stamped': say('RELOADING=1\n' + now); time.sleep(0.7); say('READY=1')
    if how == 'once': say('READY=1\nRELOADING=1\n' + now)
    if how == 'stale': say('RELOADING=1\nMONOTONIC_USEC=1'); say('READY=1')
    if how == 'bare': say('RELOADING=1'); say('READY=1')
for number in (signal.SIGHUP, signal.SIGUSR1): signal.signal(number, reload)
say('READY=1')
while True: time.sleep(1000)
S
chmod 755 /usr/local/bin/reloads
# reload HOW LINE...: the code of a reload, and for how many tenths of a second it waited
reload() { local how=$1; shift; rm -f /tmp/heard
    { printf '[Unit]\nStartLimitIntervalSec=0\n[Service]\nType=notify-reload\nTimeoutStartSec=2\nExecStart=/usr/local/bin/reloads %s\n' "$how"; [ $# = 0 ] || printf '%s\n' "$@"; } | unit again
    amr start again >/dev/null 2>&1 || { echo no start; return; }
    local begun=${EPOCHREALTIME/./} rc=0; amr reload again > /tmp/said 2>&1 || rc=$?
    local took=$(( (${EPOCHREALTIME/./} - begun) / 1000 )); echo "$rc $(( took < 500 ? 0 : took < 1800 ? 1 : 2 )) $(tr '\n' ' ' < /tmp/heard 2>/dev/null)$(amr show again -p ActiveState -p ReloadResult | cut -d= -f2 | tr '\n' ' ')"
    amr stop again; }
same "$(reload stamped)" "0 1 1 success active " "a reload ends with READY=1"
same "$(reload once)" "0 0 1 success active " "both at once"
same "$(reload stale)" "1 2 1 timeout active " "what was said before the signal answers nothing"
same "$(reload bare)" "1 2 1 timeout active " "nor does what does not say when"
same "$(reload never)" "1 2 1 timeout active " "nor silence"
same "$(reload stamped ReloadSignal=SIGUSR1)" "0 1 10 success active " "ReloadSignal="
same "$(reload stamped 'ExecReload=/bin/sh -c "echo command >> /tmp/heard; sleep 0.2"')" "0 1 1 command success active " "and a command"
same "$(amr show again -p Type -p NotifyAccess -p CanReload -p ReloadSignal | sort | tr '\n' ' ')" "CanReload=yes NotifyAccess=main ReloadSignal=1 Type=notify-reload " "show"
# An automatic restart of which nobody hears.
unit bound <<'U'
[Unit]
BindsTo=base.service
After=base.service
[Service]
ExecStart=/bin/sleep 1000
U
unit base <<'U'
[Service]
ExecStart=/bin/sleep 1000
Restart=always
RestartSec=300ms
RestartMode=direct
U
pid() { amr show "$1" -p MainPID | cut -d= -f2; }
right "start" amr start bound
before=$(pid bound) base=$(pid base); kill -9 "$base"
moved() { [ "$(pid base)" != "$base" ] && [ "$(pid base)" != 0 ] && amr is-active base; }
right "it is restarted" until_ok 10 moved
sleep 0.5; same "$(pid bound)" "$before" "who is bound to it runs on"
right "stop" amr stop base
finish
