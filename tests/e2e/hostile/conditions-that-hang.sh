. /lab/hostile/prelude.sh
# A file system that is gone answers none of a unit's conditions before an automatic restart: the supervisor says so, and
# answers others all the same.
mkdir -p /mnt/gone; touch /mnt/gone/flag
unit web <<'U'
[Unit]
ConditionPathExists=/etc/passwd
ConditionPathExists=/mnt/gone/flag
[Service]
ExecStart=/bin/sleep 1000
Restart=always
RestartSec=100ms
U
main() { amr show -p MainPID --value web; }
right "start" amr start web
first=$(main); kill -9 "$first"
right "a restart while all is met" until_ok 5 sh -c '[ "$(amr show -p NRestarts --value web)" = 1 ]'
right "and it is up" until_ok 5 sh -c 'amr is-active -q web'
/lab/bin/hangs /mnt/gone > /tmp/hangs & HANGS=$!
until_ok 5 grep -q mounted /tmp/hangs || bad "no file system of FUSE here: $(cat /tmp/hangs)"
kill -9 "$(main)"
sleep 1
right "one that asks meanwhile is answered" timeout 8 amr reset-failed web
right "it is left" until_ok 8 sh -c '[ "$(amr is-active web)" = inactive ]'
right "and says why" grep -q 'ConditionPathExists=/mnt/gone/flag (no answer within 5s)' <<< "$(timeout 5 amr status web)"
right "a stop ends" timeout 8 amr stop web
kill $HANGS; wait $HANGS 2>/dev/null; umount -l /mnt/gone
right "it starts when the file system is there again" amr start web
kill -9 "$(main)"
right "and is restarted" until_ok 5 sh -c '[ "$(amr show -p NRestarts --value web)" = 1 ] && amr is-active -q web'
rm /mnt/gone/flag; kill -9 "$(main)"
right "not where one is not met" until_ok 5 sh -c '[ "$(amr is-active web)" = inactive ]'
right "which it says" grep -q 'ConditionPathExists=/mnt/gone/flag was not met' <<< "$(amr status web)"
finish
