. /lab/hostile/prelude.sh
# The unit's file goes, breaks or is masked while the service runs: stop, kill and status go by what runs, a
# restart is refused and leaves it running, as systemd 252 does.
U=/etc/systemd/system
script web
mku() { printf '[Unit]\nStartLimitIntervalSec=0\n[Service]\nExecStart=/bin/sleep 1000\n' | unit web; }
spoil() {
    case $1 in
    gone) rm $U/web.service;;
    empty) : > $U/web.service;;
    broken) echo '[Service' > $U/web.service;;
    masked) ln -sf /dev/null $U/web.service;;
    renamed) mv $U/web.service $U/www.service; ln -s www.service $U/web.service;;
    esac
}
left() { ls /var/lock/subsys/web /var/run/web.pid 2>/dev/null | wc -l; }
for how in gone empty broken masked renamed; do
    for stop in "amr stop web" "/etc/init.d/web stop"; do
        rm -f $U/web.service $U/www.service; mku
        right "$how: start" /etc/init.d/web start
        pid=$(amr show -p MainPID --value web)
        spoil $how
        right "$how: is-active by the record" amr is-active web
        right "$how: status of the script" /etc/init.d/web status
        wrong "$how: restart is refused" amr restart web
        right "$how: and leaves it running" kill -0 "$pid"
        right "$how: $stop" $stop
        wrong "$how: it is gone after $stop" kill -0 "$pid"
        same "$(left)" 0 "$how: lock and pid file go with it"
        wrong "$how: is-active afterwards" amr is-active web
    done
done
rm -f $U/web.service $U/www.service; mku
right "start" amr start web
pid=$(amr show -p MainPID --value web)
spoil gone
right "kill reaches it" amr kill web
right "and it ends" until_ok 5 sh -c "! kill -0 $pid"
# The supervisor is gone as well: a new one takes over what runs.
mku; right "start" /etc/init.d/web start
pid=$(amr show -p MainPID --value web)
kill -9 "$(cat /run/amr-supervise/web.service/lock)"
spoil gone
right "stop without file and supervisor" /etc/init.d/web stop
wrong "it is gone" kill -0 "$pid"
same "$(left)" 0 "lock and pid file go with it"
# Nothing runs and nothing is there: a stop says so, and takes away what was left.
touch /var/lock/subsys/web
amr initd /etc/init.d/web stop > /tmp/said 2>&1
same $? 5 "stop of what is not there"
wrong "its lock is gone" test -e /var/lock/subsys/web
# Patterns: what matches is done, what is gone is said.
for n in p1 p2 p3; do printf '[Service]\nExecStart=/bin/sleep 1000\n' | unit $n; done
right "start three" amr start p1 p2 p3
right "stop one" amr stop p2
rm $U/p2.service
right "stop by pattern" amr stop 'p*'
wrong "p1 is down" amr is-active p1
right "start two" amr start p1 p3
amr stop p1 p2 p3 > /tmp/said 2>&1
same $? 5 "a name that is gone has its code"
right "and is named" grep -q "p2.service' not found" /tmp/said
wrong "p3 is down all the same" amr is-active p3
finish
