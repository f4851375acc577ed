. /lab/hostile/prelude.sh
# A host that mounts no hierarchy, as the old ones do: amr mounts the controllers where it is told to, each by itself, and never
# one that is in use.
umount /sys/fs/cgroup
row() { amr cgroups | sed -n "s/^$1  *//p"; }
echo "# Linux $(uname -r)"; amr cgroups | sed 's/^/# /'
unit mem << 'U'
[Service]
MemoryMax=30M
ExecStart=/bin/sleep 1000
U
right "start without a hierarchy" amr start mem
right "the limit cannot be applied, and that is said" grep -q "no mounted hierarchy has the memory controller" <<< "$(amr status mem)"
right "stop" amr stop mem
# One that others use: its groups are left when it is mounted no more.
mkdir /tmp/pids; mount -t cgroup -o pids pids /tmp/pids; mkdir /tmp/pids/others; umount /tmp/pids
same "$(row pids)" "in use, but not mounted here" "a controller that others use"
same "$(row memory)" "not mounted; 'amr cgroups --mount' mounts it" "one that is free"
wrong "nobody else may" as svc amr cgroups --mount
amr initd --print amr-cgroups --family redhat > /etc/init.d/amr-cgroups; chmod 755 /etc/init.d/amr-cgroups
right "the boot script does it" /etc/init.d/amr-cgroups start; log_of amr-cgroups > /tmp/said
for controller in cpu cpuacct cpuset blkio memory devices; do
    same "$(grep -c "mounted $controller at /sys/fs/cgroup/$controller\$" /tmp/said) $(row $controller)" "1 /sys/fs/cgroup/$controller" "$controller"
done
wrong "what is in use is left" mountpoint -q /sys/fs/cgroup/pids
same "$(amr cgroups --mount)" "" "once and no more"
right "start" amr start mem
same "$(cat /sys/fs/cgroup/memory/amr/mem.service/memory.limit_in_bytes)" 31457280 "the limit is the kernel's"
wrong "and nothing is left out" grep -q "Left out" <<< "$(amr status mem)"
right "stop" amr stop mem
finish
