. /lab/hostile/prelude.sh
# No room for the record, the lock or the pid file: the start fails, says why, and leaves nothing behind.
script web
printf '[Unit]\nStartLimitIntervalSec=0\n[Service]\nExecStart=/bin/sleep 4711\n' | unit web
lives() { pgrep -x sleep; }
gone() { ! lives; }
runs=/run/amr-supervise; locks=/run/lock/subsys
mkdir -p $runs $locks
[ "$(readlink -f /var/lock/subsys)" = $locks ] || locks=/var/lock/subsys
failed_and_undone() {
    /etc/init.d/web start > /tmp/said 2>&1; local code=$?
    right "$1: the start fails" test $code -ne 0
    right "$1: and says why" grep -qiE "no space|read-only" /tmp/said
    right "$1: nothing is left" until_ok 5 gone
    wrong "$1: no lock" test -e $locks/web
}
for room in 0 1 2 3 4 5 6 7 8 9 10; do
    mount -t tmpfs -o nr_inodes=$((room + 2)),mode=755 t $runs
    /etc/init.d/web start > /tmp/said 2>&1
    code=$?
    if [ $code = 0 ]; then
        right "$room inodes: what was said to run does" lives
        same "$(amr is-active web)" active "$room inodes: and is known"
        right "$room inodes: stop" /etc/init.d/web stop
    fi
    right "$room inodes: nothing is left" until_ok 5 gone
    until_ok 5 umount $runs
done
mount -t tmpfs -o nr_inodes=2,mode=755 t $locks; touch $locks/x
failed_and_undone "lock folder full"
rm $locks/x
right "with room it starts" /etc/init.d/web start
right "and stops" /etc/init.d/web stop
umount $locks
mount -t tmpfs -o ro,mode=755 t $locks
failed_and_undone "lock folder read-only"
umount $locks
right "start" /etc/init.d/web start
right "stop" /etc/init.d/web stop
finish
