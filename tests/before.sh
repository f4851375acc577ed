#!/bin/bash
# Builds the amr of the release before as that release was built (its own tests/portable.sh), and prints its path:
# what runs on a host whose binary is replaced. Built once, kept by commit below the target folder.
# AMR_BEFORE_BIN names a binary to take instead.
set -euo pipefail
cd "$(dirname "$0")/.."
# A release moves it to the commit of the one before.
before=38842a0
say() { echo "before: $*" >&2; }

[ -z "${AMR_BEFORE_BIN:-}" ] || { echo "$AMR_BEFORE_BIN"; exit; }
if ! commit=$(git rev-parse --verify --quiet "$before^{commit}"); then
    say "error: this clone does not have the commit $before of the release before"
    say "hint: git fetch --unshallow, or name a binary of that release in AMR_BEFORE_BIN"
    exit 2
fi
kept=$(realpath -m "${CARGO_TARGET_DIR:-target}")/before/$commit
if [ ! -x "$kept/amr" ]; then
    # Not below this tree: cargo would take its .cargo/config.toml too.
    work=$(mktemp -d "${TMPDIR:-/var/tmp}/amr-before.XXXXXX")
    mkdir -p "$kept"
    new=$(mktemp -d "$kept/new.XXXXXX")
    trap 'rm -rf "$work" "$new"' EXIT
    mkdir "$work/source"
    git archive "$commit" | tar -x -C "$work/source"
    built=$(CARGO_TARGET_DIR=$work/target "$work/source/tests/portable.sh")
    # In one step: whoever comes meanwhile finds it whole or not at all.
    cp "$built" "$new/amr" && mv "$new/amr" "$kept/amr"
fi
echo "$kept/amr"
