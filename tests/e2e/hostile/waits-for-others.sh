. /lab/hostile/prelude.sh
# A job waits for what another command is doing, or has yet to do, with a unit that comes before it: from the moment at
# which that command has returned.
printf '[Unit]\nStartLimitIntervalSec=0\n[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/sleep 1.5\n' | unit a
printf '[Unit]\nStartLimitIntervalSec=0\nAfter=a.service\n[Service]\nExecStart=/bin/sleep 1000\n' | unit b
activating() { [ "$(amr show -p ActiveState --value a)" = activating ]; }
for turn in 1 2 3 4 5; do
    amr start --no-block a
    right "$turn: start b" amr start b
    same "$(amr is-active a)" active "$turn: a was up before b was started"
    right "$turn: stop b" amr stop b
    right "$turn: stop a" amr stop a
done
amr start --no-block a; until_ok 5 activating
right "without dependencies it does not wait" amr start --ignore-dependencies b
same "$(amr show -p ActiveState --value a)" activating "a is still on its way"
right "stop both" amr stop a b
amr start --no-block a
amr start --timeout 200ms b > /tmp/said 2>&1
same $? 1 "a wait has its limit"
right "and says for whom" grep -q "job of 'a.service' goes on" /tmp/said
wrong "b was not started" amr is-active b
right "stop" amr stop a b
# What waits in another command's transaction has a job, too.
printf '[Unit]\nStartLimitIntervalSec=0\nRequires=a.service\nAfter=a.service\n[Service]\nExecStart=/bin/sleep 1000\n' | unit b
printf '[Unit]\nStartLimitIntervalSec=0\nAfter=b.service\n[Service]\nExecStart=/bin/sleep 1000\n' | unit c
up() { amr show -p ActiveEnterTimestampMonotonic --value "$1"; }
for how in --no-block blocking; do
    if [ $how = --no-block ]; then amr start --no-block b
    else amr start b & until_ok 5 activating; until_ok 5 sh -c 'ls /run/amr-supervise/b.service/job.*'; fi
    right "$how: start c" amr start c
    same "$(amr is-active b)" active "$how: b was up before c was started"
    right "$how: in this order" test "$(up a)" -lt "$(up b)" -a "$(up b)" -le "$(up c)"
    wait; right "$how: nothing is left of it" until_ok 5 sh -c '! ls /run/amr-supervise/*/job.*'
    right "$how: stop" amr stop a b c
done
# Two that would wait for one another: what was asked for first comes first.
printf '[Unit]\nStartLimitIntervalSec=0\nAfter=c.service\n[Service]\nExecStart=/bin/sleep 1000\n' | unit d
printf '[Unit]\nStartLimitIntervalSec=0\nRequires=a.service\nAfter=a.service d.service\n[Service]\nExecStart=/bin/sleep 1000\n' | unit c
amr start --no-block c; right "no two wait for one another" timeout 30 amr start d
right "both are up" until_ok 9 amr is-active c
right "stop" amr stop c; right "and the other" amr stop d; right "and a" amr stop a
# A command that was killed has no jobs any more.
amr start b & command=$!; until_ok 5 activating; until_ok 5 sh -c 'ls /run/amr-supervise/b.service/job.*'
kill -9 $command; wait $command 2>/dev/null
printf '[Unit]\nStartLimitIntervalSec=0\nAfter=b.service\n[Service]\nExecStart=/bin/sleep 1000\n' | unit c
right "of a killed one nobody waits for anything" timeout 1 amr start c
wrong "b is down" amr is-active b
wrong "and its note is gone" sh -c 'ls /run/amr-supervise/b.service/job.*'
right "stop" amr stop a c
finish
