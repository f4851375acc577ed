#!/bin/bash
# The binary is replaced while services run: by one of the next release, and back. What a supervisor of the one
# runs the other shows, signals, reloads, restarts, stops and takes over; where it cannot, it says so. A supervisor
# whose program is gone from the disk goes on. In a throw-away copy of the host (lab.sh).
#   upgrade.sh [nocgroup]       AMR_BIN is this release; the one before is tests/before.sh's
if [ ! -f /lab/case ]; then
    here=$(cd "$(dirname "$0")" && pwd)
    AMR_BEFORE_BIN=$("$here/../before.sh") || exit
    export AMR_BEFORE_BIN
    [ "${1:-}" != nocgroup ] || { export LAB_CG=none; set -- no-cgroup; }
    exec "$here/lab.sh" "$0" "$@"
fi
. /lab/hostile/prelude.sh
[ -z "${1:-}" ] || export AMR_FEATURES=$1

# The files are replaced as package managers do it: the new one beside, then renamed.
put() { cp "/lab/$1" /usr/sbin/amr.new && mv /usr/sbin/amr.new /usr/sbin/amr; }
cp /usr/sbin/amr /lab/now
main() { amr show -p MainPID --value "$1"; }
supervisor() { amr status "$1" | awk '$1 == "Supervisor:" { print $2 }'; }
is_up() { [ "$(amr is-active "$1")" = active ]; }
is_down() { ! is_up "$1"; }
is_failed() { [ "$(amr is-active "$1")" = failed ]; }
another() { local pid; pid=$(main "$1") && [ "$pid" != 0 ] && [ "$pid" != "$2" ]; }
gone() { [ ! -d "/proc/$1" ] || grep -q '^State:.Z' "/proc/$1/status"; }
runs() { ! gone "$1"; }

unit app << 'U'
[Unit]
Description=lives on
[Service]
ExecStart=/bin/bash -c 'trap "echo reloaded" HUP; trap "echo usr1" USR1; echo began; while :; do sleep 1000 & wait; done'
ExecReload=/bin/kill -HUP $MAINPID
RuntimeDirectory=app
Restart=on-failure
RestartSec=0
U
unit lost << 'U'
[Service]
ExecStart=/bin/sleep 1000
U
unit alarm << 'U'
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/true
U
unit falls << 'U'
[Unit]
OnFailure=alarm.service
[Service]
ExecStart=/bin/sleep 1000
U
unit slow << 'U'
[Service]
ExecStart=/bin/bash -c 'trap "" TERM; sleep 1000 & sleep 1000'
TimeoutStopSec=2
U
script app

# over FROM TO: all of it, from what FROM has started
over() {
    local from=$1 to=$2 way="$1 to $2" pid sup log before
    put "$from"
    service=/etc/init.d/app
    right "$way: started by the init script" "$service" start
    right "$way: started by hand" amr start lost falls slow
    pid=$(main app) sup=$(supervisor app) log=$(log_of app | wc -l)
    put "$to"

    right "$way: shown as active" is_up app
    same "$(main app)" "$pid" "$way: with the same process"
    right "$way: LSB says running" "$service" status
    right "$way: a second start finds it" amr start app
    same "$(main app) $(supervisor app)" "$pid $sup" "$way: nothing was begun anew"
    right "$way: reload" amr reload app
    right "$way: the reload came through" until_ok 10 grep -q reloaded /var/log/amr-units/app.service.log
    right "$way: kill" amr kill -s USR1 --kill-whom=main app
    right "$way: the signal came through" until_ok 10 grep -q usr1 /var/log/amr-units/app.service.log
    wrong "$way: a reload is refused where there is none" amr reload lost
    if [ "$to" = now ]; then
        said=$(amr daemon-reload 2>&1)
        same "$?" 1 "$way: a supervisor that cannot take a new plan is no success"
        right "$way: it is named, with what to do: $said" grep -q "amr restart app.service" <<< "$said"
        right "$way: and goes on" is_up app
    fi
    right "$way: reset-failed" amr reset-failed app

    # The old supervisor, whose program is not on the disk, works on.
    kill -KILL "$pid"
    right "$way: restarted by its supervisor" until_ok 10 another app "$pid"
    same "$(supervisor app)" "$sup" "$way: which is still the same"
    kill -KILL "$(main falls)"
    right "$way: OnFailure= of a supervisor whose program is gone" until_ok 10 is_up alarm
    right "$way: the failed one is shown" is_failed falls
    right "$way: its failure is forgotten" amr reset-failed falls
    same "$(amr is-active falls)" inactive "$way: and it is only inactive"

    # One that lost its supervisor is taken over.
    pid=$(main lost) before=$(supervisor lost)
    kill -KILL "$before"
    right "$way: the supervisor is dead" until_ok 10 gone "$before"
    right "$way: what lives on is shown" is_up lost
    right "$way: taken over" amr start lost
    same "$(main lost)" "$pid" "$way: the same process"
    same "$(readlink "/proc/$(supervisor lost)/exe")" /usr/sbin/amr "$way: under a supervisor of the binary that is there"

    # A start that comes during a stop waits for it.
    pid=$(main slow)
    amr stop slow & before=$!
    until_ok 10 eval '[ "$(amr show -p SubState --value slow)" = stop-sigterm ]'
    right "$way: a start behind a stop" amr start slow
    wait $before
    right "$way: it is another process" another slow "$pid"

    pid=$(main app)
    right "$way: restart" amr restart app
    right "$way: another process" another app "$pid"
    same "$(readlink "/proc/$(supervisor app)/exe")" /usr/sbin/amr "$way: and a supervisor of the binary that is there"

    right "$way: stop" "$service" stop
    wrong "$way: its lock is gone" test -e /var/lock/subsys/app
    for u in lost slow alarm; do
        pid=$(main $u)
        right "$way: stop $u" amr stop $u
        right "$way: $u is down" is_down $u
        [ "$pid" = 0 ] || right "$way: its process is gone" until_ok 10 gone "$pid"
    done
    same "$(pgrep -f 'amr supervise' | wc -l)" 0 "$way: no supervisor is left"
    rm -f /var/log/amr-units/app.service.log
}
over before now
over now before

# The binary is removed, and nothing put in its place.
put now
right "removed: start" amr start app falls
pid=$(main app) fell=$(main falls)
rm /usr/sbin/amr
kill -KILL "$pid" "$fell"
until_ok 10 eval 'pgrep -f "while :; do slee[p]" | grep -qvx "$pid"'
until_ok 10 grep -q '"sub":"exited"' /run/amr-supervise/alarm.service/status; raised=$?
put now
right "removed: restarted all the same" another app "$pid"
same "$raised" 0 "removed: OnFailure= all the same"
right "removed: stop" amr stop app alarm

# A record that a newer amr has written, and that this one must not judge.
amr start lost
pid=$(main lost) sup=$(supervisor lost) record=/run/amr-supervise/lost.service/status
cp $record /lab/record
sed -i 's/"needs":[0-9]*/"needs":9/' $record
for verb in status start stop restart is-active show; do
    out=$(amr $verb lost 2>&1); code=$?
    if [ $code != 0 ] && grep -q 'newer amr (version 9' <<< "$out"; then ok "too new: $verb says so"
    else bad "too new: $verb (code $code): $out"; fi
done
right "too new: it runs on" runs "$pid"
kill -TERM "$sup"
right "too new: SIGTERM to its supervisor stops it, as the hint says" until_ok 10 gone "$pid"
right "too new: the supervisor has gone" until_ok 10 gone "$sup"
sed -i 's/"needs":[0-9]*/"needs":9/; s/"boot_id":"[^"]*"/"boot_id":"another"/' $record
right "too new, of an earlier boot: start" amr start lost
right "too new, of an earlier boot: stop" amr stop lost
finish
