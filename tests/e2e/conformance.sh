#!/bin/bash
# Runs tests/conformance in SysV hosts with amr as the program, half of the cases in each of two. What passes
# is listed in tests/conformance/passes and may not shrink; a case that passes and is not listed is to be added.
# Usage: conformance.sh [nocgroup]    processes are told apart by a hierarchy of amr's own, or without any
. "$(dirname "$0")/lib.sh"
[ "${1:-}" = nocgroup ] || export AMRBOX_OWN=1
out=$(mktemp -d); trap 'rm -rf "$out"' EXIT
at_runlevel() { box exec runlevel 2>/dev/null | grep -q 'N 2'; }
run() {
    box exec env CONF_BOX=1 CONF_SYSTEMCTL=/usr/sbin/amr python3 /root/conformance/run.py \
        --check /root/conformance/expected-252.json "$@" || :
}
half() (   # NAME CASE...
    host "amr-conformance-$1-$$" sysv; shift
    cp -r "$REPO/tests/conformance" "$r/root/conformance"
    # the runner needs the real interpreter, which install_amr replaced by a stand-in
    rm -f "$r/usr/bin/python3"; cp -P "$AMRBOX_TREE"/base/usr/bin/python3* "$r/usr/bin/"
    box boot /sbin/init
    until_ok 30 at_runlevel || fail "no runlevel 2"
    run "$@" > "$out/$n.1"
    again=$(sed -n 's/^\(c[0-9]*\) FAIL.*/\1/p' "$out/$n.1")
    # times are compared in buckets: a failed case may run once more
    # shellcheck disable=SC2086
    [ -z "$again" ] || run $again > "$out/$n.2"
)
mapfile -t all < <(cd "$REPO/tests/conformance/units" && printf '%s\n' *.service | cut -c1-3 | sort -u)
one=() two=()
for c in "${all[@]}"; do case $c in *[02468]) one+=("$c");; *) two+=("$c");; esac; done
half one "${one[@]}" & first=$!
half two "${two[@]}"; wait $first

passed=$(sed -n 's/^\(c[0-9]*\) ok$/\1/p' "$out"/* | sort -u)
missing=$(comm -13 <(echo "$passed") "$REPO/tests/conformance/passes")
extra=$(comm -23 <(echo "$passed") "$REPO/tests/conformance/passes")
if [ -n "$missing" ]; then
    cat "$out"/* | grep -A2 FAIL | sed 's/^/#   /' || :
    echo "not ok - no longer as systemd 252: ${missing//$'\n'/ }"; exit 1
fi
[ -z "$extra" ] || note "passes and is not listed in tests/conformance/passes: ${extra//$'\n'/ }"
ok "${1:-with cgroups}: $(wc -w <<< "$passed") of ${#all[@]} cases exactly as systemd 252"
