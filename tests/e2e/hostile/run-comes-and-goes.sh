. /lab/hostile/prelude.sh
# A host without /run (RHEL 6, the Amazon Linux AMI); then somebody makes one, then one is even mounted. The state of a
# service never moves under it, and nothing of amr makes /run.
umount /run; rm -rf /run /var/run /var/lock; mkdir -p /var/run /var/lock/subsys
for n in web zed; do script $n; done
unit web <<< $'[Service]\nExecStart=/bin/sleep 8001'
unit zed <<< $'[Service]\nRuntimeDirectory=zed\nExecStart=/bin/sh -c "echo $RUNTIME_DIRECTORY %t > /tmp/told; exec sleep 8002"'
copies() { pgrep -fc "^(/bin/)?sleep $1\$"; }
known() {
    right "$1: web is known" /etc/init.d/web status
    right "$1: zed is known" /etc/init.d/zed status
    right "$1: a start of what runs" /etc/init.d/web start
    same "$(copies 8001) $(copies 8002)" "1 1" "$1: one copy of each"
}
right "start of web" /etc/init.d/web start
right "start of zed" /etc/init.d/zed start
until_ok 5 test -s /tmp/told
same "$(cat /tmp/told)" "/var/run/zed /var/run" "where RuntimeDirectory= lies, and %t"
right "the folder of zed" test -d /var/run/zed
wrong "no /run came into being" test -e /run
known "without /run"
mkdir /run; known "a plain /run"
mkdir -p /run/amr-supervise/web.service; known "a plain /run with something in it"
mount -t tmpfs -o mode=755 run /run; known "a /run that is mounted"
W=$(amr show web -p SupervisorPID | cut -d= -f2); kill -9 "$W"
known "a supervisor that was lost meanwhile"
right "stop of web" /etc/init.d/web stop
right "stop of zed" /etc/init.d/zed stop
same "$(copies 8001) $(copies 8002)" "0 0" "nothing is left"
right "start of web anew" /etc/init.d/web start
right "it lies in the /run that is mounted" test -e /run/amr-supervise/web.service/status
right "and its stop" /etc/init.d/web stop
finish
