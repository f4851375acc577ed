. /lab/hostile/prelude.sh
# A caller with little address space: root raises the limit and its supervisor has none; nobody dies without a word.
script stays
unit stays <<< $'[Service]\nExecStart=/bin/sleep 1000'
# What the kernel needs to load the program at all, in KiB: its segments, and the stack with the arguments.
loads=$(readelf -lW /usr/sbin/amr | awk '$1 == "LOAD" { print $6 }' | while read -r size; do echo $((size)); done | paste -sd+ | bc)
least=$((loads / 1024 + 300))
for more in 0 50 100 200 400 800 2000 10000; do
    out=$( (ulimit -v $((least + more)); exec /etc/init.d/stays start) 2>&1); rc=$?
    if (( 0x$(sed -n 's/^CapEff:\t//p' /proc/self/status) >> 24 & 1 )); then
        same "$rc" 0 "root starts it with $((least + more)) KiB: $out"
        S=$(amr show stays -p SupervisorPID --value)
        same "$(sed -n 's/^Max address space *\([^ ]*\).*/\1/p' "/proc/$S/limits")" unlimited "and its supervisor has all there is"
        right "stop" amr stop stays
    else
        same "$rc" 1 "root that may not raise it is refused with $((least + more)) KiB"
        right "and told why: $out" grep -qE "limits? on" <<< "$out"
    fi
done
# Nobody else may raise it: a word, and no core.
for more in 0 50 100 200 400 800 2000 10000; do
    out=$(as mallory bash -c "ulimit -v $((least + more)); exec /usr/sbin/amr status stays" 2>&1); rc=$?
    right "an ordinary user with $((least + more)) KiB gets an answer: $rc $out" test -n "$out" -a "$rc" -lt 126
done
finish
