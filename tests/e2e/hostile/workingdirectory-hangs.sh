. /lab/hostile/prelude.sh
# A link of the service's user to a file system that is gone, as the working directory of a line that keeps root's rights and
# enters it as that user: its supervisor killed meanwhile, nobody goes on waiting with the unit's lock and control socket in his hands.
mkdir -p /mnt/gone /srv/app; chown svc:svc /srv/app
as svc ln -s /mnt/gone/folder /srv/app/current
/lab/bin/hangs /mnt/gone allow_other > /tmp/hangs & HANGS=$!
until_ok 5 grep -q mounted /tmp/hangs || bad "no file system of FUSE here: $(cat /tmp/hangs)"
unit waits <<'U'
[Service]
User=svc
WorkingDirectory=/srv/app/current
ExecStart=!/bin/sleep 1000
U
amr start waits > /tmp/said 2>&1 & STARTER=$!
child() { child_of waits; }
as_user() { [ -n "$(child)" ] && [ "$(awk '/^Uid:/ { print $3 }' "/proc/$(child)/status")" = "$(id -u svc)" ]; }
right "it enters it as the user" until_ok 5 as_user
[ $FAILED = 0 ] || finish
ends_with_its_supervisor waits "$STARTER"
kill $HANGS; wait $HANGS 2>/dev/null; umount -l /mnt/gone; mkdir -p /mnt/gone/folder
right "it starts when the file system is there again" timeout 5 amr start waits
# A simple service is started once it was forked: it may still be on its way.
is_there() { [ "$(readlink "/proc/$(amr show -p MainPID --value waits)/cwd")" = /mnt/gone/folder ]; }
right "there" until_ok 5 is_there
right "and stops" amr stop waits
finish
