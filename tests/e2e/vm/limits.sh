. /lab/hostile/prelude.sh
# What the processes of a unit may use together, on the unified hierarchy, seen from inside and in the files of the kernel.
G=/sys/fs/cgroup/amr
says() { amr show "$1" -p "$2" --value; }
of() { cat "$G/$1.service/$2"; }
echo "# Linux $(uname -r): $(cat /sys/fs/cgroup/cgroup.controllers)"
for controller in cpu cpuset io memory pids; do
    right "the kernel has the $controller controller" grep -qw "$controller" /sys/fs/cgroup/cgroup.controllers
done

unit mem << 'U'
[Service]
MemoryMin=1M
MemoryLow=2M
MemoryHigh=200M
MemoryMax=300M
MemorySwapMax=0
MemoryAccounting=yes
ExecStart=/bin/bash -c "grep -H : /proc/self/cgroup > /tmp/mem; head -c 20M /dev/zero > /tmp/twenty; sleep 1000"
U
right "start" amr start mem; until_ok 20 test -s /tmp/mem
same "$(of mem memory.min) $(of mem memory.low) $(of mem memory.high) $(of mem memory.max) $(of mem memory.swap.max)" \
    "1048576 2097152 209715200 314572800 0" "the limits are the kernel's"
same "$(cat /tmp/mem)" "/proc/self/cgroup:0::${G#/sys/fs/cgroup}/mem.service" "and the service is in that group"
wrong "nothing is said not to be applied" grep -q 'not applied' <<< "$(amr status mem)"
twenty() { [ "$(says mem MemoryCurrent)" -gt 20000000 ]; }
right "MemoryCurrent counts the 20 MiB that the service wrote into memory" until_ok 20 twenty
peak=$(says mem MemoryPeak)
right "and MemoryPeak: $peak" test "$peak" -gt 20000000
right "status has the memory" grep -q '^ *Memory: ' <<< "$(amr status mem)"
right "stop" amr stop mem
wrong "after which the group is gone" test -e "$G/mem.service"

unit oom << 'U'
[Service]
MemoryMax=40M
MemorySwapMax=0
ExecStart=/usr/bin/tail -n 1 /dev/zero
U
amr start oom
is_over() { [ "$(says oom ActiveState)" = failed ]; }
right "tail fills the 40 MiB and is ended" until_ok 60 is_over
same "$(says oom Result)" oom-kill "by the OOM killer, and that is said"

unit together << 'U'
[Service]
OOMPolicy=kill
MemoryMax=40M
MemorySwapMax=0
ExecStart=/bin/bash -c "sleep 7601 & sleep 0.5; tail -n 1 /dev/zero; sleep 7601"
U
amr start together
same "$(of together memory.oom.group)" 1 "OOMPolicy=kill: all or none"
together_is_over() { [ "$(says together ActiveState)" = failed ]; }
right "a child fills the 40 MiB, and all are ended" until_ok 60 together_is_over
same "$(says together Result)" oom-kill "by the OOM killer, and that is said"

unit cpu << 'U'
[Service]
CPUQuota=20%
CPUQuotaPeriodSec=50ms
CPUWeight=200
CPUAccounting=yes
ExecStart=/bin/bash -c "while :; do :; done"
U
amr start cpu; sleep 2
used=$(( $(says cpu CPUUsageNSec) / 1000000 ))
right "in two seconds CPUQuota=20% has not used one: $used ms" test "$used" -gt 0 -a "$used" -lt 1000
same "$(of cpu cpu.max), $(of cpu cpu.weight)" "10000 50000, 200" "cpu.max and cpu.weight"
right "stop" amr stop cpu

unit idle << 'U'
[Service]
CPUWeight=idle
ExecStart=/bin/sleep 1000
U
amr start idle
same "$(of idle cpu.idle)" 1 "CPUWeight=idle"
right "stop" amr stop idle

unit set << 'U'
[Service]
AllowedCPUs=1
AllowedMemoryNodes=0
ExecStart=/bin/bash -c "grep Cpus_allowed_list: /proc/self/status > /tmp/set; sleep 1000"
U
amr start set; until_ok 20 test -s /tmp/set
same "$(cat /tmp/set)" $'Cpus_allowed_list:\t1' "AllowedCPUs= is all that the service sees"
same "$(of set cpuset.mems)" 0 "AllowedMemoryNodes="
right "stop" amr stop set

unit tasks << 'U'
[Service]
TasksMax=8
TasksAccounting=yes
ExecStart=/bin/bash -c "for n in {1..20}; do sleep 1000 & done 2>/tmp/tasks; wait"
U
amr start tasks; until_ok 20 grep -q -i resource /tmp/tasks
right "TasksMax=8 lets no ninth in" grep -q fork /tmp/tasks
right "and is counted: $(says tasks TasksCurrent)" test "$(says tasks TasksCurrent)" -le 8
right "it is stopped with all of its tasks" amr stop tasks
wrong "and its group is gone" test -e "$G/tasks.service"

# A limit that is taken back is the kernel's default again; the supervisor that was lost knows the group.
unit back << 'U'
[Service]
MemoryMax=50M
TasksMax=30
ExecStart=/bin/sleep 1000
U
amr start back
same "$(of back memory.max) $(of back pids.max)" "52428800 30" "limits of the first start"
kill -9 "$(says back SupervisorPID)"
right "stop after the loss of the supervisor" amr stop back
wrong "leaves no group" test -e "$G/back.service"
finish
