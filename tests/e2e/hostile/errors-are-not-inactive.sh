. /lab/hostile/prelude.sh
# What cannot be seen is an error, never "inactive": stop does not say OK for a service that lives.
script web
printf '[Unit]\nStartLimitIntervalSec=0\n[Service]\nExecStart=/bin/sleep 1000\n' | unit web
right "start" /etc/init.d/web start
pid=$(amr show -p MainPID --value web)
runs=/run/amr-supervise
# Links that go round in a circle: an error that root meets, too.
away() { mv $1 /run/kept; }
back() { rm -rf $1; mv /run/kept $1; }
away $runs/web.service/lock; ln -s lock $runs/web.service/lock
for verb in stop restart status; do
    wrong "initd $verb" /etc/init.d/web $verb
done
wrong "stop" amr stop web
wrong "start" amr start web
amr is-active web > /tmp/said 2>&1; same $? 4 "is-active has a code of its own"
wrong "it is called inactive" grep -qx inactive /tmp/said
right "it lives" kill -0 "$pid"
back $runs/web.service/lock
away $runs; ln -s amr-supervise $runs
wrong "stop where the folder of records cannot be listed" amr stop web
wrong "list-units" amr list-units
right "it lives" kill -0 "$pid"
back $runs
# By a limit alone.
for n in 3 4 5 6 7 8 9 10 12; do
    for stop in "amr stop web" "/etc/init.d/web stop"; do
        right "start again" /etc/init.d/web start
        pid=$(amr show -p MainPID --value web)
        if (ulimit -n $n; $stop) > /dev/null 2>&1; then
            wrong "$stop with $n descriptors said OK" kill -0 "$pid"
        else
            right "$stop with $n descriptors failed, and it lives" kill -0 "$pid"
        fi
    done
done
right "stop" amr stop web
finish
