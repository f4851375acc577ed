#!/bin/bash
# A throw-away copy of this host for one case: an overlay of / with mount, pid, ipc, network (loopback only),
# cgroup and uts namespaces of its own, no init, and amr in /usr/sbin. Nothing that is done in it stays.
#
#   lab.sh CASE [ARG]...     runs the script CASE in it, as root; its exit code is the case's
#
# AMR_BIN is the static binary; AMR_BEFORE_BIN, where it is set, lies in it as /lab/before. LAB_CG=v2 | none says
# whether there is a cgroup hierarchy to use; with v1 amr mounts its own. A case is a bash script; it may use what
# tests/e2e/hostile/prelude.sh has.
set -euo pipefail
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
export AMR_BIN=${AMR_BIN:?AMR_BIN must name the static binary under test (tests/portable.sh prints it)}
export LAB_CG=${LAB_CG:-v2} LAB_E2E=$HERE
export LAB_TOOLS=${LAB_TOOLS:-$("$HERE/hostile/tools.sh")}
# A group of its own, named by this process: labs at the same time would meet in that of amr. What ended ones left goes
# first, and only theirs: a group that is empty for a moment may be one that a service is about to enter.
groups=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
if [ -w "$groups" ]; then
    for old in "$groups"/amr-lab-*; do
        [ ! -d "$old" ] || [ -d "/proc/${old##*-}" ] || find "$old" -depth -type d -exec rmdir {} + 2>/dev/null || :
    done
    mkdir -p "$groups/amr-lab-$$" && echo $$ > "$groups/amr-lab-$$/cgroup.procs"
fi
exec unshare -m -p -f -i -n -u -C --kill-child --propagation private bash -c '
set -e
lab=$(mktemp -d /tmp/amr-lab.XXXXXX)
mount -t tmpfs -o size=4g lab "$lab"; mkdir "$lab"/{up,work,root}; m=$lab/root
mount -t overlay lab -o "lowerdir=/,upperdir=$lab/up,workdir=$lab/work" "$m"
mount -t proc proc "$m/proc"
mount --bind /dev "$m/dev"; mount --bind /dev/null "$m/dev/kmsg" 2>/dev/null || :
mount -t tmpfs -o mode=755 run "$m/run"; mount -t tmpfs -o mode=1777 tmp "$m/tmp"
mount -t tmpfs sys "$m/sys"; mkdir -p "$m/sys/fs/cgroup"
[ "$LAB_CG" != v2 ] || mount -t cgroup2 cgroup "$m/sys/fs/cgroup" 2>/dev/null || :
mkdir -p "$m/run/lock/subsys" "$m/etc/systemd/system" "$m/etc/init.d" "$m/lab"
for l in lock run; do [ -L "$m/var/$l" ] || { rm -rf "$m/var/$l"; ln -s "/run${l#run}" "$m/var/$l"; }; done
rm -f "$m/var/lock"; ln -s /run/lock "$m/var/lock"
rm -rf "$m/var/log/amr-units" "$m/etc/systemd/system"; mkdir -p "$m/etc/systemd/system"
cp "$AMR_BIN" "$m/usr/sbin/amr"; chmod 755 "$m/usr/sbin/amr"
[ -z "${AMR_BEFORE_BIN:-}" ] || cp "$AMR_BEFORE_BIN" "$m/lab/before"
cp -r "$LAB_E2E"/hostile "$LAB_E2E"/campaign "$m/lab"; cp -r "$LAB_TOOLS" "$m/lab/bin"; chmod -R go+rX "$m/lab"
cp "$1" "$m/lab/case"; shift
ip link set lo up 2>/dev/null || :
cd "$m"
exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=dumb LAB_CG="$LAB_CG" chroot . /bin/bash /lab/case "$@"
' lab "$@"
