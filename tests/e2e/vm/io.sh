. /lab/hostile/prelude.sh
# Reading and writing of block devices on the unified hierarchy: what the kernel is told, and that a service is slowed.
G=/sys/fs/cgroup/amr
says() { amr show "$1" -p "$2" --value; }
of() { cat "$G/$1.service/$2"; }
insmod /lab/brd.ko rd_nr=2 rd_size=8192
right "a disk in memory" test -b /dev/ram0
numbers=$(printf '%d:%d' "0x$(stat -c %t /dev/ram0)" "0x$(stat -c %T /dev/ram0)")

unit slow << 'U'
[Service]
Type=oneshot
RemainAfterExit=yes
IOAccounting=yes
IOWeight=200
IOReadBandwidthMax=/dev/ram0 1M
IOWriteBandwidthMax=/dev/ram0 5M
IOWriteIOPSMax=/dev/ram0 70
ExecStart=/bin/dd if=/dev/ram0 of=/dev/null bs=64k count=48 iflag=direct
U
begin=$(date +%s%N)
right "start" amr start slow
took=$(( ($(date +%s%N) - begin) / 1000000 ))
right "3 MiB at 1 MB/s take three seconds: $took ms" test "$took" -gt 2500
same "$(of slow io.max)" "$numbers rbps=1000000 wbps=5000000 riops=max wiops=70" "io.max"
same "$(of slow io.weight)" "default 200" "io.weight"
wrong "nothing is said not to be applied" grep -q 'not applied' <<< "$(amr status slow)"
right "IOReadBytes: $(says slow IOReadBytes)" test "$(says slow IOReadBytes)" -ge 3145728
right "and IOReadOperations: $(says slow IOReadOperations)" test "$(says slow IOReadOperations)" -ge 48
right "stop" amr stop slow

unit older << 'U'
[Service]
BlockIOAccounting=yes
BlockIOWeight=250
BlockIOReadBandwidth=/dev/ram0 1M
BlockIOWriteBandwidth=/dev/ram0 2M
ExecStart=/bin/sleep 1000
U
right "start of a unit in the older words" amr start older
same "$(of older io.max)" "$numbers rbps=1000000 wbps=2000000 riops=max wiops=max" "bandwidths are io.max"
same "$(of older io.weight)" "default 50" "BlockIOWeight= in the terms of io.weight"
right "stop" amr stop older

# The cost model has weights of devices that are more than memory; ram0 is none of them, and that is said.
for line in "IODeviceWeight=/dev/ram0 300" "BlockIODeviceWeight=/dev/ram1 500"; do
    { printf '[Service]\nExecStart=/bin/sleep 1000\n%s\n' "$line"; } | unit device
    right "start with $line" amr restart device
    if [ "$(of device io.weight | wc -l)" = 1 ]; then right "that is said not to be had" grep -q "$line is not applied: " <<< "$(amr status device)"
    else right "it is the kernel's" grep -q '^1:[01] [13]00$' <<< "$(of device io.weight)"; fi
done
right "stop" amr stop device

unit odd << 'U'
[Service]
IOReadBandwidthMax=/dev/nothing 1M
IOReadIOPSMax=/proc 5
IODeviceLatencyTargetSec=/dev/ram0 10ms
ExecStart=/bin/sleep 1000
U
right "a unit whose limits cannot be had runs" amr start odd
status=$(amr status odd)
for said in "IOReadBandwidthMax=/dev/nothing 1000000 is not applied: .*No such file" "IOReadIOPSMax=/proc 5 is not applied: no block device is behind '/proc'" \
    'IODeviceLatencyTargetSec=/dev/ram0 10ms is not applied: this kernel has no io.latency'; do
    right "and says '$said'" grep -q "$said" <<< "$status"
done
right "stop" amr stop odd
finish
