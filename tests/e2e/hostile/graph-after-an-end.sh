. /lab/hostile/prelude.sh
# What an end brings about, whoever brought it about: StopWhenUnneeded=, Upholds=, OnSuccess=, OnFailure=, BindsTo=.
sleeper() { unit "$1" <<U
[Unit]
${2:-}
[Service]
ExecStart=/bin/sleep 1000
U
}
note() { unit "$1" <<U
[Service]
Type=oneshot
ExecStart=/bin/sh -c 'echo \$\$MONITOR_UNIT \$\$MONITOR_SERVICE_RESULT \$\$MONITOR_EXIT_CODE \$\$MONITOR_EXIT_STATUS >> /run/noted.$1'
U
}
is() { [ "$(amr is-active "$1")" = "$2" ]; }
noted() { cat "/run/noted.$1" 2>/dev/null; }

sleeper tool StopWhenUnneeded=yes; sleeper user1 Requires=tool.service; sleeper user2 Wants=tool.service
right "two who need it" amr start user1 user2
amr stop user1; sleep 0.5; right "one is left: the tool stays" is tool active
amr stop user2; right "nobody needs it: it stops" until_ok 5 is tool inactive
amr start user1; amr restart user1; sleep 0.5; right "a restart of who needs it is no stop" is tool active
amr kill --signal KILL user1; right "who needs it has died" until_ok 5 is tool inactive
printf '[Unit]\nWants=tool.service\n' | unit tools.target
right "a target that needs it" amr start tools.target; right "is up with it" is tool active
amr stop tools.target; right "and takes it down" until_ok 5 is tool inactive

sleeper low; sleeper boss Upholds=low.service
right "an upholder" amr start boss
right "stopped by hand" amr stop low; right "it comes again" until_ok 5 is low active
right "both are stopped" amr stop low boss; sleep 0.5; right "and stay down" is low inactive
sleeper low After=boss.service; right "again" amr start boss
right "in order, the upheld one first" amr stop boss low; sleep 0.5; right "down it stays" is low inactive
sleeper low; printf '[Service]\nExecStart=/bin/false\n' | unit low
amr start boss; sleep 3; same "$(amr show low -p NRestarts --value) $(amr is-active low)" "0 failed" "one that always fails is not tried for ever"
right "and nobody is at it any more" until_ok 10 sh -c '! pgrep -f "^amr reaction"'
amr stop boss; amr reset-failed

note ok; note bad
sleeper main $'OnSuccess=ok.service\nOnFailure=bad.service'
amr start main; amr stop main
right "OnSuccess= after a stop by hand" until_ok 5 test -s /run/noted.ok
same "$(noted ok)" "main.service success killed TERM" "with what is told of the end"
rm -f /run/noted.*
amr stop main; sleep 0.5; wrong "one that is down does not end again" test -e /run/noted.ok
unit main <<U
[Unit]
OnSuccess=ok.service
OnFailure=bad.service
[Service]
ExecStart=/bin/sh -c 'exit 5'
U
amr start main; right "OnFailure=" until_ok 5 test -s /run/noted.bad
same "$(noted bad)" "main.service exit-code exited 5" "MONITOR_ variables"
wrong "and not OnSuccess=" test -e /run/noted.ok
rm -f /run/noted.*
unit main <<U
[Unit]
OnFailure=bad.service
[Service]
ExecStart=/bin/sleep 1000
ExecStop=/bin/sh -c 'kill -SEGV \$\$MAINPID; sleep 0.3'
U
amr start main; amr stop main; right "a stop that fails is a failure" until_ok 5 test -s /run/noted.bad
rm -f /run/noted.*
printf '[Service]\nType=oneshot\nExecStart=/bin/false\n' | unit broken
sleeper main $'OnFailure=bad.service\nRequires=broken.service\nAfter=broken.service'
wrong "what it requires fails" amr start main; right "which is a failure of its job" until_ok 5 test -e /run/noted.bad
rm -f /run/noted.*; note other-bad

# Somebody else names the same unit: nobody is told whose end it was.
unit main <<U
[Unit]
OnFailure=bad.service
[Service]
ExecStart=/bin/sh -c 'exit 5'
U
sleeper main2 OnFailure=bad.service; amr start main2; amr start main
right "two name it" until_ok 5 test -s /run/noted.bad; same "$(noted bad)" "" "and it is told of neither"
amr stop main2

# The one that it is bound to came first, and knew of nobody.
sleeper db; right "start" amr start db
sleeper app $'BindsTo=db.service\nAfter=db.service'; right "bound later" amr start app
amr kill --signal KILL db; right "and stopped with it" until_ok 5 is app inactive
sleeper db; amr start db; printf '[Unit]\nBindsTo=db.service\nAfter=db.service\n' | unit bound.target
amr start bound.target; amr kill --signal KILL db; right "so is a target" until_ok 5 is bound.target inactive
finish
