#!/bin/bash
# Runs tests/conformance on a booted systemd 252 and, at the same time, in SysV hosts with amr as the program,
# half of the cases in each of two hosts, and compares what was observed (tests/conformance/compare.py).
# AMR_BLESS=1 records what systemd does. With `nocgroup` nothing tells processes apart but their parents, and
# amr is compared with the recording.
# Usage: conformance.sh [nocgroup]
. "$(dirname "$0")/lib.sh"
nocgroup=${1:-}
out=$(mktemp -d); trap 'rm -rf "$out"' EXIT
at_runlevel() { box exec runlevel 2>/dev/null | grep -q 'N 2'; }
half() (   # WHO NUMBER
    who=$1
    case $who$nocgroup in amr) export AMRBOX_OWN=1 ;; esac
    case $who in amr) layer=sysv init=/sbin/init ;; *) layer=systemd init=systemd ;; esac
    host "conformance-$who-$2-$$" $layer
    cp -r "$REPO/tests/conformance" "$r/root/conformance"
    # the runner needs the real interpreter, which install_amr replaced by a stand-in
    rm -f "$r/usr/bin/python3"; cp -P "$AMRBOX_TREE"/base/usr/bin/python3* "$r/usr/bin/"
    box boot $init
    if [ $layer = systemd ]; then box booted > /dev/null; else until_ok 30 at_runlevel || fail "no runlevel 2"; fi
    box exec env CONF_BOX=1 CONF_SYSTEMCTL="$who" python3 /root/conformance/run.py --half "$2" \
        --json /root/observed.json --check /root/conformance/expected-252.json > "$out/$who.$2" || :
    cp "$r/root/observed.json" "$out/$who.$2.json" || { cat "$out/$who.$2"; fail "$who: nothing observed"; }
)
both() {   # WHO: OUT/WHO.json
    half "$1" 0 & local first=$!
    half "$1" 1; wait $first
    python3 -c 'import json, sys; json.dump({k: v for f in sys.argv[1:] for k, v in json.load(open(f)).items()}, sys.stdout)' \
        "$out/$1.0.json" "$out/$1.1.json" > "$out/$1.json"
}
systemd=()
if [ -z "$nocgroup" ]; then both systemctl & booted=$!; systemd=("$out/systemctl.json"); fi
both amr
[ -z "$nocgroup" ] || booted=
${booted:+wait "$booted"}
python3 "$REPO/tests/conformance/compare.py" "$REPO/tests/conformance/expected-252.json" "$out/amr.json" "${systemd[@]}"
note "${nocgroup:-with cgroups}: $((SECONDS - STARTED)) s"
