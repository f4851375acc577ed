. /lab/hostile/prelude.sh
unit web <<U
[Service]
Type=exec
User=svc
StateDirectory=web
StandardInput=file:/var/lib/web/in
ExecStart=/bin/sh -c 'head -1; exec sleep 1000'
U
mkdir -p /var/lib/web; chown svc:svc /var/lib/web
as svc ln -s /etc/shadow /var/lib/web/in
wrong "a link to /etc/shadow" amr start web
same "$(log_of web)" "" "nothing of it came out"
right "the stage's code" grep -q 208 <<< "$(amr status web)"
as svc rm /var/lib/web/in; echo secret > /var/lib/web/private; chmod 600 /var/lib/web/private
as svc mv /var/lib/web/private /var/lib/web/in
wrong "a private file of root's, moved there" amr start web
as svc sh -c 'rm -f /var/lib/web/in; mkfifo /var/lib/web/in'
wrong "a FIFO" timeout 10 amr start web
as svc sh -c 'rm /var/lib/web/in; echo mine > /var/lib/web/in'
right "a file of its own" amr start web
right "is read" until_ok 5 grep -q mine /var/log/amr-units/web.service.log
right "stop" amr stop web
finish
