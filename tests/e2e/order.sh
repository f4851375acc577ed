#!/bin/bash
# What `amr order` predicts of a shutdown, held against what then really ran; and insserv's numbers
# against those of `amr chkconfig` for the same scripts.
# Usage: AMR_BIN=/path/of/static/amr order.sh [insserv|numbers|rhel6|systemd ...]
# shellcheck disable=SC2154
. "$(dirname "$0")/lib.sh"

# NAME HEADER-NUMBERS NEEDS [none]: an init.d script that starts a daemon, keeps RHEL's lock file (unless
# `none`) and notes the begin and the end of its stop.
script() {
    cat > "$d/init.d/$1" <<S
#!/bin/sh
### BEGIN INIT INFO
# Provides: $1
# Required-Start: \$remote_fs $3
# Required-Stop: \$remote_fs $3
# Default-Start: 2 3 4 5
# Default-Stop: 0 1 6
# Short-Description: $1
### END INIT INFO
# chkconfig: 2345 $2
note() { echo "$1 \$*" >> /var/log/events; sync -f /var/log/events; }
case \$1 in
start) if [ -d /var/lock/subsys ] && [ "${4:-}" != none ]; then touch /var/lock/subsys/$1; fi; note start ;;
stop) note stop; sleep 0.2; rm -f /var/lock/subsys/$1; note stopped ;;
esac
S
    chmod 755 "$d/init.d/$1"
}
link() { for l in $1; do ln -s "../init.d/$2" "$d/rc$l.d/$3$2"; done; }

# The steps that stop one of OURS, as `name` lines, and the pairs `before NAME NAME`.
predicted() {
    box exec amr order --shutdown --all --json --needs 1min 2>/dev/null > "$AMRBOX_DIR/$n/order.json" || :
    python3 - "$AMRBOX_DIR/$n/order.json" "$@" <<'P'
import json, sys
plan = json.load(open(sys.argv[1]))
ours = sys.argv[2:]
serial = "systemd" not in plan["init"] and "dependencies" not in plan["init"]
steps = {s["number"]: s for s in plan["steps"] if s["runs"]}
mine = [s for s in steps.values() if s["act"] == "stop" and s["name"] in ours]
def before(s):
    seen, todo = set(), [w["on"] for w in s["waits"]]
    while todo:
        at = todo.pop()
        if at not in seen and at in steps:
            seen.add(at)
            todo += [w["on"] for w in steps[at]["waits"]]
    return seen
for s in mine:
    print("runs", s["name"])
for b in mine:
    for a in mine:
        if a["number"] < b["number"] if serial else a["number"] in before(b):
            print("before", a["name"], b["name"])
P
}

# Holds the prediction against /var/log/events.
compare() {
    python3 - "$AMRBOX_DIR/$n/predicted" "$r/var/log/events" <<'P'
import sys
lines = [l.split() for l in open(sys.argv[1])]
events = [l.split() for l in open(sys.argv[2])]
at = {}
for i, (name, what) in enumerate(events):
    at.setdefault((name, what), i)
runs = sorted(l[1] for l in lines if l[0] == "runs")
ran = sorted(name for (name, what) in at if what == "stop")
bad = [] if runs == ran else [f"predicted {runs}, ran {ran}"]
pairs = [l[1:] for l in lines if l[0] == "before"]
for a, b in pairs:
    if not (a, "stopped") in at or not (b, "stop") in at or at[(a, "stopped")] > at[(b, "stop")]:
        bad.append(f"{a} was to end before {b} begins")
print(f"{len(runs)} stopped, {len(pairs)} pairs in order" if not bad else "; ".join(bad))
sys.exit(bool(bad) or not runs or not pairs)
P
}

down() {   # OURS...: predicts, shuts down, compares
    predicted "$@" > "$AMRBOX_DIR/$n/predicted"
    [ -s "$AMRBOX_DIR/$n/predicted" ] || fail "$flavour: no prediction: $(box exec amr order --shutdown --needs 1min 2>&1 | head -5)"
    : > "$r/var/log/events"
    box exec "${halt[@]}" || :
    same "$(box wait 90)" halted "$flavour: the box"
    said=$(compare) || { sed 's/^/#   /' "$r/var/log/events"; fail "$flavour: $said"; }
    ok "$flavour: as predicted: $said"
}

numbers_agree() {   # SCRIPT...: insserv's links and ours, from the same folder
    local t="$AMRBOX_DIR/$n/tree"
    rm -rf "$t"; mkdir -p "$t"
    cp -a "$r/etc" "$t/"
    for s in "$@"; do "$AMR_BIN" --root "$t" chkconfig --add "$s" 2>/dev/null; chroot "$r" update-rc.d "$s" defaults; done
    diff <(cd "$t/etc" && find rc?.d -type l | sort) <(cd "$r/etc" && find rc?.d -type l | sort) \
        > "$AMRBOX_DIR/$n/links.diff" || { sed 's/^/#   /' "$AMRBOX_DIR/$n/links.diff"; fail "insserv's links are others"; }
    ok "insserv: $(cd "$t/etc" && find rc?.d -type l | wc -l) links have insserv's numbers"
}

sysv() {
    local layer=sysv rl=2
    d=etc
    [ "$flavour" = rhel6 ] && { layer=rhel6 d=etc/rc.d rl=3; }
    n=order-$flavour-$$
    box new "$layer"
    r=$(box root) d=$r/$d
    install -D -m 755 "$AMR_BIN" "$r/usr/sbin/amr"
    if [ "$flavour" = rhel6 ]; then
        # as on RHEL 6: /etc/init.d and /etc/rcN.d are links into rc.d
        rm -rf "$r/etc/init.d" "$r"/etc/rc?.d
        ln -s rc.d/init.d "$r/etc/init.d"
        for l in 0 1 2 3 4 5 6; do ln -s "rc.d/rc$l.d" "$r/etc/rc$l.d"; done
        rm -f "$r/etc/os-release"; printf 'ID="amzn"\nID_LIKE="rhel fedora"\n' > "$r/etc/os-release"
    fi
    script filebeat "98 40" ""; script shutdown-filebeat "99 30" filebeat; script web "85 15" shutdown-filebeat
    script nolock "90 35" filebeat none; script late "97 10" ""
    local all=(filebeat shutdown-filebeat web nolock late)
    case $flavour in
    insserv) numbers_agree "${all[@]}" ;;
    numbers)
        touch "$r/etc/init.d/.legacy-bootordering"
        link 2 filebeat S80; link 2 shutdown-filebeat S81; link 2 web S85; link 2 nolock S90; link 2 late S97
        link "0 6" web K01; link "0 6" shutdown-filebeat K02; link "0 6" nolock K03; link "0 6" filebeat K04
        # insserv's K01sendsigs kills every process: Debian's own scripts go behind ours
        for l in 0 6; do for s in "$d/rc$l.d"/K0[1-9]*; do
            x=${s##*/}
            case $x in *filebeat|*web|*nolock) ;; *) mv "$s" "${s%/*}/K9${x#K0}" ;; esac
        done; done ;;
    rhel6)
        for s in "${all[@]}"; do "$AMR_BIN" --root "$r" chkconfig --add "$s" 2>/dev/null; done
        # set up by hand as people do: a K link that is missing, and an older one that runs first
        rm -f "$d"/rc0.d/K*late; link 0 web K02
        ls "$d/rc0.d" | tr '\n' ' ' | sed 's/^/# rc0.d: /'; echo ;;
    esac
    halt=(/sbin/init 0)
    box boot /sbin/init
    until_ok 60 grep -q 'late start' "$r/var/log/events" || fail "$flavour: no boot"
    until_ok 30 sh -c "'$E2E/amrbox' exec '$n' runlevel | grep -q 'N $rl'" || fail "$flavour: runlevel"
    down "${all[@]}"
}

systemd_host() {
    n=order-systemd-$$
    box new systemd
    r=$(box root)
    install -D -m 755 "$AMR_BIN" "$r/usr/sbin/amr"
    local u=$r/etc/systemd/system s
    cat > "$r/usr/local/bin/note" <<'S'
#!/bin/sh
echo "$*" >> /var/log/events; sync -f /var/log/events
S
    chmod 755 "$r/usr/local/bin/note"
    mkdir -p "$u/multi-user.target.wants"
    unit() {   # NAME UNIT-LINES SERVICE-LINES
        printf '[Unit]\n%b\n[Service]\nType=oneshot\nExecStop=/bin/sh -c "note %s stop; sleep 0.2; note %s stopped"\n%b\n' \
            "$2" "$1" "$1" "$3" > "$u/$1.service"
        ln -s "../$1.service" "$u/multi-user.target.wants/"
    }
    local stays='RemainAfterExit=yes\nExecStart=/bin/true\n'
    unit filebeat 'After=network.target' "$stays"
    unit shutdown-filebeat 'After=filebeat.service\nBefore=web.service' "$stays"
    unit web 'After=network.target' "$stays"
    unit free '' "$stays"
    unit nodefault 'DefaultDependencies=no' "$stays"
    unit conflicts 'DefaultDependencies=no\nConflicts=shutdown.target\nBefore=shutdown.target' "$stays"
    unit never 'ConditionPathExists=/nowhere' "$stays"
    unit starting '' 'ExecStart=/bin/sleep 1000\n'
    rm "$u/multi-user.target.wants/starting.service"
    # An ordinary daemon between the two.
    printf '[Unit]\nAfter=filebeat.service\nBefore=shutdown-filebeat.service\n[Service]\nExecStart=/bin/sleep infinity\nExecStop=/bin/sh -c "note daemon stop; sleep 0.2; note daemon stopped"\n' > "$u/daemon.service"
    ln -s ../daemon.service "$u/multi-user.target.wants/"
    halt=(systemctl poweroff)
    box boot systemd
    box booted 60 > /dev/null || :
    box exec systemctl start --no-block starting.service
    until_ok 20 sh -c "'$E2E/amrbox' exec '$n' systemctl is-active starting.service | grep -q activating" || fail "starting"
    for s in never nodefault starting; do
        box exec amr order --check --hook "$s" --needs 1min > "$AMRBOX_DIR/$n/$s.txt" 2>&1 && fail "--hook $s was called good"
        note "$s: $(head -1 "$AMRBOX_DIR/$n/$s.txt")"
    done
    box exec amr order --check --needs 1min || fail "a good host is called bad"
    ok "systemd: --check tells a good hook from bad ones"
    down filebeat shutdown-filebeat web free nodefault conflicts never starting daemon
}

for flavour in "${@:-insserv numbers rhel6 systemd}"; do
    for flavour in $flavour; do
        trap '[ -n "${KEEP:-}" ] || "$E2E/amrbox" rm "$n"' EXIT
        if [ "$flavour" = systemd ]; then systemd_host; else sysv; fi
        [ -n "${KEEP:-}" ] || "$E2E/amrbox" rm "$n"
        trap - EXIT
    done
done
echo "ok - all ($((SECONDS - STARTED)) s)"
