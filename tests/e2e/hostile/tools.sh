#!/bin/bash
# Builds the C programs beside this file and of the campaign, each by itself and static, and prints the folder that has
# them.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${AMR_E2E_CACHE:-/var/cache/amr-e2e}
programs=("$here"/*.c "$here"/../campaign/*.c)
out=$cache/hostile-$(cat "${programs[@]}" | sha256sum | cut -c1-8)
mkdir -p "$out"; exec 9>"$out/.lock"; flock 9
for c in "${programs[@]}"; do
    name=$(basename "$c" .c)
    [ -x "$out/$name" ] || { gcc -O2 -static -o "$out/$name.tmp" "$c" && mv "$out/$name.tmp" "$out/$name"; }
done
echo "$out"
