#!/bin/bash
# Real shutdowns with a real Filebeat and a slow output: writers stop first, then the drain waits until
# everything is shipped, then Filebeat stops, then the network; nothing is lost, and the next boot can tell.
#   boot 1: the drain hangs, and its limit cuts it; its report is there after the boot
#   boot 2: a reboot with a backlog, and a second order to go down while the drain is at work
#   boot 3: a power-off with a backlog that takes longer than the unit's stop limit
# Usage: shutdown.sh 247|252|257|insserv|rhel6   (a systemd of that version, or a SysV host)
# shellcheck disable=SC2154
kind=${1:?247, 252, 257, insserv or rhel6}
case $kind in 247) export SUITE=bullseye;; 257) export SUITE=trixie;; *) export SUITE=bookworm;; esac
. "$(dirname "$0")/lib.sh"

case $kind in
insserv) init=sysv d=etc rl=2 ;;
rhel6)   init=rhel6 d=etc/rc.d rl=3 ;;
*)       init=systemd d=etc rl= ;;
esac
# Filebeat lies where its packages put it, in a layer below the host.
shipper=$(python3 "$E2E/filebeat_fetch.py" "${XDG_CACHE_HOME:-$HOME/.cache}/amr-tests")
layer=${shipper%/*}/layer
mkdir -p "$layer/usr/share/filebeat/bin"; ln -f "$shipper" "$layer/usr/share/filebeat/bin/filebeat"
host "amr-shutdown-$kind-$$" "$init,$layer"
out=$AMRBOX_DIR/$n/output
mkdir "$out"; : > "$out/received"
trap 'close_output; [ -n "${KEEP:-}" ] || "$E2E/amrbox" rm "$n"' EXIT

# --- the host's services -----------------------------------------------------------------------------
program() {   # NAME: a script from standard input that can `say` where the order is read
    local where='> /dev/console'
    [ $init != systemd ] || where=
    mkdir -p "$r/usr/local/sbin"
    { printf '#!/bin/bash\nsay() { echo "$*" %s; }\n' "$where"; cat; } > "$r/usr/local/sbin/$1"
    chmod 755 "$r/usr/local/sbin/$1"
}
services() {
    mkdir -p "$r/etc/filebeat" "$r/var/log/tomcat" "$r/var/log/batch"
    cat > "$r/etc/filebeat/filebeat.yml" <<'Y'
filebeat.inputs:
- type: log
  paths: ['/var/log/tomcat/*.log']
  scan_frequency: 1s
  backoff: 1s
  max_backoff: 1s
- type: filestream
  id: batch
  paths: ['/var/log/batch/*.log']
  prospector.scanner.check_interval: 1s
  backoff.init: 1s
  backoff.max: 1s
setup.template.enabled: false
setup.ilm.enabled: false
queue.mem: {events: 1024, flush.min_events: 50, flush.timeout: 100ms}
output.elasticsearch: {hosts: ['127.0.0.1:9200'], bulk_max_size: 50, backoff.max: 1s}
Y
    chmod 600 "$r/etc/filebeat/filebeat.yml"
    program filebeat-run <<'P'
exec /usr/share/filebeat/bin/filebeat -c /etc/filebeat/filebeat.yml --path.home /usr/share/filebeat \
    --path.data /var/lib/filebeat --path.logs /var/log/filebeat
P
    # A writer with last words: what it writes when it is told to stop.
    program tomcat <<'P'
run=$EPOCHREALTIME i=0
line() { echo "tomcat $run line $((i++)): $*" >> /var/log/tomcat/catalina.log; }
trap 'for w in {1..200}; do line "last word $w"; done; say "tomcat: stopped"; exit 0' TERM
while :; do line "at work"; sleep 0.1 & wait $!; done
P
    program network <<'P'
case $1 in start) ip link set lo up;; stop) say "network: down"; ip link set lo down;; esac
P
    cp "$REPO/systemd/shutdown-filebeat.service" "$r/etc/systemd/system/"
    drop_in writers.conf < "$REPO/systemd/shutdown-filebeat.service.d/writers.conf"
    drop_in limit.conf <<< $'[Service]\nTimeoutStopSec=5s'
}
drop_in() {   # FILE: from standard input, for the hook
    local folder=$r/etc/systemd/system/shutdown-filebeat.service.d
    mkdir -p "$folder"; cat > "$folder/$1"
}
native() {   # NAME UNIT-LINES SERVICE-LINES [WANTED-BY]
    printf '[Unit]\nDescription=%s of the test\n%b\n[Service]\n%b\n[Install]\nWantedBy=%s\n' \
        "$1" "$2" "$3" "${4:-multi-user.target}" > "$r/etc/systemd/system/$1.service"
}
systemd_services() {
    native filebeat 'Wants=network-online.target\nAfter=network-online.target' 'ExecStart=/usr/local/sbin/filebeat-run'
    native tomcat 'After=network.target' 'ExecStart=/usr/local/sbin/tomcat'
    native network 'Wants=network.target\nBefore=network.target network-online.target' \
        'Type=oneshot\nRemainAfterExit=yes\nExecStart=/usr/local/sbin/network start\nExecStop=/usr/local/sbin/network stop' \
        network-online.target
    chroot "$r" systemctl --quiet enable filebeat tomcat network shutdown-filebeat
    # The init script stands beside the native unit, with its links, as on a host that came to systemd later.
    "$AMR_BIN" initd --print shutdown-filebeat --family debian > "$r/etc/init.d/shutdown-filebeat"
    chmod 755 "$r/etc/init.d/shutdown-filebeat"
    ln -s ../init.d/shutdown-filebeat "$r/etc/rc3.d/S99shutdown-filebeat"
    for l in 0 6; do ln -s ../init.d/shutdown-filebeat "$r/etc/rc$l.d/K30shutdown-filebeat"; done
}
script() {   # NAME NUMBERS NEEDS START STOP: an init script; START and STOP are shell
    cat > "$r/$d/init.d/$1" <<P
#!/bin/bash
# chkconfig: 2345 $2
# description: $1 of the test
### BEGIN INIT INFO
# Provides: $1
# Required-Start: $3
# Required-Stop: $3
# Default-Start: 2 3 4 5
# Default-Stop: 0 1 6
# Short-Description: $1 of the test
### END INIT INFO
PATH=/usr/local/sbin:\$PATH
daemon() { setsid "\$@" </dev/null >/dev/null 2>&1 & echo \$! > /var/run/$1.pid; }
end() {
    read -r pid < /var/run/$1.pid && kill "\$pid"
    while kill -0 "\$pid" 2>/dev/null; do sleep 0.05; done
    echo "$1: its script stopped it" > /dev/console
}
case \$1 in
start) $4; if [ -d /var/lock/subsys ]; then touch /var/lock/subsys/$1; fi ;;
stop)  $5; rm -f /var/lock/subsys/$1 ;;
esac
P
    chmod 755 "$r/$d/init.d/$1"
}
sysv_services() {
    local family=debian s
    if [ $init = rhel6 ]; then
        family=redhat
        rm -f "$r/etc/os-release"; printf 'ID="amzn"\nID_LIKE="rhel fedora"\n' > "$r/etc/os-release"
    fi
    # Filebeat with the numbers of its own packages, by which it would stop first of all.
    script filebeat '98 02' "\$local_fs \$network" 'daemon filebeat-run' end
    script tomcat '85 15' "\$local_fs \$network" 'daemon tomcat' end
    script networking '10 90' "\$local_fs" 'network start' 'network stop'
    "$AMR_BIN" --root "$r" initd --print shutdown-filebeat --family $family > "$r/$d/init.d/shutdown-filebeat"
    chmod 755 "$r/$d/init.d/shutdown-filebeat"
    if [ $init = sysv ]; then
        for s in networking filebeat shutdown-filebeat tomcat; do chroot "$r" update-rc.d $s defaults; done
    else
        for s in networking filebeat tomcat shutdown-filebeat; do "$AMR_BIN" --root "$r" chkconfig --add $s; done
        same "$(links filebeat)" "K02 K02 " "Filebeat's place by its own header"
        install -D -m 644 "$REPO/rc-links/filebeat" "$r/etc/chkconfig.d/filebeat"
        "$AMR_BIN" --root "$r" chkconfig filebeat resetpriorities
        same "$(links filebeat)" "K40 K40 " "Filebeat's place by the override that ships"
    fi
    for s in tomcat shutdown-filebeat filebeat networking; do echo "$s $(links $s)"; done | tr '\n' ' ' | sed 's/.*/# K links: &\n/'
}
links() { for l in 0 6; do (cd "$r/$d/rc$l.d" && for x in K??"$1"; do echo "${x%"$1"}"; done); done | tr '\n' ' '; }

# --- the output, outside of the host but in its network ----------------------------------------------
output=
open_output() {
    answer ack
    nsenter -t "$(box pid)" -n python3 "$E2E/output.py" 9200 "$out" & output=$!
}
close_output() {
    [ -n "$output" ] || return 0
    kill "$output"; wait "$output" || :
    output=
}
answer() { echo "$*" > "$out/mode.new"; mv "$out/mode.new" "$out/mode"; }
wrote=0
backlog() {   # LINES
    seq -f 'batch line %.0f' $wrote $((wrote + $1 - 1)) >> "$r/var/log/batch/batch.log"
    wrote=$((wrote + $1))
}
missing() { comm -23 <(cat "$r"/var/log/tomcat/*.log "$r"/var/log/batch/*.log | sort -u) <(sort -u "$out/received") | wc -l; }
arrived() { [ "$(missing)" -le 20 ]; }   # tomcat writes meanwhile
nothing_lost() {
    same "$(missing)" 0 "lines that did not arrive"
    note "$(sort -u "$out/received" | wc -l) lines written, all arrived"
}

# --- up and down -------------------------------------------------------------------------------------
at_runlevel() { box exec runlevel 2>/dev/null | grep -q "N $rl"; }
up() {
    console=$(($(stat -c %s "$AMRBOX_DIR/$n/console.log" 2>/dev/null || echo 0) + 1))
    if [ $init = systemd ]; then
        box boot systemd; open_output
        same "$(box booted)" running "state of systemd"
    else
        box boot /sbin/init; open_output
        until_ok 30 at_runlevel || fail "runlevel $(box exec runlevel)"
    fi
    backlog 50
    until_ok 30 arrived || fail "the first lines do not arrive: $(missing) are missing"
}
down() {   # reboot|poweroff
    touch "$out/asked"
    case $init-$1 in
    systemd-*)  box exec systemctl "$1" ;;
    *-reboot)   box exec /sbin/shutdown -r now ;;
    *-poweroff) box exec /sbin/init 0 ;;
    esac
}
is_down() {   # SECONDS HOW
    same "$(box wait "$1")" "$2" "the host"
    close_output; mount -o remount,rw "$r"
}
reports() { find "$r/var/log/shutdown-filebeat" -name 'drain-*.json' -newer "$out/asked"; }
at_work() { box exec pgrep -f 'amr drain filebeat' && reports | grep -q .; }
last() { "$AMR_BIN" --root "$r" drain --last "$@"; }
# What was said on the way down: the journal of that boot, or the console.
said() {   # [BOOT]
    if [ $init = systemd ]; then
        chroot "$r" journalctl --quiet -D /var/log/journal -b "${1:-0}" -o cat --no-pager --all 2>/dev/null
    else
        tail -c "+$console" "$AMRBOX_DIR/$n/console.log"
    fi | LC_ALL=C tr -cd '\n -~' > "$out/said"
}
in_order() {   # PATTERN...: the first line with each is behind that with the one before
    local at=0 now p
    for p in "$@"; do
        now=$(grep -n -m1 -e "$p" "$out/said" | cut -d: -f1) || now=
        if [ -z "$now" ] || [ "$now" -le $at ]; then
            grep -i -e amr -e tomcat -e filebeat -e network "$out/said" | tail -30 | sed 's/^/#   /'
            fail "'$p' is missing or too early: line ${now:-none}, and the one before is line $at"
        fi
        at=$now
    done
}
begin='amr: drain: waiting until every log line is shipped'
case $init in systemd) stopped='Stopped .*filebeat of the test';; *) stopped='filebeat: its script stopped it';; esac
drained_in_order() {
    in_order 'tomcat: stopped' "$begin" 'amr: drain: drained after' "$stopped" 'network: down'
    same "$(grep -c "$begin" "$out/said")" 1 "drains that began"
    note "$(grep -o -m1 'amr: drain: drained after [^:]*' "$out/said")"
}
# A drain that is stopped by a signal ends with the one that cuts it; one that the kernel holds (as a disk
# or file server does that is gone) never ends, and what it has written down so far is all there is.
cut=() stage=final
[ $init != systemd ] || cut=('shutdown-filebeat.service: Stopping timed out')
hang() {
    if [ "$kind" != 257 ]; then box exec pkill -STOP -f 'amr drain filebeat'; return; fi
    local group
    group=$(find /sys/fs/cgroup -path "*/amrbox-$n/*/shutdown-filebeat.service/cgroup.freeze")
    [ -n "$group" ] && echo 1 > "$group"
}
[ "$kind" != 257 ] || stage=interim

services
if [ $init = systemd ]; then systemd_services; else sysv_services; fi
# Time enough to stop it before it is over by itself, on a host that is busy, too.
drop_in hang.conf <<< $'[Service]\nTimeoutStopSec=3s\nExecStop=\nExecStop=/usr/sbin/amr drain filebeat --timeout 5s --console --reports /var/log/shutdown-filebeat'

up
said
! grep -e 'was not found' "$out/said" || fail "Filebeat's init script counts for nothing"
ok "boot 1: Filebeat ships"
if [ $init = rhel6 ]; then
    [ -f "$r/var/lock/subsys/shutdown-filebeat" ] || fail "no lock file of the hook"
    ok "rc's lock file of the hook stands since it was started"
fi
answer block; backlog 500; down reboot
until_ok 20 at_work || fail "no drain is at work"
hang || fail "the drain was over before it was to hang"
is_down 60 rebooted; said
in_order 'tomcat: stopped' "$begin" "${cut[@]}" "$stopped" 'network: down'
rc=0; last > "$out/last" || rc=$?
[ $rc = 13 ] || [ $rc = 11 ] || fail "amr drain --last after a drain that was cut: code $rc: $(head -1 "$out/last")"
same "$(last --json | grep -o '"stage":"[a-z]*"')" "\"stage\":\"$stage\"" "the report's stage"
if [ $stage = interim ]; then grep -q '^unfinished (by then: ' "$out/last" || fail "it is not said: $(head -1 "$out/last")"; fi
note "amr drain --last: $(head -1 "$out/last")"
rm "$r/etc/systemd/system/shutdown-filebeat.service.d/hang.conf"
ok "a drain that hangs is cut, and the host goes down"

up
until_ok 30 arrived || fail "what was left does not arrive after the boot: $(missing) are missing"
ok "boot 2: what was left is shipped"
answer ack 0.1; backlog 2500; down reboot
until_ok 20 at_work || fail "no drain is at work"
how=rebooted
case $init in
systemd) box exec systemctl --no-block reboot; box exec /etc/init.d/shutdown-filebeat stop ;;
# Another runlevel: init ends that rc, and the next one's K script joins the drain that goes on.
rhel6)   box exec /sbin/init 0; how=halted ;;
# Debian's rc leaves out what the runlevel before has stopped, at work or not: the same one again.
sysv)    box exec /sbin/shutdown -r now ;;
esac
is_down 60 $how; said
drained_in_order; nothing_lost
ok "$how: drained, with a second order on the way"

up
rc=0; box exec amr drain --last > "$out/last" || rc=$?; same $rc 0 "amr drain --last after the boot: $(head -1 "$out/last")"
ok "boot 3: amr drain --last: $(head -1 "$out/last")"
answer ack 0.25; backlog 2500; down poweroff
is_down 90 halted; said
drained_in_order; nothing_lost
! grep 'timed out' "$out/said" || fail "the unit's limit cut it"
[ "$(grep -o 'drained after [0-9]*' "$out/said" | cut -d' ' -f3)" -ge 8 ] || fail "it was over too soon to need more than the limit"
ok "the drain was given more time than the unit's limit of 5 s"
rc=0; last > "$out/last" || rc=$?; same $rc 0 "amr drain --last: $(head -1 "$out/last")"
ok "halted: drained"
ok "all of shutdown with $kind ($((SECONDS - STARTED)) s)"
