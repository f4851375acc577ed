#!/bin/bash
# Runs tests/conformance in a SysV host with amr as the program. What passes is listed in
# tests/conformance/passes and may not shrink; a case that passes and is not listed is to be added.
. "$(dirname "$0")/lib.sh"
host "amr-conformance-$$" sysv
cp -r "$REPO/tests/conformance" "$r/root/conformance"
# the runner needs the real interpreter, which install_amr replaced by a stand-in
cp "$AMRBOX_TREE"/base/usr/bin/python3* "$r/usr/bin/" 2>/dev/null || cp -P "$AMRBOX_TREE"/base/usr/bin/python3* "$r/usr/bin/"
box boot /sbin/init
at_runlevel() { box exec runlevel 2>/dev/null | grep -q 'N 2'; }
until_ok 30 at_runlevel || fail "no runlevel 2"
run() { box exec env CONF_BOX=1 CONF_SYSTEMCTL=/usr/sbin/amr python3 /root/conformance/run.py --check /root/conformance/expected-252.json "$@"; }
run > "$AMRBOX_DIR/$n/first.out" 2>&1 || :
again=$(sed -n 's/^\(c[0-9]*\) FAIL.*/\1/p' "$AMRBOX_DIR/$n/first.out")
# times are compared in buckets: a failed case may run once more
: > "$AMRBOX_DIR/$n/second.out"
# shellcheck disable=SC2086
[ -z "$again" ] || run $again > "$AMRBOX_DIR/$n/second.out" 2>&1 || :
passed=$(sed -n 's/^\(c[0-9]*\) ok$/\1/p' "$AMRBOX_DIR/$n/first.out" "$AMRBOX_DIR/$n/second.out" | sort -u)
cat "$AMRBOX_DIR/$n/second.out" | grep -A2 FAIL || :
count=$(echo "$passed" | grep -c . || :)
missing=$(comm -13 <(echo "$passed") <(sort "$REPO/tests/conformance/passes"))
extra=$(comm -23 <(echo "$passed") <(sort "$REPO/tests/conformance/passes"))
[ -z "$missing" ] || { tail -5 "$AMRBOX_DIR/$n/first.out"; fail "no longer as systemd 252: $(echo $missing)"; }
[ -z "$extra" ] || note "passes and is not listed in tests/conformance/passes: $(echo $extra)"
ok "$count of 59 cases exactly as systemd 252"
