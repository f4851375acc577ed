#!/bin/bash
# Real daemons with the units of their own packages, on a host without systemd: each starts, answers, reloads where
# its unit can, restarts with a new process, survives the loss of its supervisor and stops without a rest.
# Usage: AMR_BIN=/path/of/static/amr daemons.sh [UNIT...]
# Without a unit: all that are known here. Some 400 MB of Debian's packages are fetched the first time.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)

# Each: UNIT PACKAGE, and what answers when it runs (see `probe` below). Before that: `beside UNIT`, which runs meanwhile;
# `no-reload` where the signal of its ExecReload= ends it, whoever sends it.
known=(
    'nginx.service nginx-light              http 80 nginx'
    'redis-server.service redis-server      says 6379 PING PONG'
    'mosquitto.service mosquitto            listens 1883'
    'memcached.service memcached            says 11211 version VERSION'
    'haproxy.service haproxy                beside rsyslog.service http 8404 HTTP/'
    'cron.service cron                      runs cron'
    'apache2.service apache2                http 80 Apache'
    'postgresql@15-main.service postgresql  does pg_isready -q'
    'mariadb.service mariadb-server         does mariadb-admin ping'
    'rsyslog.service rsyslog                logs'
    'ssh.service openssh-server             hears 22 SSH-2.0'
    'tor@default.service tor                listens 9050'
    'unbound.service unbound                names 53'
    'dnsmasq.service dnsmasq                names 53'
    'chrony.service chrony                  does chronyc -n tracking'
    'php8.2-fpm.service php-fpm             socket /run/php/php8.2-fpm.sock'
    'named.service bind9                    names 53'
    'prometheus-node-exporter.service prometheus-node-exporter no-reload http 9100/metrics node_cpu'
    'squid.service squid                    listens 3128'
    'supervisor.service supervisor          does supervisorctl pid'
)
chosen=() packages=()
for line in "${known[@]}"; do
    read -r unit package _ <<< "$line"
    [ $# = 0 ] || [[ " $* " = *" $unit "* ]] || continue
    chosen+=("$line") packages+=("$package")
    case $line in *' beside rsyslog'*) packages+=(rsyslog);; esac
done
[ ${#chosen[@]} -gt 0 ] || { echo "daemons.sh: none of these is known: $*" >&2; exit 2; }
list=$(printf '%s\n' "${packages[@]}" | sort -u | paste -sd,)
AMRBOX_TREE=$("$here/mkrootfs.sh" "${AMR_E2E_CACHE:-/var/cache/amr-e2e}" bookworm "$list")
export AMRBOX_TREE AMRBOX_OWN=1
# shellcheck source=tests/e2e/lib.sh
. "$here/lib.sh"
n=amr-daemons-$$
trap '[ -n "${KEEP:-}" ] || "$E2E/amrbox" rm "$n"' EXIT
box new sysv
r=$(box root)
install -m 755 "$AMR_BIN" "$r/usr/sbin/amr"
# Nothing of theirs begins by itself: amr starts it.
for script in "$r"/etc/init.d/*; do
    name=${script##*/}
    case $name in
    nginx | redis-server | mosquitto | memcached | haproxy | cron | apache2 | apache-htcacheclean | postgresql | mariadb | rsyslog | ssh | \
    tor | unbound | dnsmasq | chrony | php*-fpm | named | prometheus-node-exporter | squid | supervisor | dbus)
        rm -f "$r"/etc/rc[0-6S].d/[SK]??"$name" ;;
    esac
done
# What the packages leave to the operator, or would reach outside of the box.
[ ! -d "$r/etc/haproxy" ] || printf 'listen probe\n bind 127.0.0.1:8404\n mode http\n http-request return status 200\n' >> "$r/etc/haproxy/haproxy.cfg"
[ ! -f "$r/etc/default/chrony" ] || echo 'DAEMON_OPTS="-F 1 -x"' > "$r/etc/default/chrony"

cat > "$r/root/probe" <<'P'
# probe KIND WORDS...: does it answer?
at() { exec 3<> "/dev/tcp/127.0.0.1/$1"; }
kind=$1; shift
case $kind in
http)    at "${1%%/*}"; path=/; [ "${1%%/*}" = "$1" ] || path=/${1#*/}
         printf 'GET %s HTTP/1.0\r\n\r\n' "$path" >&3; grep -qa "$2" <&3 ;;
says)    at "$1"; printf '%s\r\n' "$2" >&3; IFS= read -r line <&3; [[ $line = *"$3"* ]] ;;
hears)   at "$1"; IFS= read -r line <&3; [[ $line = *"$2"* ]] ;;
listens) at "$1" ;;
# The address of localhost, over TCP.
names)   at "$1"; printf '\0\x1b\0\x01\x01\0\0\x01\0\0\0\0\0\0\x09localhost\0\0\x01\0\x01' >&3
         [ "$(head -c 4 <&3 | wc -c)" = 4 ] ;;
runs)    pidof -q "$1" ;;
socket)  [ -S "$1" ] ;;
logs)    mark=probe-$RANDOM$RANDOM; logger "$mark"; sleep 0.3; grep -q "$mark" /var/log/syslog ;;
does)    "$@" ;;
esac
P
probe() { box exec timeout 5 bash /root/probe "$@"; }
amr() { box exec /usr/sbin/amr "$@"; }
main() { amr show "$1" -p MainPID --value; }

passed=0 failed=()
# try UNIT PROBE...: in a shell of its own, whose first failure ends it.
try() {
    local unit=$1 pid reloads=1; shift
    [ "$1" != beside ] || { amr start "$2"; shift 2; }
    [ "$1" != no-reload ] || { reloads=; shift; }
    step() { local what=$1; shift; "$@" > "$AMRBOX_DIR/$n/said" 2>&1 || { echo "not ok - $unit: $what"; sed 's/^/#   /' "$AMRBOX_DIR/$n/said"
        amr logs "$unit" -n 5 2>&1 | sed 's/^/#   /'; amr status "$unit" 2>&1 | sed 's/^/#   /'; exit 1; }; }
    answers() { until_ok 15 probe "$@"; }
    step start amr start "$unit"
    step "answers" answers "$@"
    if [ -n "$reloads" ] && [ -n "$(amr show "$unit" -p ExecReload --value)" ]; then
        pid=$(main "$unit")
        step reload amr reload "$unit"
        step "answers after the reload" answers "$@"
        step "the reload left the process" [ "$(main "$unit")" = "$pid" ]
    fi
    pid=$(main "$unit")
    step restart amr restart "$unit"
    step "answers after the restart" answers "$@"
    step "another process after the restart" [ "$(main "$unit")" != "$pid" ]
    pid=$(main "$unit")
    step "its supervisor is killed" box exec kill -9 "$(amr show "$unit" -p SupervisorPID --value)"
    step "it is active without one" amr is-active --quiet "$unit"
    step "the start brings a supervisor" amr start "$unit"
    step "and leaves the process" [ "$(main "$unit")" = "$pid" ]
    step "answers then" answers "$@"
    step "its processes are known" [ -n "$(processes "$unit")" ]
    step stop amr stop "$unit"
    step "it is gone" box exec [ ! -d "/proc/$pid" ]
    step "inactive" [ "$(amr is-active "$unit" || :)" = inactive ]
    step "does not answer" silent "$@"
    step "nothing of it is left" [ -z "$(processes "$unit")" ]
    ok "$unit: starts, answers, reloads, restarts, outlives its supervisor, stops"
}
silent() { ! probe "$@"; }
# Those in its group.
processes() { box exec bash -c 'cat "/run/amr-supervise/cgroup/amr/$0"*/cgroup.procs 2>/dev/null' "$1" || :; }

box boot /sbin/init
until_ok 30 box exec runlevel || fail "no boot"
for line in "${chosen[@]}"; do
    read -r unit package words <<< "$line"
    # shellcheck disable=SC2086
    if (try "$unit" $words); then passed=$((passed + 1)); else failed+=("$unit"); fi
done
[ ${#failed[@]} = 0 ] || fail "${#failed[@]} of $((passed + ${#failed[@]})) daemons: ${failed[*]}"
ok "$passed daemons"
