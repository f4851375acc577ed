. /lab/hostile/prelude.sh
# Root's Filebeat has shipped its file, and has a state of one that was removed: only counters tell whether that one's lines
# have come out. Its configuration names a port, or a socket's path, for them. Another local user listens there.
mount -t tmpfs fb /var/lib/filebeat 2>/dev/null || { mkdir -p /var/lib/filebeat; mount -t tmpfs fb /var/lib/filebeat; }
mkdir -p /var/lib/filebeat/registry/filebeat /var/log/app /etc/filebeat /usr/share/filebeat/bin
chmod 755 /var/lib/filebeat
cp /lab/bin/fakebeat /usr/share/filebeat/bin/filebeat; cp /lab/bin/fakebeat /usr/local/bin/listens
printf '{"version":"1"}\n' > /var/lib/filebeat/registry/filebeat/meta.json
printf 'shipped\n' > /var/log/app/app.log; printf 'shipped\n' > /var/log/app/old.log
N=0
state() {
    local ino dev; read -r ino dev < <(stat -c '%i %d' "$1"); N=$((N + 1))
    printf '{"op":"set","id":%d}\n' $N
    printf '{"k":"filebeat::logs::native::%s-%s","v":{"id":"native::%s-%s","prev_id":"","source":"%s","offset":8,"timestamp":[0,4102444800],"ttl":-1,"type":"log","meta":null,"FileStateOS":{"inode":%s,"device":%s},"identifier_name":"native"}}\n' $ino $dev $ino $dev "$1" $ino $dev
}
{ state /var/log/app/app.log; state /var/log/app/old.log; } > /var/lib/filebeat/registry/filebeat/log.json
rm /var/log/app/old.log
configured() { printf 'filebeat.inputs:\n- type: log\n  paths: [/var/log/app/*.log]\nhttp.enabled: true\nhttp.host: "%s"\nhttp.port: 5099\n' "$1" > /etc/filebeat/filebeat.yml; touch -d '2020-01-01' /etc/filebeat/filebeat.yml; }
# begins PROGRAM USER [WORD...]: in the background, as PID, when it is that program
begins() {
    local program=$1 user=$2; shift 2
    ( exec setpriv --reuid "$user" --regid "$user" --clear-groups --inh-caps=-all "$program" "$@" ) & PID=$!
    until_ok 5 test "$(readlink -f "$program")" -ef "/proc/$PID/exe" || bad "$program does not run"
}
filebeat() { begins /usr/share/filebeat/bin/filebeat root -c /etc/filebeat/filebeat.yml --path.home /usr/share/filebeat --path.config /etc/filebeat --path.data /var/lib/filebeat; }
ended() { kill "$@" 2>/dev/null; wait "$@" 2>/dev/null; }
# said [OPTION...]: code and verdict of one look
said() {
    local code=0; amr drain filebeat --once --json "$@" > /tmp/said.json 2>/tmp/said.err || code=$?
    python3 -c "import json; print($code, json.load(open('/tmp/said.json'))['shippers'][0]['verdict'])" || cat /tmp/said.err
}
disbelieved() { grep -q "counters at $1 are not believed: who listens there is not known to be process $2" /tmp/said.json; }
hears() { until_ok 5 python3 -c "import socket; socket.create_connection(('$1', 5099))"; }

configured 127.0.0.1
filebeat; real=$PID
same "$(said)" "11 cannot tell" "nobody listens"
wrong "of nobody nothing is said" grep -q 'not believed' /tmp/said.json
PORT=5099 begins /usr/local/bin/listens mallory; his=$PID
right "he listens" hears 127.0.0.1
same "$(said)" "11 cannot tell" "a stranger on the port"
right "it is said" disbelieved 127.0.0.1:5099 $real
wrong "a drain that waits does not end with 0" amr drain filebeat --timeout 2s
ended $his
PORT=5099 begins /usr/local/bin/listens root; other=$PID
right "another one of root's listens" hears 127.0.0.1
same "$(said)" "11 cannot tell" "another program of root's, say a second Filebeat: it has counters of its own"
ended $other $real

# Its own port, and a stranger beside it, who shall not keep it from being believed either.
PORT=5099 SIX=1 begins /usr/local/bin/listens mallory; his=$PID
right "he listens for version 6" hears ::1
PORT=5099 filebeat; real=$PID
right "it listens" hears 127.0.0.1
same "$(said)" "0 drained" "the shipper's own"
configured ::
ended $real; PORT=5099 filebeat; real=$PID
same "$(said)" "11 cannot tell" "the stranger is the one at ::1"
right "it is said" disbelieved '\[::1\]:5099' $real
ended $real $his

# By a path: whose folder it is does not count, but who listens.
mkdir -m 1777 /var/stats; configured unix:///var/stats/fb.sock
filebeat; real=$PID
SOCK=/var/stats/fb.sock begins /usr/local/bin/listens mallory; his=$PID
right "he listens" until_ok 5 test -S /var/stats/fb.sock
same "$(said)" "11 cannot tell" "a stranger on the socket"
right "it is said" disbelieved /var/stats/fb.sock $real
ended $his $real; rm /var/stats/fb.sock
SOCK=/var/stats/fb.sock filebeat; real=$PID
right "it listens" until_ok 5 test -S /var/stats/fb.sock
same "$(said)" "0 drained" "the shipper's own"
# A link to a stranger's.
SOCK=/var/stats/his.sock begins /usr/local/bin/listens mallory; his=$PID
right "he listens" until_ok 5 test -S /var/stats/his.sock
rm /var/stats/fb.sock; ln -s his.sock /var/stats/fb.sock
same "$(said)" "11 cannot tell" "a link to a stranger's socket"
ended $his $real

# In a network of its own the shipper's port is another one than this host's.
configured 127.0.0.1
PORT=5099 begins /usr/local/bin/listens root; other=$PID
right "another one listens here" hears 127.0.0.1
( exec unshare -n sh -c 'ip link set lo up; PORT=5099 exec "$@"' sh /usr/share/filebeat/bin/filebeat -c /etc/filebeat/filebeat.yml --path.home /usr/share/filebeat --path.config /etc/filebeat --path.data /var/lib/filebeat ) & real=$!
right "it runs" until_ok 5 test /usr/share/filebeat/bin/filebeat -ef /proc/$real/exe
same "$(said)" "11 cannot tell" "what listens on this host is not the shipper that has a network of its own"
right "it is said" disbelieved 127.0.0.1:5099 $real
ended $real $other; finish
