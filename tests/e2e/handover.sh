#!/bin/bash
# A booted systemd: `service amr ...` and `/etc/init.d/amr ...` reach the native units; amr steps aside. The hook of
# the shutdown drains once, whoever stops it.
. "$(dirname "$0")/lib.sh"
host "amr-handover-$$" systemd
for s in amr amr-mqtt amr-system amr-dashboard; do
    "$AMR_BIN" initd --print $s --family debian > "$r/etc/init.d/$s"; chmod 755 "$r/etc/init.d/$s"
done
box boot systemd; note "systemd is $(box booted)"
state() { box exec systemctl is-active amr amr-mqtt amr-system amr-dashboard 2>/dev/null | tr '\n' ' ' || :; }
state_is() { [ "$(state)" = "$1" ]; }

box exec /etc/init.d/amr start || fail "/etc/init.d/amr start"
same "$(state)" "active active active active " "after /etc/init.d/amr start"
supervises() { box exec test -e /run/amr-supervise; }
! supervises || fail "amr supervises on a systemd host"
ok "/etc/init.d/amr start reached the native units"
rc=0; box exec /etc/init.d/amr status >/dev/null || rc=$?; same $rc 0 "/etc/init.d/amr status"
box exec service amr stop || fail "service amr stop"
# systemctl waits for the end of amr itself, which is the first to go; what is part of it follows
until_ok 10 state_is "inactive inactive inactive inactive " || fail "after service amr stop: $(state)"
rc=0; box exec /etc/init.d/amr status >/dev/null || rc=$?; same $rc 3 "status of a stopped one"
box exec service amr restart; same "$(state)" "active active active active " "after service amr restart"
ok "service amr stop, status and restart too"
box exec /etc/init.d/amr stop amr-dashboard
same "$(state)" "active active active inactive " "after /etc/init.d/amr stop amr-dashboard"
box exec /etc/init.d/amr-dashboard start
same "$(state)" "active active active active " "after /etc/init.d/amr-dashboard start"
ok "a member, by its own script or as a word behind the verb"
rc=0; box exec env SYSTEMCTL_SKIP_REDIRECT=1 /etc/init.d/amr-mqtt status || rc=$?
same $rc 3 "status with SYSTEMCTL_SKIP_REDIRECT: that of amr, which supervises nothing here"
ok "SYSTEMCTL_SKIP_REDIRECT is respected"
box exec /usr/sbin/amr stop amr-dashboard
same "$(state)" "active active active inactive " "after amr stop amr-dashboard"
box exec /usr/sbin/amr start amr-dashboard
same "$(state)" "active active active active " "after amr start amr-dashboard"
ok "the hand door hands over as well"
rc=0; out=$(box exec /etc/init.d/amr frobnicate 2>&1) || rc=$?
[ $rc = 3 ] || [ $rc = 2 ] || fail "unknown verb: $rc"
note "$out"
# a unit that systemd has not read yet
printf '[Service]\nExecStart=/bin/sleep 1000\n' > "$r/etc/systemd/system/fresh.service"
"$AMR_BIN" initd --print amr-mqtt --family debian | sed 's/amr-mqtt/fresh/g' > "$r/etc/init.d/fresh"; chmod 755 "$r/etc/init.d/fresh"
box exec /etc/init.d/fresh start || fail "a new unit"
same "$(box exec systemctl is-active fresh)" active "a unit that is new"
ok "daemon-reload happens when the unit is new"
box exec systemctl stop fresh; box exec systemctl mask --runtime fresh >/dev/null 2>&1 || :
ln -sf /dev/null "$r/etc/systemd/system/fresh.service"; box exec systemctl daemon-reload
rc=0; box exec /etc/init.d/fresh start || rc=$?
same "$(box exec systemctl is-active fresh || :)" inactive "a masked unit"
ok "a masked unit is respected (code $rc)"
# a script without a unit file, called by systemd through the unit that its generator made
"$AMR_BIN" initd --print amr-mqtt --family debian | sed 's/amr-mqtt/orphan/g' > "$r/etc/init.d/orphan"; chmod 755 "$r/etc/init.d/orphan"
box exec systemctl daemon-reload
same "$(box exec systemctl show orphan -p SourcePath)" "SourcePath=/etc/init.d/orphan" "the generated unit"
box exec systemctl start orphan || :
same "$(box exec systemctl show orphan -p ExecMainStatus -p MainPID -p ControlPID | sort | tr '\n' ' ')" \
    "ControlPID=0 ExecMainStatus=0 MainPID=0 " "a script that systemd itself calls"
said=$(box exec journalctl -u orphan -o cat)
grep -q "systemd calls the script of 'orphan', for which it has no unit file" <<< "$said" || fail "what it says: $said"
! supervises || fail "amr supervises on a systemd host: $(box exec ls /run/amr-supervise)"
ok "called by systemd itself, amr supervises nothing and says what is missing"
# the hook, beside a Filebeat that has shipped everything and has gone: its script, its links and its unit
drains() { box exec journalctl --quiet -o cat | grep -c 'amr: drain: waiting until every log line is shipped' || :; }
cp "$REPO/systemd/shutdown-filebeat.service" "$r/etc/systemd/system/"
"$AMR_BIN" initd --print shutdown-filebeat --family debian > "$r/etc/init.d/shutdown-filebeat"
chmod 755 "$r/etc/init.d/shutdown-filebeat"
ln -s ../init.d/shutdown-filebeat "$r/etc/rc3.d/S99shutdown-filebeat"
for l in 0 6; do ln -s ../init.d/shutdown-filebeat "$r/etc/rc$l.d/K30shutdown-filebeat"; done
mkdir -p "$r/etc/filebeat" "$r/var/lib/filebeat/registry/filebeat" "$r/var/log/app"
printf "filebeat.inputs:\n- type: log\n  paths: ['/var/log/app/*.log']\n" > "$r/etc/filebeat/filebeat.yml"
chmod 600 "$r/etc/filebeat/filebeat.yml"
printf '{"version":"0"}' > "$r/var/lib/filebeat/registry/filebeat/meta.json"
printf 'one\n' > "$r/var/log/app/a.log"
box exec stat -c '[{"source":"%n","offset":%s,"timestamp":"2100-01-01T00:00:00Z","ttl":-1,"type":"log","FileStateOS":{"inode":%i,"device":%d}}]' \
    /var/log/app/a.log > "$r/var/lib/filebeat/registry/filebeat/data.json"
box exec systemctl daemon-reload
box exec /etc/init.d/shutdown-filebeat start || fail "/etc/init.d/shutdown-filebeat start"
same "$(box exec systemctl is-active shutdown-filebeat)" active "the hook's native unit"
[ -d "$r/var/log/shutdown-filebeat" ] || fail "its start made no folder for log and reports"
same "$(drains)" 0 "drains while the hook stands"
box exec /etc/init.d/shutdown-filebeat stop || fail "/etc/init.d/shutdown-filebeat stop"
same "$(box exec systemctl is-active shutdown-filebeat || :)" inactive "the hook's native unit"
same "$(drains)" 1 "drains after its init script's stop"
box exec /etc/init.d/shutdown-filebeat stop; box exec systemctl stop shutdown-filebeat
same "$(drains)" 1 "drains after it was stopped twice more"
grep -q '^drained: 0 B left' "$r/var/log/shutdown-filebeat/drain.log" || fail "$(cat "$r/var/log/shutdown-filebeat/drain.log")"
ok "the init door of shutdown-filebeat hands over: one drain in the journal"
box exec /etc/init.d/shutdown-filebeat start
box exec systemctl poweroff; same "$(box wait 60)" halted poweroff
mount -o remount,rw "$r"
down=$(chroot "$r" journalctl --quiet -D /var/log/journal -o cat | grep -c 'amr: drain: waiting until' || :)
same "$down" 2 "drains in the whole journal, of one stop and one power-off"
ok "with unit, script and K links there is one drain on the way down"
ok "all of handover"
