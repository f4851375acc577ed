# Sourced by each case below tests/e2e/hostile: users, and the words in which a case says what is right.
set -u
useradd -r -M -d /nonexistent -s /usr/sbin/nologin svc 2>/dev/null
useradd -m mallory 2>/dev/null
useradd -m victim 2>/dev/null
FAILED=0
# unit NAME < TEXT: /etc/systemd/system/NAME, `.service` added where NAME has no dot
unit() { local name=$1; case $name in *.*) ;; *) name=$name.service;; esac; cat > "/etc/systemd/system/$name"; }
# script NAME: an init script that is a comment header
script() { printf '#!/usr/sbin/amr initd\n# chkconfig: 2345 90 10\n# description: %s\n' "$1" > "/etc/init.d/$1"; chmod 755 "/etc/init.d/$1"; }
# as USER COMMAND...: as that user, without any privilege
as() { local u=$1; shift; setpriv --reuid "$u" --regid "$u" --clear-groups --inh-caps=-all "$@"; }
log_of() { cat "/var/log/amr-units/$1.service.log" 2>/dev/null; }
# until_ok SECONDS COMMAND...: waits for a condition, with a deadline
until_ok() { local end=$((SECONDS + $1)); shift; until "$@" >/dev/null 2>&1; do [ $SECONDS -lt $end ] || return 1; sleep 0.05; done; }
# child_of UNIT: what its supervisor has started
child_of() { pgrep -P "$(amr show -p SupervisorPID --value "$1")"; }
ok() { echo "ok - $*"; }
bad() { echo "not ok - $*"; FAILED=1; }
# right WHAT COMMAND...: the command must succeed; wrong WHAT COMMAND...: it must fail
right() { local what=$1; shift; local out; if out=$("$@" 2>&1); then ok "$what"; else bad "$what: $out"; fi; }
wrong() { local what=$1; shift; if "$@" >/dev/null 2>&1; then bad "$what"; else ok "$what"; fi; }
# same GOT WANTED WHAT
same() { if [ "$1" = "$2" ]; then ok "$3"; else bad "$3: got '$1', wanted '$2'"; fi; }
# ends_with_its_supervisor UNIT START: a process that waits before exec, while the command START waits for it
ends_with_its_supervisor() {
    local waiting; waiting=$(child_of "$1")
    kill -9 "$(amr show -p SupervisorPID --value "$1")"
    right "the start ends" until_ok 5 sh -c "! kill -0 $2"
    right "and the process that waited" until_ok 5 sh -c "! kill -0 $waiting"
    timeout 5 amr status "$1" >/dev/null; same "$?" 3 "status says that it does not run"
    right "a stop ends" timeout 5 amr stop "$1"
}
# Each case ends with this.
finish() { exit $FAILED; }
