. /lab/hostile/prelude.sh
# A PID file in a folder of the service's must not name somebody else's process.
sleep 7777 & victim=$!
echo $victim > /run/other.pid
cat > /usr/local/bin/evil <<'S'
#!/bin/sh
case $1 in
own) echo $2 > /run/web/web.pid;;
link) ln -s /run/other.pid /run/web/web.pid;;
hard) ln /run/other.pid /run/web/web.pid;;
# Standard output is a file of root's in a folder of the service's.
rename) echo $2; mv /run/web/out.log /run/web/web.pid;;
esac
setsid sleep 5555 >/dev/null 2>&1 &
S
chmod 755 /usr/local/bin/evil
for how in own link hard rename; do
    unit web <<U
[Service]
Type=forking
User=svc
RuntimeDirectory=web
PIDFile=/run/web/web.pid
TimeoutStartSec=3
StandardOutput=append:/run/web/out.log
ExecStart=/usr/local/bin/evil $how $victim
U
    amr start web >/dev/null 2>&1
    wrong "$how: it is not the main process" grep -q "Main PID: $victim" <<< "$(amr status web)"
    amr stop web >/dev/null 2>&1
    right "$how: the victim lives" kill -0 $victim
    amr reset-failed web
done
# By the way of root's own folders it counts, links of root's included.
unit web <<U
[Service]
Type=forking
PIDFile=/var/run/web.pid
ExecStart=/bin/sh -c 'setsid sleep 5555 & echo \$\$! > /var/run/web.pid'
U
right "/var/run leads to /run" amr start web
right "and its process is the main one" grep -q "Main PID: $(cat /run/web.pid)" <<< "$(amr status web)"
right "stop" amr stop web
finish
