#!/bin/bash
# What needs a kernel of its own: Debian's, with the unified hierarchy and all of its controllers, in QEMU. Each case of
# tests/e2e/vm runs as the only process of a machine whose root is in its memory; the words are those of
# tests/e2e/hostile/prelude.sh.
# Usage: vm.sh [NAME]...     all of them, or those named (`vm/NAME.sh`)
# Needs: qemu-system-x86_64, cpio, kmod and apt-get; no network in the machine, no disk, no /dev/kvm, which is not trusted to work
# where it is there (AMR_VM_ACCEL=kvm takes it).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
AMR_BIN=${AMR_BIN:?AMR_BIN must name the static binary under test (tests/portable.sh prints it)}
cache=${AMR_E2E_CACHE:-/var/cache/amr-e2e}; mkdir -p "$cache"
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT

# The kernel, and the one module that cases need: disks in memory. Once.
package=$(apt-cache depends linux-image-cloud-amd64 | awk '/Depends: linux-image/ { print $2; exit }')
kernel=$cache/vmlinuz-${package:?apt-get knows no linux-image-cloud-amd64}
if [ ! -s "$kernel" ]; then
    (cd "$work" && apt-get download -qq "$package" 2>/dev/null &&
        dpkg-deb --fsys-tarfile "$package"_*.deb | tar -xf - --wildcards './boot/vmlinuz-*' './lib/modules/*/brd.ko*')
    find "$work/lib" -name 'brd.ko*' -exec cp {} "$kernel.brd.ko" \;
    mv "$work"/boot/vmlinuz-* "$kernel.tmp"; mv "$kernel.tmp" "$kernel"
fi

# The root: the programs that cases use, with their libraries, amr and the cases.
root=$work/root
mkdir -p "$root"/{bin,dev,etc/systemd/system,etc/init.d,lab,proc,root,run/lock/subsys,sys,tmp,usr/sbin,var/log}
ln -s bin "$root/sbin"; ln -s ../bin "$root/usr/bin"
ln -s ../run "$root/var/run"; ln -s ../run/lock "$root/var/lock"
cp "$kernel.brd.ko" "$root/lab/brd.ko"
for program in awk bash cat chmod cp date dd false find grep head id insmod kill ln ls mkdir mknod mount mountpoint mv ps rm rmdir sed seq \
               setpriv sh sleep sort stat sync tail test touch tr true umount uname wc; do
    at=$(type -P "$program") || { echo "not ok - there is no $program here" >&2; exit 1; }
    cp -L "$at" "$root/bin/$program"
    ldd "$at" "$AMR_BIN" 2>/dev/null | grep -oE '/(usr/)?lib[^ :]*' || :
done | sort -u > "$work/libraries"
while read -r library; do mkdir -p "$root${library%/*}"; cp -L "$library" "$root$library"; done < "$work/libraries"
cp "$AMR_BIN" "$root/usr/sbin/amr"; chmod 755 "$root/usr/sbin/amr"
cp -r "$here/hostile" "$here/vm" "$root/lab"
cp "$here/../../systemd/amr-cgroups.service" "$root/etc/systemd/system"
printf 'root:x:0:0:root:/root:/bin/sh\nsvc:x:998:998::/nonexistent:/bin/false\n' > "$root/etc/passwd"
printf 'root:x:0:\nsvc:x:998:\n' > "$root/etc/group"
cat > "$root/init" <<'I'
#!/bin/bash
export PATH=/usr/sbin:/bin HOME=/root TERM=dumb
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev; mount -t tmpfs -o mode=755 run /run
mkdir -p /run/lock/subsys
mount -t cgroup2 cgroup /sys/fs/cgroup
name=$(sed -n 's/.*amr\.case=\([^ ]*\).*/\1/p' /proc/cmdline)
code=0; bash "/lab/vm/$name.sh" < /dev/null || code=$?
echo "amr-case-ended $code"
sync; echo b > /proc/sysrq-trigger; sleep 60
I
chmod 755 "$root/init"
(cd "$root" && find . | cpio -o -H newc -R 0:0 --quiet | gzip -1) > "$work/initrd"

accel=${AMR_VM_ACCEL:-tcg,thread=multi}
cpu=qemu64; [ "$accel" != kvm ] || cpu=host
names=("$@"); [ $# -gt 0 ] || mapfile -t names < <(cd "$here/vm"; for f in *.sh; do basename "$f" .sh; done)
failed=0
for name in "${names[@]}"; do
    timeout 240 qemu-system-x86_64 -M pc -accel "$accel" -cpu $cpu -smp 2 -m 768 -nodefaults -no-user-config -no-reboot -display none \
        -serial "file:$work/console" -kernel "$kernel" -initrd "$work/initrd" \
        -append "console=ttyS0 quiet loglevel=3 panic=-1 mitigations=off random.trust_cpu=on rdinit=/init amr.case=$name" \
        </dev/null > "$work/qemu" 2>&1 || { echo "# qemu: $(tail -n 3 "$work/qemu")"; }
    out=$(tr -d '\r' < "$work/console")
    if grep -q '^amr-case-ended 0$' <<< "$out"; then echo "ok - $name ($accel): $(grep -c '^ok' <<< "$out") looks"
    else echo "not ok - $name ($accel)"; sed 's/^/#   /' <<< "$out"; failed=1; fi
done
exit $failed
