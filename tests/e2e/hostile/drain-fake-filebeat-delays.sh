. /lab/hostile/prelude.sh
# A local user's own program named "filebeat", with a data folder of his own that never gets shipped: root's drain does
# not wait for it, does not ask it anything, and reads nothing that it is told to.
at=/home/mallory/fb
mkdir -p $at/bin $at/data/registry/filebeat $at/logs; cp /lab/bin/fakebeat $at/bin/filebeat
printf '{"version":"1"}\n' > $at/data/registry/filebeat/meta.json; : > $at/data/registry/filebeat/log.json
printf 'filebeat.inputs:\n- type: log\n  paths: [%s/logs/*.log, /root/*]\nhttp.enabled: true\nhttp.host: 127.0.0.1\nhttp.port: 5099\n' $at > $at/filebeat.yml
echo "never shipped" > $at/logs/a.log; chown -R mallory $at
cat > /tmp/listens.py <<'P'
import socket
s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); s.bind(('127.0.0.1', 5099)); s.listen()
print('listens', flush=True)
while True: s.accept(); print('asked', flush=True)
P
fake() {
    ( exec setpriv --reuid mallory --regid mallory --clear-groups --inh-caps=-all $at/bin/filebeat -c $at/filebeat.yml --path.home $at --path.data $at/data ) & FAKE=$!
    until_ok 5 test $at/bin/filebeat -ef /proc/$FAKE/exe || bad "it does not run"
}
drain() { local start=$EPOCHREALTIME rc=0; amr drain "$@" > /tmp/out 2>&1 || rc=$?; TOOK=$(( (${EPOCHREALTIME/./} - ${start/./}) / 1000 )); echo $rc > /tmp/rc; }

drain --timeout 8s; same "$(cat /tmp/rc)" 1 "no shipper here"
as mallory python3 /tmp/listens.py > /tmp/heard & listens=$!
right "he listens" until_ok 5 grep -q listens /tmp/heard
fake
drain --timeout 8s
same "$(cat /tmp/rc)" 1 "a stranger's is none"
right "it is named, with what would name it a shipper" grep -q "process $FAKE of user $(id -u mallory): not taken for the shipper: .*--registry" /tmp/out
right "at once: $TOOK ms" test $TOOK -lt 1000
same "$(grep -c asked /tmp/heard)" 0 "he is not asked anything"
agent=/home/mallory/Elastic/Agent/data/elastic-agent-8.16.0-3f07f2
mkdir -p $agent/run/log-default/registry/filebeat; cp /lab/bin/fakebeat $agent/elastic-agent; cp $at/data/registry/filebeat/* $agent/run/log-default/registry/filebeat; chown -R mallory /home/mallory/Elastic
( exec setpriv --reuid mallory --regid mallory --clear-groups --inh-caps=-all $agent/elastic-agent run ) & AGENT=$!
until_ok 5 test $agent/elastic-agent -ef /proc/$AGENT/exe
drain --timeout 8s
same "$(cat /tmp/rc)" 1 "nor is a stranger's agent one"
right "it is named" grep -q "process $AGENT of user $(id -u mallory)" /tmp/out
kill $AGENT
drain --timeout 2s --registry $at/data/registry
same "$(cat /tmp/rc)" 13 "where root names his registry, its owner's process is the shipper"

mkdir -p /var/lib/filebeat /var/log/app /etc/filebeat /usr/share/filebeat/bin
mount -t tmpfs fb /var/lib/filebeat; chmod 755 /var/lib/filebeat; mkdir -p /var/lib/filebeat/registry/filebeat; cp $at/data/registry/filebeat/meta.json /var/lib/filebeat/registry/filebeat
printf 'filebeat.inputs:\n- type: log\n  paths: [/var/log/app/*.log]\n' > /etc/filebeat/filebeat.yml
printf 'shipped\n' > /var/log/app/app.log
read -r ino dev < <(stat -c '%i %d' /var/log/app/app.log)
cat > /var/lib/filebeat/registry/filebeat/log.json <<J
{"op":"set","id":1}
{"k":"filebeat::logs::native::$ino-$dev","v":{"id":"native::$ino-$dev","prev_id":"","source":"/var/log/app/app.log","offset":8,"timestamp":[0,4102444800],"ttl":-1,"type":"log","meta":null,"FileStateOS":{"inode":$ino,"device":$dev},"identifier_name":"native"}}
J
cp /lab/bin/fakebeat /usr/share/filebeat/bin/filebeat
/usr/share/filebeat/bin/filebeat -c /etc/filebeat/filebeat.yml --path.home /usr/share/filebeat --path.config /etc/filebeat --path.data /var/lib/filebeat & real=$!
until_ok 5 test /usr/share/filebeat/bin/filebeat -ef /proc/$real/exe
drain --timeout 8s --report /tmp/report.json
same "$(cat /tmp/rc)" 0 "root's has shipped everything: $(cat /tmp/out)"
right "at once: $TOOK ms" test $TOOK -lt 1000
right "the report names the stranger" grep -q "process $FAKE of user" /tmp/report.json
kill $real $FAKE $listens; finish
