#!/bin/bash
# SIGKILL at each point of a command, its supervisor and their children at which others can see a difference, and each
# call that can fail: whether what is seen afterwards is true, a start brings exactly one process, and a stop leaves none
# (campaign/campaign.py).
# Usage: campaign.sh [-j JOBS]                               whole, in so many labs at a time (the CPUs)
#        campaign.sh -j 1 --seed 7 --seconds 150             a sample
#        campaign.sh --setting '^start notify' --only 'kill supervisor'
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
if [ "$(uname -m)" != x86_64 ] || ! command -v python3 >/dev/null; then
    echo "campaign.sh needs x86_64 and python3" >&2; exit 2
fi
jobs=$(nproc)
if [ "${1:-}" = -j ]; then jobs=$2; shift 2; fi
out=$(mktemp -d); trap 'rm -rf "$out"' EXIT
echo 'exec python3 /lab/campaign/campaign.py "$@"' > "$out/case"
for job in $(seq "$jobs"); do
    "$here/lab.sh" "$out/case" --part "$job/$jobs" "$@" > >(tee "$out/$job") 2>&1 &
    pids+=($!)
done
failed=0
for pid in "${pids[@]}"; do wait "$pid" || failed=1; done
sleep 0.2
echo "=== all of it"
sed -nE 's/^kills: ([0-9]+) of ([0-9]+) hit, ([0-9]+) .*: ([0-9]+) of ([0-9]+) hit, ([0-9]+) .*/\1 \2 \3 \4 \5 \6/p' "$out"/[0-9]* |
    awk '{ for (i = 1; i <= 6; i++) s[i] += $i }
         END { printf "kills: %d of %d hit, %d not recovered; failing calls: %d of %d hit, %d not recovered\n", s[1], s[2], s[3], s[4], s[5], s[6] }'
exit $failed
