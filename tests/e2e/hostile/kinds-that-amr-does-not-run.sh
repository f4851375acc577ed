. /lab/hostile/prelude.sh
# A unit that amr cannot start is never said to be started; targets are what was started.
printf '[Timer]\nOnCalendar=daily\n' | unit tm.timer
printf '[Service]\nType=oneshot\nExecStart=/bin/true\n' | unit tm
printf '[Socket]\nListenStream=/run/so\n' | unit so.socket
printf '[Path]\nPathExists=/nowhere\n' | unit pa.path
printf '[Mount]\nWhat=tmpfs\nWhere=/not/there\n' | unit not-there.mount
for name in tm.timer so.socket pa.path not-there.mount; do
    for verb in start restart; do
        amr $verb $name > /tmp/said 2>&1
        same $? 3 "$verb $name"
        right "$verb $name says why" grep -q "is a .${name##*.} unit, which amr cannot start" /tmp/said
    done
    wrong "is-active $name" amr is-active $name
    right "it is down, as stop says" amr stop $name
done
printf '[Unit]\nWants=so.socket\n[Service]\nExecStart=/bin/sleep 1000\n' | unit wants
amr start wants > /tmp/said 2>&1; same $? 0 "a socket that is only wanted is left out"
right "and named" grep -q "so.socket' is a .socket unit" /tmp/said
printf '[Unit]\nRequires=so.socket\n[Service]\nExecStart=/bin/sleep 1000\n' | unit requires
wrong "one that is required is not" amr start requires
wrong "and nothing was started" amr is-active requires
mkdir -p /mounted; mount -t tmpfs t /mounted
printf '[Mount]\nWhat=t\nWhere=/mounted\n' | unit mounted.mount
printf '[Unit]\nRequires=mounted.mount\nAfter=mounted.mount\n[Service]\nExecStart=/bin/sleep 1000\n' | unit onit
right "what is mounted is up" amr start onit
wrong "and is not unmounted" amr stop mounted.mount
printf '[Unit]\nWants=wants.service\n' | unit all.target
wrong "a target is down" amr is-active all.target
right "start a target" amr start all.target
right "a target is what was started" amr is-active all.target
right "stop it" amr stop all.target
wrong "and it is down" amr is-active all.target
right "stop" amr stop wants onit
finish
