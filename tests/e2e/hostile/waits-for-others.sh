. /lab/hostile/prelude.sh
# A job waits for what another command is doing with a unit that comes before it.
printf '[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/sleep 1.5\n' | unit a
printf '[Unit]\nAfter=a.service\n[Service]\nExecStart=/bin/sleep 1000\n' | unit b
amr start --no-block a
until_ok 5 sh -c '[ "$(amr show -p ActiveState --value a)" = activating ]'
right "start b" amr start b
same "$(amr is-active a)" active "a was up before b was started"
right "stop b" amr stop b
right "stop a" amr stop a
amr start --no-block a
until_ok 5 sh -c '[ "$(amr show -p ActiveState --value a)" = activating ]'
right "without dependencies it does not wait" amr start --ignore-dependencies b
same "$(amr show -p ActiveState --value a)" activating "a is still on its way"
right "stop both" amr stop a b
amr start --no-block a
until_ok 5 sh -c '[ "$(amr show -p ActiveState --value a)" = activating ]'
amr start --timeout 200ms b > /tmp/said 2>&1
same $? 1 "a wait has its limit"
right "and says for whom" grep -q "since 'a.service' is on its way" /tmp/said
wrong "b was not started" amr is-active b
right "stop" amr stop a b
finish
