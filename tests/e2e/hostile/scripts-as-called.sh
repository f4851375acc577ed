. /lab/hostile/prelude.sh
# How an init script may be called, and what may become of its service behind amr's back.
echo ID=centos > /etc/os-release; mkdir -p /etc/rc3.d
unit web <<U
[Service]
ExecStart=/bin/sleep 5553
U
script web; ln -s ../init.d/web /etc/rc3.d/S95web
cd /etc/rc3.d || exit 1
same "$(./S95web status)" "web is stopped" "a relative call from rc3.d names the service"
same "$(../init.d/web status)" "web is stopped" "a relative call through another folder"
same "$(cd /etc/init.d && ./web status)" "web is stopped" "a relative call from init.d"
cd /
printf '#!/usr/sbin/amr initd\r\n# chkconfig: 345 90 10\r\n' > /etc/init.d/crlf; chmod 755 /etc/init.d/crlf
said=$(/etc/init.d/crlf start 2>&1); code=$?
same $code 6 "CR LF in the first line: the code for what is not configured"
case $said in *"'/etc/init.d/crlf' ends in CR LF"*) ok "and it is named";; *) bad "and it is named: $said";; esac
# Killed with its supervisor: stop clears what they leave.
/etc/init.d/web start > /dev/null
right "it gets a pid file" until_ok 20 test -s /var/run/web.pid
pid=$(cat /var/run/web.pid); parent=$(ps -o ppid= -p "$pid" | tr -d ' ')
kill -9 "$parent" "$pid"; until_ok 5 eval "! kill -0 $pid"
/etc/init.d/web status > /dev/null; same $? 1 "killed with its supervisor: dead, with a pid file"
right "stop" /etc/init.d/web stop
/etc/init.d/web status > /dev/null; same $? 3 "then it is stopped"
wrong "no pid file is left" test -e /var/run/web.pid
wrong "no lock is left" test -e /var/lock/subsys/web
wrong "reset-failed of a unit that is not there" amr reset-failed nothere
right "reset-failed of one that is" amr reset-failed web
right "start" amr start web
amr reload web 2> /dev/null; same $? 3 "reload without ExecReload="
right "stop" amr stop web
unit lim <<U
[Unit]
StartLimitIntervalSec=100
StartLimitBurst=1
[Service]
Type=oneshot
ExecStart=/bin/false
U
amr start lim 2> /dev/null
said=$(amr start lim 2>&1)
case $said in *"'amr reset-failed UNIT' lifts the limit"*) ok "the start limit names its remedy";; *) bad "the start limit: $said";; esac
finish
