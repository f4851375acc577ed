. /lab/hostile/prelude.sh
# A user for the time of a run: what is its own nobody else enters or inherits, and nobody else has its number.
own=/run/amr-supervise/users
dynamic() { printf '[Unit]\nStartLimitIntervalSec=0\n[Service]\nType=exec\nDynamicUser=yes\n%s\n' "$2" | unit "$1"; }
uid() { stat -c %u "/proc/$(amr show "$1" -p MainPID --value)"; }
forget() { amr stop web other 2>/dev/null; rm -rf /var/lib/web /var/lib/private/web; }
sleeps='ExecStart=/bin/sleep 1000'
dynamic web "StateDirectory=web
$sleeps"
right "start" amr start web
id=$(uid web)
right "a number of those that are set aside" test "$id" -ge 61184 -a "$id" -le 65519
same "$(stat -c '%a %u' /var/lib/private $own | tr '\n' ' ')" '700 0 700 0 ' "only root comes to what is its"
same "$(stat -c %u /var/lib/private/web)" "$id" "its directory"
wrong "another user enters it" as mallory ls /var/lib/web/
wrong "so does one of its number that is not of its run" as "$id" ls /var/lib/web/
amr stop web; wrong "its number is free again" test -e "$own/$id"

# Its number is somebody else's.
forget; printf other > "$own/$id"
right "start" amr start web
wrong "a number of another name, whose run is lost, is not its" test "$(uid web)" = "$id"
forget; same "$(cat "$own/$id")" other "and stays that one's"; rm "$own/$id"
(exec setpriv --reuid "$id" --clear-groups sleep 1000) & squatter=$!
right "start" amr start web
wrong "a number by which somebody lives is not its" test "$(uid web)" = "$id"
kill $squatter; wait $squatter 2>/dev/null; forget

mkdir -p /dev/shm; mount -t tmpfs -o mode=1777 none /dev/shm || bad "no /dev/shm"
# Two units of one user; what one leaves is the other's as well.
for u in web other; do dynamic $u "User=shared
ExecStartPre=/bin/sh -c ': > /dev/shm/of-$u; mkdir -p /dev/shm/in-$u/deep; : > /dev/shm/in-$u/deep/file'
$sleeps"; amr start $u; done
as mallory touch /dev/shm/.amr-removed-in-web
id=$(uid web); same "$(uid other)" "$id" "two units of one user have one number"
amr stop web; right "while one runs nothing of it goes" test -e /dev/shm/of-web -a -e /dev/shm/in-other/deep/file -a -e "$own/$id"
amr stop other; same "$(ls -A /dev/shm)" .amr-removed-in-web "then all, but what another user has put in the way"
wrong "and the number is free" test -e "$own/$id"

# A supervisor that is lost: who takes over holds the number, and takes away what is left.
amr start web; id=$(uid web)
lost=$(amr show web -p SupervisorPID --value); if [ "$lost" -gt 1 ]; then kill -KILL "$lost"; else bad "no supervisor"; fi
right "stop" amr stop web
wrong "what it left is gone" sh -c "[ -e /dev/shm/of-web ] || [ -e /dev/shm/in-web ] || [ -e '$own/$id' ]"
# RemoveIPC= of a user that is nobody's alone.
printf '[Unit]\nStartLimitIntervalSec=0\n[Service]\nUser=svc\nRemoveIPC=yes\nExecStartPre=/bin/sh -c ": > /dev/shm/of-svc"\n%s\n' "$sleeps" | unit web
(exec setpriv --reuid svc --clear-groups sleep 1000) & other=$!
amr start web; amr stop web; right "somebody who lives keeps what is the user's" test -e /dev/shm/of-svc
kill $other; wait 2>/dev/null
amr start web; amr stop web; wrong "nobody does" test -e /dev/shm/of-svc

# What of a run goes with it, and an ordinary user who tries such a unit.
dynamic web "RuntimeDirectory=web
RuntimeDirectoryPreserve=restart
$sleeps"
amr start web; right "a folder in /run that outlives a run is hidden as well" test -L /run/web -a -d /run/private/web
amr stop web; wrong "it goes with the last one" sh -c '[ -e /run/private/web ] || [ -L /run/web ]'
printf '[Service]\nType=oneshot\nDynamicUser=yes\nExecStart=/bin/sh -c "id -un > /tmp/who"\n' > /tmp/try.service; chmod 644 /tmp/try.service
as mallory amr run /tmp/try.service > /tmp/said 2>&1
same "$(cat /tmp/who)" mallory "an ordinary user runs it as who it is"
right "which is said" grep -q 'change of user' /tmp/said

# Directories in directories, whichever is named first.
for names in 'in in/deep' 'on/deep on'; do
    dynamic web "StateDirectory=$names
ExecStartPre=/bin/sh -c 'touch /var/lib/${names%%[ /]*}/deep/x'
$sleeps"
    right "start with $names" amr start web
    same "$(stat -c %u "/var/lib/private/${names%%[ /]*}/deep/x")" "$(uid web)" "its own"
    amr stop web; right "start again" amr start web; amr stop web
done

# Directories that lay in the open, the deeper one named first.
forget; rm -rf /var/lib/in /var/lib/private/in
for is in no yes no yes; do
    dynamic web "DynamicUser=$is
StateDirectory=in/deep in
$sleeps"
    [ -e /var/lib/in ] || { mkdir -p /var/lib/in/deep; touch /var/lib/in/x /var/lib/in/deep/x; }
    right "start with DynamicUser=$is" amr start web
    same "$(find /var/lib/in/ | sort | tr '\n' ' ')" '/var/lib/in/ /var/lib/in/deep /var/lib/in/deep/x /var/lib/in/x ' "with all that is in them"
    amr stop web
done
# Halfway back: the link is gone already, or there is an empty folder.
for there in : 'mkdir /var/lib/in'; do
    rm /var/lib/in; $there
    dynamic web "DynamicUser=no
StateDirectory=in
$sleeps"
    right "start after '$there'" amr start web
    right "its state is there" test -e /var/lib/in/x -a ! -L /var/lib/in
    amr stop web; mv /var/lib/in /var/lib/private/in; ln -s private/in /var/lib/in
done
# What others could lead elsewhere.
useradd -r -M above; mkdir -p /var/lib/up; chown above: /var/lib/up
dynamic web "StateDirectory=up/web
$sleeps"
as above ln -s /etc/cron.d /var/lib/up/web
wrong "a link of another user's in the place of its directory" amr start web
same "$(amr show web -p ExecMainStatus --value)" 238 "its code"
rm /var/lib/up/web; as above mkdir /var/lib/up/web; as above touch /var/lib/up/web/x
wrong "a folder of another user's is not moved" amr start web
same "$(amr show web -p ExecMainStatus --value)" 238 "its code"
right "but stays" test -e /var/lib/up/web/x
mv /var/lib/private /var/lib/p; chown above: /var/lib/p; ln -s p /var/lib/private; chown -h above: /var/lib/private
wrong "private/ that is another user's" amr start web
same "$(amr show web -p ExecMainStatus --value)" 238 "its code"
finish
