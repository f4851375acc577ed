# Shared by the end-to-end tests: a disposable host with amr in it. Sourced, not run.
#
#   host NAME LAYER         makes the host and installs amr, its units, init scripts and stand-ins
#   note / ok / fail        what is printed; fail shows the console's last lines
#   until_ok SECONDS CMD    waits for a condition, with a deadline
set -euo pipefail
E2E=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
REPO=$(cd "$E2E/../.." && pwd)
export AMR_E2E_CACHE=${AMR_E2E_CACHE:-/var/cache/amr-e2e} AMRBOX_DIR=${AMRBOX_DIR:-/tmp/amrbox}
export AMRBOX_TREE=${AMRBOX_TREE:-$("$E2E/mkrootfs.sh" "$AMR_E2E_CACHE" "${SUITE:-bookworm}")}
AMR_BIN=${AMR_BIN:?AMR_BIN must name the static binary under test (tests/portable.sh prints it)}
# shellcheck disable=SC2034
STARTED=$SECONDS

box() { "$E2E/amrbox" "$1" "$n" "${@:2}"; }
note() { echo "# $*"; }
ok() { echo "ok - $*"; }
fail() {
    echo "not ok - $*"
    tail -30 "$AMRBOX_DIR/$n/console.log" 2>/dev/null | sed 's/^/#   /' || :
    exit 1
}
until_ok() {
    local end=$((SECONDS + $1)); shift
    until "$@" >/dev/null 2>&1; do
        [ $SECONDS -lt $end ] || return 1
        sleep 0.05
    done
}
same() { [ "$1" = "$2" ] || fail "$3: got '$1', wanted '$2'"; }

# A daemon in place of python3 and mosquitto: says on which unit's behalf it runs, and when it was told to stop.
stand_in() {
    cat > "$1" <<'S'
#!/bin/bash
case "$*" in
*stop-all*) echo "$(cut -d' ' -f1 /proc/uptime) stop-all" >> /var/log/events; exit 0;;
*process_manager*) me=system;; *web_dashboard*) me=dashboard;; *) me=mqtt;;
esac
echo "$(cut -d' ' -f1 /proc/uptime) $me start" >> /var/log/events
trap 'echo "$(cut -d" " -f1 /proc/uptime) $me stop" >> /var/log/events; exit 0' TERM
echo "$me is up as $(id -un)"
while :; do sleep 1000 & wait $!; done
S
    chmod 755 "$1"
}

install_amr() {   # ROOT
    local r=$1 u
    install -D -m 755 "$AMR_BIN" "$r/usr/sbin/amr"
    mkdir -p "$r/etc/systemd/system" "$r/opt/amr/dashboard_module" "$r/opt/amr/data" "$r/etc/mosquitto"
    cp "$REPO"/systemd/amr*.service "$r/etc/systemd/system/"
    for u in amr mosquitto; do
        grep -q "^$u:" "$r/etc/passwd" || {
            id=$((700 + $(wc -l < "$r/etc/passwd")))
            echo "$u:x:$id:$id::/nonexistent:/usr/sbin/nologin" >> "$r/etc/passwd"
            echo "$u:x:$id:" >> "$r/etc/group"
        }
    done
    touch "$r/var/log/events"; chmod 666 "$r/var/log/events"
    # ProtectSystem=strict of the unit that ships: what its stand-in writes into has to be named.
    mkdir -p "$r/etc/systemd/system/amr-system.service.d"
    printf '[Service]\nReadWritePaths=/var/log/events\n' > "$r/etc/systemd/system/amr-system.service.d/events.conf"
    stand_in "$r/usr/sbin/mosquitto"
    rm -f "$r/usr/bin/python3"; stand_in "$r/usr/bin/python3"
    # the shipped restart delays of 5 and 10 s, shortened as an operator would: by a drop-in
    for u in mqtt system dashboard; do
        mkdir -p "$r/etc/systemd/system/amr-$u.service.d"
        printf '[Service]\nRestartSec=200ms\n' > "$r/etc/systemd/system/amr-$u.service.d/10-restart.conf"
    done
}

host() {
    n=$1
    trap '[ -n "${KEEP:-}" ] || "$E2E/amrbox" rm "$n"' EXIT
    box new "$2"
    r=$(box root)
    install_amr "$r"
}
events() { cut -d' ' -f2- "$r/var/log/events" | tr '\n' '|'; }
