. /lab/hostile/prelude.sh
unit web <<U
[Service]
Type=exec
User=svc
LogsDirectory=web
StandardOutput=append:/var/log/web/out.log
ExecStart=/bin/sleep 1000
ExecStop=/bin/true
U
right "start" amr start web
as svc sh -c 'rm -f /var/log/web/out.log; mkfifo /var/log/web/out.log'
right "stop, with a FIFO in the place of the log" timeout 20 amr stop web
wrong "no process is left" pgrep -x sleep
wrong "start is refused at once" timeout 20 amr start web
right "and says why" grep -q "it is not a regular file" <<< "$(amr status web)"
mkfifo /var/log/root.fifo
sed -i s,/var/log/web/out.log,/var/log/root.fifo, /etc/systemd/system/web.service
wrong "a FIFO of root's that nobody reads" timeout 20 amr start web
right "says so" grep -q "a FIFO that nobody reads" <<< "$(amr status web)"
finish
