. /lab/hostile/prelude.sh
# What the processes of a unit may use together, seen from inside, on the hierarchies of cgroup v1 that this kernel
# has: each controller in its own. Where they cannot be had it is said, and the unit runs.
G=/sys/fs/cgroup own=limits$RANDOM$RANDOM
says() { amr show "$1" -p "$2" --value; }
left_out() { amr status "$1" | grep -F "$2"; }
# unlimited: no hierarchy with a controller is there.
unit "$own-a" << U
[Service]
MemoryMax=64M
CPUQuota=20%
TasksMax=10
ExecStart=/bin/sleep 1000
U
right "a unit whose limits cannot be had runs" amr start "$own-a"
for said in 'MemoryMax=64M is not applied: no mounted hierarchy has the memory controller' \
    'CPUQuota=20% is not applied: no mounted hierarchy has the cpu controller' 'TasksMax=10 is not applied: '; do
    right "and says '$said'" left_out "$own-a" "$said"
done
same "$(amr status "$own-a" | grep -c 'CPUQuota=.*is not applied')" 1 "each once"
right "stop" amr stop "$own-a"
if ! grep -qP '^memory\t[1-9]' /proc/cgroups; then
    echo "# this kernel has its controllers in no hierarchy of v1: nothing else is looked at"
    finish
fi
for c in blkio cpu cpuacct cpuset memory pids; do mkdir -p "$G/$c"; mount -t cgroup -o $c $c "$G/$c" || { rmdir "$G/$c"; continue; }; done
trap 'find $G -depth -path "*/amr/*" -name "limits*" -type d -exec rmdir {} + 2>/dev/null' EXIT
of() { cat "$G/$1/amr/$own-$2.service/$3"; }

unit "$own-m" << U
[Service]
Type=oneshot
MemoryMax=40M
MemoryAccounting=yes
ExecStart=/bin/sh -c "exec 9>/tmp/m; grep -H memory: /proc/self/cgroup; head -c 20M /dev/zero | tail -c 20M | wc -c >&9"
ExecStart=-/bin/sh -c "head -c 200M /dev/zero | tail -c 200M | wc -c >&2"
RemainAfterExit=yes
U
amr start "$own-m"
same "$(cat /tmp/m)" 20971520 "20 MiB fit into MemoryMax=40M"
same "$(of memory m memory.limit_in_bytes)" 41943040 "of which the kernel knows"
right "200 MiB do not: the kernel has ended somebody" test "$(of memory m memory.failcnt)" -gt 0
peak=$(says "$own-m" MemoryPeak)
right "show has the peak: $peak" test "$peak" -gt 20971520 -a "$peak" -le 41943040
right "and status the memory" grep -q '^ *Memory: .*peak' <<< "$(amr status "$own-m")"
right "stop" amr stop "$own-m"
wrong "after which its groups are gone" test -e "$G/memory/amr/$own-m.service"

unit "$own-k" << U
[Service]
MemoryLimit=40M
ExecStart=/usr/bin/tail -n 1 /dev/zero
U
amr start "$own-k"
is_over() { [ "$(says "$own-k" ActiveState)" = failed ]; }
until_ok 60 is_over
same "$(says "$own-k" Result)" oom-kill "the main process that MemoryLimit= ends was ended by the OOM killer"

unit "$own-c" << U
[Service]
CPUQuota=20%
CPUQuotaPeriodSec=50ms
CPUWeight=200
CPUAccounting=yes
ExecStart=/bin/sh -c "while :; do :; done"
U
amr start "$own-c"; sleep 2
used=$(( $(says "$own-c" CPUUsageNSec) / 1000000 ))
right "in two seconds CPUQuota=20% has not used one second: $used ms" test "$used" -gt 0 -a "$used" -lt 1000
same "$(of cpu c cpu.cfs_period_us) $(of cpu c cpu.cfs_quota_us) $(of cpu c cpu.shares)" "50000 10000 2048" "CPUQuotaPeriodSec= and CPUWeight= reach the kernel"
right "stop" amr stop "$own-c"
unit "$own-s" << U
[Service]
CPUShares=512
AllowedCPUs=0
AllowedMemoryNodes=0
ExecStart=/bin/sh -c "grep Cpus_allowed_list: /proc/self/status > /tmp/s; exec sleep 1000"
U
amr start "$own-s"; until_ok 10 test -s /tmp/s
same "$(of cpu s cpu.shares)" 512 "CPUShares="
same "$(cat /tmp/s)" $'Cpus_allowed_list:\t0' "AllowedCPUs= is all the service sees"
same "$(of cpuset s cpuset.mems)" 0 "AllowedMemoryNodes="
right "stop" amr stop "$own-s"

unit "$own-t" << U
[Service]
TasksMax=8
TasksAccounting=yes
ExecStart=/bin/bash -c "for n in {1..20}; do sleep 1000 & done 2>/tmp/t; wait"
U
amr start "$own-t"; until_ok 20 grep -q -i 'resource' /tmp/t
right "TasksMax=8 lets no ninth in" grep -q 'fork' /tmp/t
right "and is counted: $(says "$own-t" TasksCurrent)" test "$(says "$own-t" TasksCurrent)" -le 8
right "it is stopped with all of its tasks" amr stop "$own-t"
wrong "and its groups are gone" test -e "$G/pids/amr/$own-t.service"

disk=$(awk '$3 > 8192 { print "/dev/" $4 }' /proc/partitions | head -n 1) big=$(find /usr/lib /usr/bin -type f -size +4M | head -n 1)
if [ ! -b "$disk" ] || [ -z "$big" ] || ! mountpoint -q "$G/blkio"; then echo "# no disk, or no blkio controller: no limits of either are looked at"
else
    unit "$own-b" << U
[Service]
Type=oneshot
RemainAfterExit=yes
IOAccounting=yes
IOReadBandwidthMax=$disk 1M
IOWriteIOPSMax=$disk 70
ExecStart=/bin/dd if=$big of=/dev/null bs=64k count=48 iflag=direct
U
    begin=$(date +%s%N); right "start" amr start "$own-b"
    took=$(( ($(date +%s%N) - begin) / 1000000 ))
    right "3 MiB from $disk at 1 MB/s take three seconds: $took ms" test "$took" -gt 2500
    same "$(of blkio b blkio.throttle.write_iops_device | cut -d' ' -f2)" 70 "IOWriteIOPSMax="
    right "IOReadBytes: $(says "$own-b" IOReadBytes)" test "$(says "$own-b" IOReadBytes)" -ge 3145728
    right "stop" amr stop "$own-b"
fi

# What only the unified hierarchy has.
unit "$own-h" << U
[Service]
MemoryHigh=32M
MemoryLow=1M
MemoryMin=1M
MemorySwapMax=0
ExecStart=/bin/sleep 1000
U
amr start "$own-h"
for said in MemoryHigh=32M MemoryLow=1M MemoryMin=1M MemorySwapMax=0; do
    right "$said is said not to be had here" left_out "$own-h" "$said is not applied: the memory controller of cgroup v1 has no such limit"
done
# Its supervisor is lost: the next one knows the groups, and a stop removes them.
kill -9 "$(says "$own-h" SupervisorPID)"
right "stop after the loss of the supervisor" amr stop "$own-h"
same "$(find "$G" -path "*/amr/$own-h.service" -type d)" "" "and no group is left"
finish
