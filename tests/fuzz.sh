#!/bin/bash
# A bounded run of every fuzz target: `tests/fuzz.sh [SECONDS]` (8 for each by default, within a minute
# for all). Needs a C++ compiler (libFuzzer is built from source); without one it says that it was left
# out. Prints how many inputs each target ran; a crash leaves its input in target/fuzz/found/.
set -euo pipefail
cd "$(dirname "$0")/../fuzz"
seconds=${1:-8}
if ! c++ --version >/dev/null 2>&1; then
    echo "fuzz targets: left out: c++ is not here"
    exit 0
fi

# What cargo-fuzz passes, without the address sanitizer: the parsers have no unsafe code, and only
# the sanitizer would need the nightly toolchain.
RUSTFLAGS="-Cpasses=sancov-module --cfg fuzzing"
for option in level=4 inline-8bit-counters pc-table trace-compares; do
    RUSTFLAGS+=" -Cllvm-args=-sanitizer-coverage-$option"
done
export RUSTFLAGS CARGO_TARGET_DIR=$PWD/../target/fuzz CARGO_PROFILE_RELEASE_OPT_LEVEL=1
export CARGO_PROFILE_RELEASE_DEBUG_ASSERTIONS=true CARGO_PROFILE_RELEASE_OVERFLOW_CHECKS=true
triple=$(rustc -vV | sed -n 's/^host: //p')
# The target is named so that build scripts are not instrumented.
cargo build --quiet --release --target "$triple"

mkdir -p "$CARGO_TARGET_DIR/found"
failed=0
for source in fuzz_targets/*.rs; do
    name=$(basename "$source" .rs)
    corpus=$CARGO_TARGET_DIR/corpus/$name log=$CARGO_TARGET_DIR/$name.log
    mkdir -p "$corpus"
    if "$CARGO_TARGET_DIR/$triple/release/$name" "$corpus" -max_total_time="$seconds" -max_len=4096 \
        -artifact_prefix="$CARGO_TARGET_DIR/found/$name-" >"$log" 2>&1; then
        echo "$name: $(sed -n 's/^Done \([0-9]*\) runs.*/\1/p' "$log") inputs"
    else
        failed=1
        echo "$name: FAILED"
        tail -n 30 "$log"
    fi
done
exit $failed
