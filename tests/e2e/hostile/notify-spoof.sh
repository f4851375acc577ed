. /lab/hostile/prelude.sh
# READY= and MAINPID= of another user, of the service's own user outside, of root outside; of the service by NotifyAccess=.
sleep 7777 & VICTIM=$!
for user in svc root; do for access in main exec all none; do
    rm -f /tmp/address
    printf '%s\n' '[Unit]' StartLimitIntervalSec=0 '[Service]' Type=simple NotifyAccess=$access User=$user \
        "ExecStart=/bin/sh -c 'echo \$\$NOTIFY_SOCKET > /tmp/address; sleep 0.7; [ -z \"\$\$NOTIFY_SOCKET\" ] || /lab/bin/notify say \$\$NOTIFY_SOCKET MAINPID=$VICTIM@STATUS=child; exec sleep 1000'" | unit web
    right "$user $access: start" amr start web || amr status web
    until_ok 5 test -s /tmp/address; address=$(cat /tmp/address)
    if [ $access = none ]; then
        same "$address" "" "$user none: no socket is told"
        same "$(find /run/amr-supervise/web.service/notify.d -type s)" "" "$user none: there is none"
    elif [ $user = svc ]; then
        same "$(stat -c %U:%a "$address")" svc:600 "svc $access: the socket is the user's"
        wrong "svc $access: another user cannot send" as mallory /lab/bin/notify say "$address" STATUS=mallory
    else
        wrong "root $access: the name cannot be listed" as mallory ls /run/amr-supervise/web.service/notify.d
        wrong "root $access: nor seen elsewhere" as mallory grep -q "${address##*/}" /proc/net/unix
        as victim /lab/bin/notify say "$address" "MAINPID=$VICTIM@STATUS=victim"
    fi
    [ -z "$address" ] || { as svc /lab/bin/notify say "$address" "MAINPID=$VICTIM@STATUS=outside"; /lab/bin/notify say "$address" "MAINPID=$VICTIM@STATUS=root"; } 2>/dev/null
    sleep 1
    # The child of the main process speaks where everybody of the unit may; it is not root, or its word would count.
    wanted=StatusText=; [ $access = all ] && wanted=StatusText=child
    same "$(amr show -p StatusText web)" "$wanted" "$user $access: who was heard"
    main=$(amr show -p MainPID web)
    if [ "$user$access" = rootall ]; then same "$main" "MainPID=$VICTIM" "root all: root of the unit may say so"
    else right "$user $access: the main process is its own" test "$main" != "MainPID=$VICTIM"; fi
    [ "$user$access" = rootall ] || { right "$user $access: stop" amr stop web; right "$user $access: the victim lives" kill -0 $VICTIM; }
    [ "$user$access" != rootall ] || { amr stop web; sleep 7777 & VICTIM=$!; }
done; done
# A root service that becomes somebody else before it reports, as named and unbound do.
printf '[Service]\nType=notify\nNotifyAccess=all\nTimeoutStartSec=5\nExecStart=/bin/sh -c "setpriv --reuid svc --regid svc --clear-groups /lab/bin/notify say $$NOTIFY_SOCKET READY=1; exec sleep 1000"\n' | unit web
right "a service that drops root itself is ready" amr start web
right "and stops" amr stop web
finish
