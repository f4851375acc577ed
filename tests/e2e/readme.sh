#!/bin/bash
# The steps of README, as they are written there, on hosts of both families with a real init: the blocks of
# commands below a line `<!-- tests/e2e/readme.sh runs this: FAMILY... -->`. What stands behind `# Debian: ` is what
# is typed there instead. Then the host goes down, and the hook must have run.
# Usage: AMR_BIN=/path/of/static/amr readme.sh [redhat|debian]...
# shellcheck disable=SC2154
. "$(dirname "$0")/lib.sh"

# The commands for a family, one a line.
steps() {
    awk -v family="$1" '
        /^<!-- tests\/e2e\/readme.sh runs this:/ { on = index($0, " " family " ") > 0; next }
        /^    / { if (on) print substr($0, 5); next }
        /^$/ { next }
        { on = 0 }' "$REPO/README.md" |
    while IFS= read -r line; do
        case $1:$line in
        debian:*'# Debian: '*) echo "${line##*\# Debian: }" ;;
        *) echo "$line" ;;
        esac
    done | grep -v '^#'
}

# An init script as Filebeat's own packages have it, with a daemon that does nothing.
shipper() {
    cat > "$1" <<'S'
#!/bin/bash
# chkconfig: 2345 98 02
# description: filebeat
### BEGIN INIT INFO
# Provides: filebeat
# Required-Start: $local_fs $network $syslog
# Required-Stop: $local_fs $network $syslog
# Default-Start: 2 3 4 5
# Default-Stop: 0 1 6
# Short-Description: Sends log files
### END INIT INFO
case $1 in
start) setsid bash -c 'exec -a filebeat sleep 1000' < /dev/null > /dev/null 2>&1 &
       echo $! > /var/run/filebeat.pid; [ ! -d /var/lock/subsys ] || touch /var/lock/subsys/filebeat ;;
stop)  kill "$(cat /var/run/filebeat.pid)"; rm -f /var/lock/subsys/filebeat
       echo "$(cut -d' ' -f1 /proc/uptime) filebeat stop" >> /var/log/events ;;
esac
S
    # Red Hat's package has no LSB block that chkconfig would count by.
    [ "$family" = debian ] || sed -i '/BEGIN INIT INFO/,/END INIT INFO/d' "$1"
    chmod 755 "$1"
}

family_host() {
    local family=$1 layer=sysv d=etc link
    [ "$family" = debian ] || { layer=rhel6; d=etc/rc.d; }
    host "amr-readme-$family-$$" $layer
    rm -f "$r"/etc/systemd/system/amr*.service
    mkdir -p "$r/root/amr"; cp -r "$REPO"/{systemd,initd,rc-links} "$r/root/amr/"
    shipper "$r/$d/init.d/filebeat"
    if [ "$family" = redhat ]; then
        rm -f "$r/etc/os-release"; printf 'ID="amzn"\nID_LIKE="rhel fedora"\n' > "$r/etc/os-release"
        for link in sbin/chkconfig usr/sbin/chkconfig; do ln -sf /usr/sbin/amr "$r/$link"; done
    fi
    box boot /sbin/init
    until_ok 60 eval "box exec runlevel | grep -q 'N [23]'" || fail "$family: no runlevel"
    # The shipper is there before the hook, as its package left it.
    if [ "$family" = redhat ]; then box exec chkconfig --add filebeat
    else box exec update-rc.d filebeat defaults; fi
    box exec "/$d/init.d/filebeat" start
    local said rc count=0
    while IFS= read -r step; do
        rc=0; said=$(box exec bash -c "cd /root/amr && $step" 2>&1 < /dev/null) || rc=$?
        [ $rc = 0 ] || fail "$family: README's '$step' ends with $rc: $said"
        count=$((count + 1))
    done < <(steps "$family")
    [ $count -ge 8 ] || fail "$family: only $count steps were found in README"
    ok "$family: $count steps of README end with 0, the last of them 'amr order --check'"
    for link in "$r/$d"/rc0.d/K??amr "$r/$d"/rc6.d/K??amr "$r/$d"/rc0.d/K??shutdown-filebeat; do
        [ -L "$link" ] || fail "$family: no link $link"
    done
    : > "$r/var/log/events"
    box exec /sbin/shutdown -h now || :
    same "$(box wait 120)" halted "$family: the box"
    # The drain finds no real Filebeat, and says so: it was called.
    grep -qa 'drain: no verdict: no filebeat' "$AMRBOX_DIR/$n/console.log" || fail "$family: the hook did not run"
    # Writers, the drain, the shipper.
    local order; order=$(events)
    case $order in *'mqtt stop'*'filebeat stop|'*) ;; *) fail "$family: order of the stops: $order" ;; esac
    ok "$family: at the shutdown the writers stopped before the shipper, and the hook ran"
    box rm
}

[ $# -gt 0 ] || set -- redhat debian
for family in "$@"; do family_host "$family"; done
echo "ok - all ($((SECONDS - STARTED)) s)"
