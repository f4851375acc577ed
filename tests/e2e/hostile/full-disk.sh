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

# A PID file that cannot be written ten seconds after the start is no reason to end what runs: status and show say it,
# it is tried again, and once it is there nothing is said any more.
mount -t tmpfs -o mode=755 t $runs; mount -t tmpfs -o mode=755 t $locks
same "$(readlink -f /var/run)" /run "/var/run is /run"
says() { amr status web 2>&1; service web status 2>&1; amr show -p FilesMissing web; }
cannot() {
    right "$1: start" /etc/init.d/web start
    right "$1: status says so" until_ok 25 sh -c "amr status web | grep -q '    Missing: .*web.pid.*$2'"
    right "$1: with a remedy" sh -c 'amr status web | grep -q "hint: .*once it can be written"'
    right "$1: the script too" sh -c "service web status 2>&1 | grep -q \"'web': .*web.pid.*$2\""
    right "$1: and show" sh -c "amr show -p FilesMissing web | grep -q 'web.pid.*$2'"
    right "$1: it runs" lives; right "$1: and is active" amr is-active -q web
    right "$1: which is what the code says" sh -c 'amr status web >/dev/null && service web status >/dev/null 2>&1'
}
there() { [ "$(cat /var/run/web.pid 2>/dev/null)" = "$(amr show -p MainPID --value web)" ]; }
mount -o remount,ro /run
cannot "/var/run read-only" "[Rr]ead-only"
mount -o remount,rw /run
right "with a folder that can be written it comes" until_ok 25 there
same "$(says | grep -ci missing.)" 1 "and nothing is missing any more: $(says)"
right "stop" /etc/init.d/web stop
mount -o remount,nr_inodes=1000 /run; mkdir /run/filled; n=0; while : 2>/dev/null > /run/filled/$n; do n=$((n + 1)); done
cannot "/var/run full" "[Nn]o space"
rm -r /run/filled
right "with room it comes" until_ok 25 there
# What somebody else removes is not there either.
rm /var/run/web.pid
right "one that was removed is missed: $(amr status web)" sh -c "amr status web | grep -q '    Missing: .*/var/run/web.pid. is not there'"
right "restart" amr restart web
rm $locks/web
right "a removed lock, too" sh -c "amr status web | grep -q 'Missing: .*/web. is not there: rc will not stop'"
amr stop web > /dev/null; until_ok 5 umount $runs; umount $locks
finish
