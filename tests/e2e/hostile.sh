#!/bin/bash
# What a hostile local user, a lost supervisor or a hostile caller may try: each case of tests/e2e/hostile in a
# throw-away copy of the host (lab.sh), and what is right.
# Usage: hostile.sh [NAME]...     all of them, or those named (`hostile/NAME.sh`)
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/hostile" || exit 1
names=("$@"); [ $# -gt 0 ] || mapfile -t names < <(for f in *.sh; do case $f in prelude.sh|tools.sh) ;; *) basename "$f" .sh;; esac; done)
failed=0
for name in "${names[@]}"; do
    rc=0; out=$(timeout 300 "$here/lab.sh" "$here/hostile/$name.sh" 2>&1 </dev/null) || rc=$?
    if [ $rc = 0 ]; then echo "ok - $name: $(grep -c '^ok' <<< "$out") looks"
    else echo "not ok - $name (code $rc)"; sed 's/^/#   /' <<< "$out"; failed=1; fi
done
exit $failed
