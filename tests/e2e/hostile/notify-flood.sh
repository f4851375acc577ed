. /lab/hostile/prelude.sh
# Strangers cannot send at all; what the service's own user sends is read within bounds, so that commands, timers and
# the service's own READY=1 have their turn, and little of the processor is used.
cat > /usr/local/bin/svc.sh <<'S'
#!/bin/sh
echo "$NOTIFY_SOCKET" > /tmp/address
sleep 1
/lab/bin/notify say $NOTIFY_SOCKET READY=1 || echo "READY=1 lost"
exec sleep 1000
S
chmod 755 /usr/local/bin/svc.sh
floods() { /lab/bin/notify flood "$1" 6 10 & /lab/bin/notify flood "$1" 6 60000 & wait; }
export -f floods
for kin in with without; do
    [ $kin = with ] || export AMR_FEATURES=no-cgroup
    for who in mallory svc; do
        rm -f /tmp/address
        printf '[Unit]\nStartLimitIntervalSec=0\n[Service]\nType=notify\nNotifyAccess=all\nUser=svc\nTimeoutStartSec=8\nExecStart=/usr/local/bin/svc.sh\n' | unit web
        amr start --no-wait web; until_ok 5 test -s /tmp/address
        as $who bash -c "floods $(cat /tmp/address)" > /tmp/sent 2>&1 &
        right "$kin a group, $who: ready in time" until_ok 6 amr is-active web
        same "$(log_of web)" "" "$kin a group, $who: READY=1 was not lost"
        sup=$(pgrep -o -f 'amr supervise'); ticks() { awk '{print $14+$15}' "/proc/$sup/stat"; }
        before=$(ticks); sleep 2; used=$(($(ticks) - before))
        right "$kin a group, $who: $used of 200 ticks" test $used -le 80
        same "$(amr show -p MainPID web)" "MainPID=$(pgrep -x -u svc sleep)" "$kin a group, $who: the main process"
        begun=$SECONDS; right "$kin a group, $who: stop" timeout 30 amr stop web
        right "$kin a group, $who: at once" test $((SECONDS - begun)) -le 2
        wait
        [ $who = svc ] || same "$(grep -c 'Permission denied' /tmp/sent)" 2 "$kin a group: a stranger cannot send"
    done
done
finish
