. /lab/hostile/prelude.sh
# The last close of a TCP socket with SO_LINGER waits for as long as its owner said. It must not be the supervisor's:
# neither a stranger's, nor the service's own. The text beside the descriptors counts.
cat > /usr/local/bin/svc.sh <<'S'
#!/bin/sh
/lab/bin/notify fds $NOTIFY_SOCKET 253 STATUS=many
for i in 1 2 3 4 5 6 7 8 9 10 11 12; do /lab/bin/notify fds $NOTIFY_SOCKET 3 STATUS=$i; done
/lab/bin/notify linger $NOTIFY_SOCKET STATUS=lingers &
sleep 0.5
/lab/bin/notify say $NOTIFY_SOCKET READY=1
echo "$NOTIFY_SOCKET" > /tmp/address
exec sleep 1000
S
chmod 755 /usr/local/bin/svc.sh
for user in svc root; do
    printf '[Service]\nType=notify\nNotifyAccess=all\nUser=%s\nTimeoutStartSec=10\nExecStart=/usr/local/bin/svc.sh\n' $user | unit web
    right "$user: start" timeout 20 amr start web
    sup=$(pgrep -o -f 'amr supervise')
    same "$(amr show -p StatusText web)" StatusText=lingers "$user: the text beside the descriptors"
    same "$(awk '/^State/{print $2}' /proc/"$sup"/status)" S "$user: the supervisor sleeps in peace"
    # The notify socket, the control socket, and the pair through which its signals wake it.
    same "$(find /proc/"$sup"/fd -lname 'socket:*' | wc -l)" 4 "$user: it has its own four sockets and no other"
    until_ok 5 test -s /tmp/address
    as mallory /lab/bin/notify linger "$(cat /tmp/address)" STATUS=mallory > /tmp/mallory 2>&1 &
    until_ok 5 test -s /tmp/mallory
    right "$user: a command has its answer" timeout 5 amr is-active web
    right "$user: stop" timeout 10 amr stop web
    pkill -9 -x notify
    right "$user: nobody is left" until_ok 5 sh -c '! pgrep -f "[a]mr supervise"'
    rm -f /tmp/notify.fifo /tmp/address
done
finish
