. /lab/hostile/prelude.sh
# What a service hands over to be kept must not keep its supervisor: a close that waits 30000 s, more than it may, a
# supervisor that is lost. Strangers hand over nothing.
cat > /usr/local/bin/svc.sh <<'S'
#!/bin/sh
echo "$LISTEN_FDS $LISTEN_FDNAMES" >> /tmp/passed
[ -n "$LISTEN_FDS" ] || {
    /lab/bin/notify linger $NOTIFY_SOCKET FDSTORE=1@FDPOLL=0@FDNAME=lingers &
    sleep 0.3
    /lab/bin/notify fds $NOTIFY_SOCKET 3 FDSTORE=1@FDPOLL=0@FDNAME=many
    /lab/bin/notify fds $NOTIFY_SOCKET 253 FDSTORE=1@FDNAME=too-many
}
/lab/bin/notify say $NOTIFY_SOCKET READY=1
echo "$NOTIFY_SOCKET" > /tmp/address
exec sleep 1000
S
chmod 755 /usr/local/bin/svc.sh; touch /tmp/passed; chmod 666 /tmp/passed
kept() { amr show -p NFileDescriptorStore web | cut -d= -f2; }
nobody() { ! pgrep -f '[a]mr supervise'; }
# The notify socket, the control socket, where the keeper listens, the way to it, and the pair of its signals.
sockets() { find /proc/"$(amr show -p SupervisorPID web | cut -d= -f2)"/fd -lname 'socket:*' | wc -l; }
# All processes of the service.
lost() { kill -9 "$(amr show -p MainPID web | cut -d= -f2)"; pkill -9 -x notify; sleep 0.3; }
for user in svc root; do
    : > /tmp/passed
    printf '[Unit]\nStartLimitIntervalSec=0\n[Service]\nType=notify\nNotifyAccess=all\nUser=%s\nFileDescriptorStoreMax=4\nTimeoutStartSec=20\nTimeoutStopSec=5\nExecStart=/usr/local/bin/svc.sh\n' $user | unit web
    right "$user: start" timeout 20 amr start web
    same "$(kept)" 4 "$user: as many as it may"
    same "$(sockets)" 6 "$user: none of them is the supervisor's"
    until_ok 5 test -s /tmp/address
    as mallory /lab/bin/notify fds "$(cat /tmp/address)" 1 FDSTOREREMOVE=1@FDNAME=many > /dev/null 2>&1
    sleep 0.5; same "$(kept)" 4 "$user: a stranger takes nothing away"
    right "$user: restart" timeout 20 amr restart web
    same "$(cat /tmp/passed)" " 
4 many:many:many:lingers" "$user: they are passed"
    S=$(amr show -p SupervisorPID web | cut -d= -f2); kill -9 "$S"
    right "$user: restart after the supervisor was lost" timeout 20 amr restart web
    same "$(tail -1 /tmp/passed)" "4 many:many:many:lingers" "$user: they are still there"
    same "$(kept)" 4 "$user: and counted"
    pkill -9 -x notify
    right "$user: stop" timeout 10 amr stop web
    right "$user: start again at once" timeout 20 amr start web
    same "$(tail -1 /tmp/passed)" " " "$user: with the end of the service they ended"
    S=$(amr show -p SupervisorPID web | cut -d= -f2); kill -9 "$S"; lost; : > /tmp/passed
    right "$user: start of one that was lost altogether" timeout 20 amr start web
    same "$(cat /tmp/passed)" " " "$user: has nothing of before"
    S=$(amr show -p SupervisorPID web | cut -d= -f2); kill -9 "$S"; sleep 6
    right "$user: who keeps waits as long as the service lives" test "$(pgrep -fc '[a]mr supervise')" = 1
    lost
    right "$user: nobody is left of a service that is lost altogether" until_ok 10 nobody
    rm -f /tmp/notify.fifo /tmp/address
done
finish
