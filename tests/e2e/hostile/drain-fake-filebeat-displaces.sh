. /lab/hostile/prelude.sh
# Root's Filebeat has a file with a hundred lines that it has not shipped. Another local user runs a program of the same
# name over the same data folder, with a configuration of his own that asks for nothing.
mount -t tmpfs fb /var/lib/filebeat 2>/dev/null || { mkdir -p /var/lib/filebeat; mount -t tmpfs fb /var/lib/filebeat; }
mkdir -p /var/lib/filebeat/registry/filebeat /var/log/app /etc/filebeat /usr/share/filebeat/bin /home/mallory/fb/bin
chmod 755 /var/lib/filebeat
cp /lab/bin/fakebeat /usr/share/filebeat/bin/filebeat; cp /lab/bin/fakebeat /usr/local/sbin/shipper
printf 'filebeat.inputs:\n- type: log\n  paths: [/var/log/app/*.log]\n' > /etc/filebeat/filebeat.yml
printf '{"version":"1"}\n' > /var/lib/filebeat/registry/filebeat/meta.json
: > /var/lib/filebeat/registry/filebeat/log.json
for i in $(seq 100); do echo "unshipped line $i"; done > /var/log/app/app.log
cp /lab/bin/fakebeat /home/mallory/fb/bin/filebeat; cp /lab/bin/fakebeat /home/mallory/fb/bin/reader
printf 'filebeat.inputs:\n- type: log\n  paths: [/home/mallory/nothing/*.log]\nhttp.enabled: true\nhttp.host: 127.0.0.1\nhttp.port: 5099\n' > /home/mallory/fb/filebeat.yml
chown -R mallory /home/mallory/fb

REAL=/usr/share/filebeat/bin/filebeat; FAKE=/home/mallory/fb/bin/filebeat
TOLD=(-c /etc/filebeat/filebeat.yml --path.home /usr/share/filebeat --path.config /etc/filebeat --path.data /var/lib/filebeat)
HIS=(-c /home/mallory/fb/filebeat.yml --path.home /home/mallory/fb --path.config /home/mallory/fb --path.data /var/lib/filebeat)
# said [OPTION...]: code, verdict, process, number of files and doubts of one look
said() {
    local code=0; amr drain filebeat --once --json "$@" > /tmp/said.json 2>/tmp/said.err || code=$?
    python3 - "$code" <<'P' || echo "code $code: $(cat /tmp/said.err)"
import json, sys
r = json.load(open('/tmp/said.json'))
print(sys.argv[1], *[f"{s['verdict']}, pid {s['pids']}, {len(s['files'])} files, doubts {s['doubts']}" for s in r['shippers']], sep='; ')
P
}
# begins PROGRAM USER [WORD...]: in the background, as PID, when it is that program
begins() {
    local program=$1 user=$2; shift 2
    ( exec setpriv --reuid "$user" --regid "$user" --clear-groups --inh-caps=-all "$program" "$@" ) & PID=$!
    until_ok 5 test "$(readlink -f "$program")" -ef "/proc/$PID/exe" || bad "$program does not run"
}
ended() { kill "$@" 2>/dev/null; wait "$@" 2>/dev/null; }
named() { grep -q "process $1 of user $(id -u mallory): not taken for the shipper" /tmp/said.json; }

for lock in '' /var/lib/filebeat/filebeat.lock; do
    how=${lock:+lock held}; how=${how:-no lock}
    LOCKF=$lock begins $REAL root "${TOLD[@]}"; real=$PID
    alone=$(said)
    same "$alone" "13; gave up, pid [$real], 1 files, doubts []" "$how: root's alone"
    begins $FAKE mallory "${HIS[@]}"; fake=$PID
    same "$(said)" "$alone" "$how: with a stranger's the same"
    right "$how: the stranger is named" named $fake
    same "$(said --registry /var/lib/filebeat/registry)" "$alone" "$how: the same where the registry is named"
    ended $fake $real
done

# The stranger may open the lock, and was quicker; so was a reader of the registry.
chmod 666 /var/lib/filebeat/filebeat.lock; chmod 644 /var/lib/filebeat/registry/filebeat/log.json
LOCKF=/var/lib/filebeat/filebeat.lock begins $FAKE mallory "${HIS[@]}"; fake=$PID
same "$(said)" "14; shipper dead, pid [], 1 files, doubts []" "a stranger with the lock is no shipper"
right "it is named" named $fake
begins $REAL root "${TOLD[@]}"; real=$PID
same "$(said)" "13; gave up, pid [$real], 1 files, doubts []" "root's is taken, whoever holds the lock"
ended $real
begins /usr/local/sbin/shipper root 9>>/var/lib/filebeat/registry/filebeat/log.json; real=$PID
begins /home/mallory/fb/bin/reader mallory 9</var/lib/filebeat/registry/filebeat/log.json; reader=$PID
same "$(said)" "13; gave up, pid [$real], 1 files, doubts []" "by an open registry, under any name: who can write it"
ended $real $reader $fake

# Before 7.0 there is neither a lock nor an open registry: who reads the logs, for his user.
mv /var/lib/filebeat/registry /var/lib/filebeat/registry.7; mv /var/lib/filebeat/filebeat.lock /var/lib/filebeat/lock.7
printf '[{"source":"/var/log/app/app.log","offset":0,"timestamp":"2100-01-01T00:00:00Z","ttl":-1,"type":"log","FileStateOS":{"inode":%s,"device":%s}}]' \
    "$(stat -c %i /var/log/app/app.log)" "$(stat -c %d /var/log/app/app.log)" > /var/lib/filebeat/registry
begins /home/mallory/fb/bin/reader mallory 9</var/log/app/app.log; reader=$PID
same "$(said)" "14; shipper dead, pid [], 1 files, doubts []" "a stranger who reads the logs is no shipper"
right "it is named" named $reader
begins /usr/local/sbin/shipper root 9</var/log/app/app.log; real=$PID
same "$(said)" "13; gave up, pid [$real], 1 files, doubts []" "root's is, under any name"
ended $real $reader
rm /var/lib/filebeat/registry; mv /var/lib/filebeat/registry.7 /var/lib/filebeat/registry; mv /var/lib/filebeat/lock.7 /var/lib/filebeat/filebeat.lock

# A program of root's that takes root's rights, begun by a stranger with his own words.
cp /lab/bin/fakebeat /usr/local/bin/filebeat; chmod 4755 /usr/local/bin/filebeat
begins /usr/local/bin/filebeat mallory "${HIS[@]}"; fake=$PID
same "$(awk '$1 == "Uid:" { print $2, $3 }' /proc/$fake/status)" "$(id -u mallory) 0" "it has root's rights"
same "$(said)" "14; shipper dead, pid [], 1 files, doubts []" "who began it counts"
ended $fake; rm /usr/local/bin/filebeat

# Root's own program and configuration in a stranger's hands, with a data folder of his.
mkdir -p /home/mallory/data/registry/filebeat; chown -R mallory /home/mallory/data
begins $REAL mallory -c /etc/filebeat/filebeat.yml --path.data /home/mallory/data; fake=$PID
same "$(said)" "14; shipper dead, pid [], 1 files, doubts []" "root's program with a stranger's data folder"
ended $fake

# Whom root has named: the owner of the registry, the user of a unit.
useradd -r beats 2>/dev/null
begins $REAL beats "${TOLD[@]}"; real=$PID
same "$(said)" "14; shipper dead, pid [], 1 files, doubts []" "a user whom root has not named"
chown -R beats /var/lib/filebeat
same "$(said)" "13; gave up, pid [$real], 1 files, doubts []" "the owner of the registry"
begins $FAKE mallory "${HIS[@]}"; fake=$PID
same "$(said)" "13; gave up, pid [$real], 1 files, doubts []" "beside him a stranger"
ended $fake $real
useradd -r shipping 2>/dev/null; chown -R root /var/lib/filebeat
unit filebeat-app <<U
[Service]
User=shipping
ExecStart=/usr/share/filebeat/bin/filebeat -c /etc/filebeat/filebeat.yml
U
begins $REAL shipping "${TOLD[@]}"; real=$PID
same "$(said)" "13; gave up, pid [$real], 1 files, doubts []" "the user of a unit that runs it"
ended $real

# The CloudWatch agent, likewise.
mkdir -p /opt/aws/amazon-cloudwatch-agent/logs/state; printf '3\n/var/log/app/app.log' > /opt/aws/amazon-cloudwatch-agent/logs/state/_var_log_app_app.log
cp /lab/bin/fakebeat /home/mallory/amazon-cloudwatch-agent
begins /home/mallory/amazon-cloudwatch-agent mallory; fake=$PID
agent() { amr drain cloudwatch-agent --once --json > /tmp/said.json; python3 -c "import json; print(json.load(open('/tmp/said.json'))['shippers'][0]['pids'])"; }
same "$(agent)" "[]" "a stranger's agent is none"
right "it is named" named $fake
chown -R mallory /opt/aws/amazon-cloudwatch-agent/logs/state
same "$(agent)" "[$fake]" "the owner of its states is"
ended $fake
finish
