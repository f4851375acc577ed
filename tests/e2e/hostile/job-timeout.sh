. /lab/hostile/prelude.sh
# JobTimeoutSec= ends the job, not the service: systemd 252.
unit late <<U
[Unit]
JobTimeoutSec=1
OnFailure=told.service
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sleep 3
U
printf '[Service]\nType=oneshot\nExecStart=/bin/touch /run/told\n' | unit told
printf '[Unit]\nRequires=late.service\nAfter=late.service\n[Service]\nExecStart=/bin/sleep 1000\n' | unit after
begin=$SECONDS; out=$(amr start late 2>&1); code=$?
same "$code" 1 "the start fails"; right "in its time" test $((SECONDS - begin)) -lt 3
right "and says why: $out" grep -q "JobTimeoutSec=1s" <<< "$out"
right "OnFailure= is for it" until_ok 2 test -e /run/told
same "$(amr is-active late)" activating "the service goes on"
is() { [ "$(amr is-active "$1")" = "$2" ]; }
right "and comes up" until_ok 5 is late active
amr stop late
wrong "what requires it" amr start after; same "$(amr is-active after)" inactive "is left"
amr stop late
finish
