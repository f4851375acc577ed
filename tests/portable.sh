#!/bin/bash
# Builds the release binary for old x86-64 hosts, proves what it needs, and prints its path. Beside it lies
# amr.debug, with the symbols, lines and frames that the binary does not have: gdb finds it by itself and shows the
# whole stack of a core dump.
#   musl: static, no runtime dependency; where its standard library is there or rustup can bring it
#   else glibc 2.17 through cargo-zigbuild (pip install cargo-zigbuild)
# Never a static glibc: it dies of SIGSEGV when NSS wants a module.
set -euo pipefail
cd "$(dirname "$0")/.."
CARGO_TARGET_DIR=$(realpath -m "${CARGO_TARGET_DIR:-target}")
export CARGO_TARGET_DIR
say() { echo "portable: $*" >&2; }

musl=x86_64-unknown-linux-musl
if [ -d "$(rustc --print target-libdir --target $musl 2>/dev/null)" ]; then
    cargo build --release --quiet --target $musl >&2
    bin=$CARGO_TARGET_DIR/$musl/release/amr
    if readelf -lW "$bin" | grep -q INTERP; then say "error: $bin asks for a dynamic linker"; exit 1; fi
    if readelf -dW "$bin" | grep -q NEEDED; then say "error: $bin needs a library"; exit 1; fi
    say "musl, static, needs nothing"
elif command -v cargo-zigbuild >/dev/null; then
    gnu=x86_64-unknown-linux-gnu
    cargo zigbuild --release --quiet --target $gnu.2.17 >&2
    bin=$CARGO_TARGET_DIR/$gnu/release/amr
    max=$(objdump -T "$bin" | grep -oE 'GLIBC_[0-9.]+' | sort -Vu | tail -1)
    [ "$(printf '%s\n' "$max" GLIBC_2.17 | sort -V | tail -1)" = GLIBC_2.17 ] || { say "error: $bin needs $max"; exit 1; }
    if readelf -dW "$bin" | grep NEEDED | grep -vqE 'lib(c|m|dl|rt|pthread)\.so|ld-linux'; then
        say "error: $bin needs another library"; exit 1
    fi
    say "glibc, needs $max"
else
    say "error: neither the target $musl nor cargo-zigbuild is here"
    say "hint: rustup target add $musl, or: pip install cargo-zigbuild"
    exit 1
fi
out=$CARGO_TARGET_DIR/portable
mkdir -p "$out"
objcopy --only-keep-debug "$bin" "$out/amr.debug"
(cd "$out" && objcopy --strip-all --add-gnu-debuglink=amr.debug "$bin" amr)
address=$(nm -C "$bin" | awk '/ [tT] amr::/ && !n++ { print $1 }')
if ! addr2line -e "$out/amr.debug" "$address" | grep -q '/src/'; then
    say "error: $out/amr.debug knows no line of the source"; exit 1
fi
readelf -SW "$out/amr.debug" | grep -q debug_frame || { say "error: $out/amr.debug has no frames"; exit 1; }
bin=$out/amr
size=$(stat -c %s "$bin")
[ "$size" -le 4000000 ] || { say "error: $size bytes are more than the 4 000 000 that the binary may have"; exit 1; }
say "$size bytes"
echo "$bin"
