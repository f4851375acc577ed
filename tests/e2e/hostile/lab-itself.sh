. /lab/hostile/prelude.sh
# control: the lab itself
unit web <<U
[Service]
User=svc
ExecStart=/bin/sleep 1000
U
right "start" amr start web
same "$(ps -o user= -C sleep)" svc "its user"
right "stop" amr stop web
finish
