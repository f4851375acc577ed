. /lab/hostile/prelude.sh
# control: the lab itself
unit web <<U
[Service]
User=svc
ExecStart=/bin/sleep 1000
U
right "start" amr start web
# Type=simple is started when it has been forked: the program may come a moment later.
right "its user" until_ok 5 pgrep -u svc -x sleep
right "stop" amr stop web
finish
