. /lab/hostile/prelude.sh
# Whoever may write into a folder that is drained makes it slow to look at, or a file system hangs: `--timeout 3s` ends
# within three and a half seconds, and so do all processes of the command.
mkdir -p /var/lib/filebeat /var/log/app /etc/filebeat /usr/share/filebeat/bin
mount -t tmpfs fb /var/lib/filebeat; mount -t tmpfs -o size=3g logs /var/log/app; chmod 755 /var/lib/filebeat; chown mallory /var/log/app
mkdir -p /var/lib/filebeat/registry/filebeat
printf '{"version":"1"}\n' > /var/lib/filebeat/registry/filebeat/meta.json; : > /var/lib/filebeat/registry/filebeat/log.json
cp /lab/bin/fakebeat /usr/share/filebeat/bin/filebeat
# asks PATTERN...: one input for each, read by a shipper that begins anew
SHIPPER=
asks() {
    [ -z "$SHIPPER" ] || { kill $SHIPPER; wait $SHIPPER 2>/dev/null; }
    { echo filebeat.inputs:; printf -- '- type: log\n  paths: ["%s"]\n' "$@"; } > /etc/filebeat/filebeat.yml
    touch -d 2020-01-01 /etc/filebeat/filebeat.yml
    /usr/share/filebeat/bin/filebeat -c /etc/filebeat/filebeat.yml --path.home /usr/share/filebeat --path.config /etc/filebeat --path.data /var/lib/filebeat & SHIPPER=$!
    until_ok 5 test /usr/share/filebeat/bin/filebeat -ef /proc/$SHIPPER/exe
}
none_drains() { ! pgrep -x amr > /dev/null; }
# in_time WHAT CODES [WORD...]: ends in time, with one of these codes, and leaves nobody behind
in_time() {
    local what=$1 codes=$2 rc=0 start=$EPOCHREALTIME took; shift 2
    timeout -s KILL 60 amr drain filebeat --timeout 3s "$@" > /tmp/out 2>&1 || rc=$?
    took=$(( (${EPOCHREALTIME/./} - ${start/./}) / 1000 ))
    # What the kernel still frees of one that has ended counts for pgrep.
    right "$what: nobody is left behind" until_ok 2 none_drains
    right "$what: $took ms" test $took -le 3500
    case " $codes " in *" $rc "*) ok "$what: code $rc";; *) bad "$what: code $rc, wanted $codes: $(cat /tmp/out)";; esac
}

# Fifty links to the folder itself, and some patterns that look into all folders.
as mallory sh -c 'cd /var/log/app; for i in $(seq 50); do ln -s . l$i; done; echo x > a.log'
for n in 1 6 12; do
    mapfile -t patterns < <(for i in $(seq $n); do echo "/var/log/**/*.x$i"; done)
    asks "${patterns[@]}" '/var/log/app/a.log'
    in_time "links in a circle, $n patterns" "11 13"
done
find /var/log/app -mindepth 1 -delete

# Folders in folders: as many as there is room for, and one that goes deeper than a path can say.
as mallory python3 - <<'P'
import os
def tree(at, depth):
    for i in range(5):
        os.mkdir(f'{at}/{i}')
        if depth: tree(f'{at}/{i}', depth - 1)
tree('/var/log/app', 6)
os.chdir('/var/log/app')
for i in range(3000): os.mkdir('deep'); os.chdir('deep')
P
asks '/var/log/**/*.log' '/var/log/app/*/*/*/*/*/*/*/*.log'
in_time "a hundred thousand folders" "11 13 12 0"
rm -rf /var/log/app/*

# A million names.
as mallory python3 -c "
import os
os.chdir('/var/log/app')
for i in range(1000000): os.close(os.open(f'{i}.log', os.O_CREAT | os.O_WRONLY))"
echo x > /var/log/app/a.log
asks '/var/log/app/*.log'
in_time "a million files" "11 13"
umount /var/log/app; mount -t tmpfs logs /var/log/app; chown mallory /var/log/app

# FIFOs in the place of everything.
mkfifo /var/log/app/a.log /var/log/app/b.log; echo x > /var/log/app/c.log
asks '/var/log/app/*.log'
in_time "a FIFO for a log" 13
for file in /var/lib/filebeat/registry/filebeat/log.json /var/lib/filebeat/registry/filebeat/meta.json /etc/filebeat/filebeat.yml /var/log/filebeat; do
    [ ! -e $file ] || mv $file /tmp/kept
    mkfifo $file
    in_time "a FIFO for $file" "1 11 13"
    rm $file; [ ! -e /tmp/kept ] || mv /tmp/kept $file
done

# A file system that answers nothing: logs, the registry, the configuration. Some refuse whoever is not root.
hang() { "/lab/bin/hangs" "$@" > /tmp/hangs & HANGS=$!; until_ok 5 grep -q mounted /tmp/hangs || bad "no file system of FUSE here: $(cat /tmp/hangs)"; }
unhang() { kill $HANGS; wait $HANGS 2>/dev/null; umount -l "$1"; }
for who in '' allow_other; do
    mkdir -p /var/log/app/hangs
    asks '/var/log/app/*.log' '/var/log/app/hangs/*.log'
    hang /var/log/app/hangs $who
    in_time "logs hang${who:+ for all}" "11 13"
    wrong "logs hang${who:+ for all}: the report is kept" grep -q 'cannot keep a report' /tmp/out
    right "logs hang${who:+ for all}: it is the last one" grep -q '"stage":"final"' "$(ls -t /var/log/amr-drain/drain-*.json | head -n 1)"
    in_time "logs hang${who:+ for all}, at once" "11 13" --once
    unhang /var/log/app/hangs
    asks '/var/log/app/**/*.log' '/var/log/app/*/*.log' '/var/log/app/*/*/*.log' '/var/log/app/hangs/a/*.log' '/var/log/app/hangs/b/*.log'
    hang /var/log/app/hangs $who
    in_time "logs hang${who:+ for all}, by several patterns" "11 13"
    unhang /var/log/app/hangs; rmdir /var/log/app/hangs
    asks '/var/log/app/*.log'
    hang /var/lib/filebeat/registry $who
    in_time "the registry hangs${who:+ for all}" "1 11 13"
    in_time "the registry hangs${who:+ for all}, at once" "1 11" --once
    unhang /var/lib/filebeat/registry
    hang /etc/filebeat $who
    in_time "the configuration hangs${who:+ for all}" "1 11 13"
    in_time "the configuration hangs${who:+ for all}, at once" "1 11" --once
    unhang /etc/filebeat
    hang /usr/share/filebeat $who
    in_time "the program hangs${who:+ for all}" "1 11 13 14"
    in_time "the program hangs${who:+ for all}, at once" "1 11 13 14" --once
    unhang /usr/share/filebeat
    mkdir -p /var/log/amr-drain; hang /var/log/amr-drain $who
    in_time "the reports hang${who:+ for all}" "11 13"
    unhang /var/log/amr-drain
done

# One of its processes stands still.
for which in first last; do
    start=$EPOCHREALTIME; rc=0; : > /tmp/out
    amr drain filebeat --timeout 3s > /tmp/out 2>&1 & drain=$!
    until_ok 2 grep -q waiting /tmp/out
    children=($(cat /proc/$drain/task/$drain/children))
    [ $which = first ] && kill -STOP ${children[0]} || kill -STOP ${children[-1]}
    wait $drain || rc=$?
    took=$(( (${EPOCHREALTIME/./} - ${start/./}) / 1000 ))
    right "the $which stands still: $took ms" test $took -le 3500
    same $rc 13 "the $which stands still: code"
    right "the $which stands still: nobody is left behind" until_ok 2 none_drains
done

# One sleeps where not even SIGKILL reaches it: it is named, and the command ends in time.
mkdir -p /var/log/app/hangs
asks '/var/log/app/*.log' '/var/log/app/hangs/*.log'
hang /var/log/app/hangs allow_other takes
start=$EPOCHREALTIME; rc=0
amr drain filebeat --timeout 3s > /tmp/out 2>&1 || rc=$?
took=$(( (${EPOCHREALTIME/./} - ${start/./}) / 1000 ))
right "one that cannot be ended: $took ms" test $took -le 3500
same $rc 13 "one that cannot be ended: code"
right "one that cannot be ended is named" grep -q 'is left behind: it is in an uninterruptible sleep' /tmp/out
wrong "one that cannot be ended is there" none_drains
unhang /var/log/app/hangs
right "it ends with the file system" until_ok 2 none_drains
kill $SHIPPER; finish
