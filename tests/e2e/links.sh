#!/bin/bash
# `amr chkconfig` and `amr enable` where things go wrong: no space, a file system that cannot be written,
# not root, killed in the middle, two writers at once; and `enable --now`. As root, in a mount namespace
# of its own: a tree of its own lies over /etc.
# Usage: AMR_BIN=/path/of/amr links.sh
set -euo pipefail
: "${AMR_BIN:?AMR_BIN must name the binary under test}"
[ -n "${LINKS_INSIDE:-}" ] || LINKS_INSIDE=1 exec unshare -m --propagation private "$0" "$@"
STARTED=$SECONDS
ok() { echo "ok - $*"; }
fail() { echo "not ok - $*"; exit 1; }

T=$(mktemp -d /tmp/amr-links.XXXXXX)
trap 'cd /; umount "$T/full/etc" 2>/dev/null || :; rm -rf "$T"' EXIT
amr=$T/amr
install -m 755 "$AMR_BIN" "$amr"; chmod 755 "$T"

tree() {   # FOLDER: the /etc of a Red Hat host with three services, nothing linked
    mkdir -p "$1/rc.d/init.d" "$1/chkconfig.d"
    for l in 0 1 2 3 4 5 6; do mkdir "$1/rc.d/rc$l.d"; ln -s "rc.d/rc$l.d" "$1/rc$l.d"; done
    ln -s rc.d/init.d "$1/init.d"
    printf 'ID="amzn"\nID_LIKE="rhel fedora"\n' > "$1/os-release"
    printf 'root:x:0:0::/root:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n' > "$1/passwd"
    for s in web db cache; do
        printf '#!/bin/sh\n# chkconfig: 2345 85 15\n# description: %s\n' $s > "$1/rc.d/init.d/$s"
        chmod 755 "$1/rc.d/init.d/$s"
    done
}
links() { (cd "$1/rc.d" && find . \( -path './rc*' -a ! -type d \) -printf '%p %l\n' | sort); }
says() {   # CODE PATTERN COMMAND...
    local code=0 said want=$1 pattern=$2; shift 2
    said=$("$@" 2>&1) || code=$?
    [ "$code" = "$want" ] || fail "$*: exit code $code, wanted $want: $said"
    grep -q -- "$pattern" <<< "$said" || fail "$*: says '$said', not '$pattern'"
}

# No space: a file system with room for some more links, but not for all of them.
mkdir -p "$T/full/etc"
mount -t tmpfs -o size=1m tmpfs "$T/full/etc"
tree "$T/full/etc"
"$amr" --root "$T/full" chkconfig --add db
sed -i 's/85 15/86 14/' "$T/full/etc/rc.d/init.d/db"
for free in 0 1 2 5 7; do
    inodes=$(($(df --output=iused "$T/full/etc" | tail -1) + free))
    mount -o remount,nr_inodes=$inodes "$T/full/etc"
    links "$T/full/etc" > "$T/before"
    says 1 'No space left on device' "$amr" --root "$T/full" chkconfig --add web
    says 1 'No space left on device' "$amr" --root "$T/full" chkconfig db reset
    links "$T/full/etc" | cmp -s "$T/before" - || fail "with room for $free links something changed"
done
mount -o remount,nr_inodes=1000 "$T/full/etc"
"$amr" --root "$T/full" chkconfig db reset
[ "$(links "$T/full/etc" | grep -cE '/(S86|K14)db ')" = 7 ] || fail "with space again: $(links "$T/full/etc")"
ok "no space: an error, and every link is as it was"

links "$T/full/etc" > "$T/before"
mount -o remount,ro "$T/full/etc"
says 1 'Read-only file system' "$amr" --root "$T/full" chkconfig --add web
says 1 'Read-only file system' "$amr" --root "$T/full" chkconfig --del db
says 0 'db ' "$amr" --root "$T/full" chkconfig --list
links "$T/full/etc" | cmp -s "$T/before" - || fail "something changed"
umount "$T/full/etc"
ok "a read-only file system: an error, and every link is as it was"

# Killed before each single step: every level has its old link or its new one, and the next command repairs.
mkdir -p "$T/kill"; tree "$T/kill/etc"
"$amr" --root "$T/kill" chkconfig --add web
set_numbers() { sed -i "s/chkconfig: .*/chkconfig: 2345 $1 $2/" "$T/kill/etc/rc.d/init.d/web"; }
each_level_has() {   # PATTERN: of the links that are good
    for l in 0 1 2 3 4 5 6; do
        links "$T/kill/etc" | grep -qE "/rc$l.d/($1)web \.\./init\.d/web\$" || fail "level $l, $2: $(links "$T/kill/etc")"
    done
}
if command -v strace > /dev/null; then
    killed=0
    for call in symlinkat renameat unlinkat; do
        for turn in $(seq 50); do
            set_numbers 60 40; "$amr" --root "$T/kill" chkconfig web reset
            set_numbers 61 39
            code=0
            (strace -qq -o /dev/null -e trace=$call -e inject=$call:signal=KILL:when="$turn" \
                "$amr" --root "$T/kill" chkconfig web reset; exit $?) 2>/dev/null || code=$?
            each_level_has 'S60|K40|S61|K39' "killed at $call $turn"
            [ $code = 137 ] || break
            killed=$((killed + 1))
        done
        [ $code = 0 ] || fail "reset: code $code after $killed kills"
        each_level_has 'S61|K39' "not killed"
    done
    [ $killed -ge 28 ] || fail "killed only $killed times: seven links are made, put in place, moved aside and removed"
    [ "$(links "$T/kill/etc" | grep -c '/[SK][0-9][0-9]web ')" = 7 ] || fail "after $killed kills: $(links "$T/kill/etc")"
    [ -z "$(find "$T/kill/etc" -name '.amr-*')" ] || fail "left over: $(find "$T/kill/etc" -name '.amr-*')"
    ok "killed at each of $killed steps: always an old or a new link in each level, seven and nothing else at the end"
else
    ok "left out: kills between steps need strace"
fi

# Writers of several processes at once.
for turn in 1 2 3 4 5 6; do
    for s in web db cache; do "$amr" --root "$T/kill" chkconfig $s "$([ $((turn % 2)) = 0 ] && echo on || echo off)" & done
    "$amr" --root "$T/kill" chkconfig web reset &
done
wait
for s in web db cache; do "$amr" --root "$T/kill" chkconfig $s reset; done
[ "$(links "$T/kill/etc" | grep -c '/[SK][0-9][0-9]')" = 21 ] || fail "$(links "$T/kill/etc")"
[ -z "$(find "$T/kill/etc" -name '*lock*')" ] || fail "a lock file is left over"
ok "24 writers at once: one link for each service and level"

# Not root, on the host itself.
tree "$T/etc"; chmod 755 "$T/etc"
mount --bind "$T/etc" /etc
anyone() { setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; }
says 1 'You do not have enough privileges to perform this operation.' anyone "$amr" chkconfig web on
says 4 'only root may' anyone "$amr" enable web
[ -z "$(links "$T/etc")" ] || fail "links without privilege: $(links "$T/etc")"
"$amr" chkconfig web on
says 0 '^web .*3:on' anyone "$amr" chkconfig --list web
umount /etc
ok "not root: refused, nothing changed; the table is for all"

# enable --now: links and a running service; disable --now: neither.
mkdir -p "$T/now/etc/systemd/system" "$T/now/run" "$T/now/var/log" "$T/now/var/lock/subsys" "$T/now/tmp"
tree "$T/now/etc"; printf 'root:x:0:\n' > "$T/now/etc/group"
printf '[Service]\nExecStart=/bin/sleep 1000\n[Install]\nWantedBy=multi-user.target\n' > "$T/now/etc/systemd/system/nap.service"
"$amr" --root "$T/now" enable --now nap
says 0 '^active$' "$amr" --root "$T/now" is-active nap
says 0 '^enabled$' "$amr" --root "$T/now" is-enabled nap
[ "$(links "$T/now/etc" | grep -c '/S[0-9][0-9]nap ')" = 4 ] || fail "$(links "$T/now/etc")"
"$amr" --root "$T/now" disable --now nap
says 3 '^inactive$' "$amr" --root "$T/now" is-active nap
says 1 '^disabled$' "$amr" --root "$T/now" is-enabled nap
ok "enable --now starts and links, disable --now stops and unlinks"
echo "ok - all ($((SECONDS - STARTED)) s)"
