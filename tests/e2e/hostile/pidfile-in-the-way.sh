. /lab/hostile/prelude.sh
# A program that looks for an instance of itself by the file that amr writes for others would find itself.
script own; script plain
unit own <<'U'
[Service]
ExecStart=/bin/sh -c 'sleep 0.3; if [ -e /var/run/own.pid ] && kill -0 $$(cat /var/run/own.pid); then echo "already running"; exit 1; fi; echo $$$$ > /var/run/own.pid; exec sleep 1000'
U
right "start" service own start
right "it writes its own" until_ok 5 test -s /var/run/own.pid
same "$(cat /var/run/own.pid)" "$(amr show own -p MainPID --value)" "which is there"
right "and it runs" amr is-active own
service own stop >/dev/null
# Neither the unit nor anybody else knows that this one looks.
cat > /usr/local/bin/looks <<'P'
#!/bin/sh
sleep 3
if [ -e /var/run/built-in.pid ] && kill -0 "$(cat /var/run/built-in.pid)"; then echo "already running"; exit 1; fi
echo $$ > /var/run/built-in.pid; exec sleep 1000
P
chmod 755 /usr/local/bin/looks; script built-in
printf '[Service]\nExecStart=/usr/local/bin/looks\n' | unit built-in
right "one with a path of its own in it" service built-in start
right "writes its own, too" until_ok 9 test -s /var/run/built-in.pid
printf '[Service]\nType=exec\nExecStart=/bin/sleep 1000\n' | unit plain
right "another" service plain start
right "has one of amr's once it had time to look" until_ok 20 test -s /var/run/plain.pid
right "which the first one never got" amr is-active built-in
same "$(cat /var/run/built-in.pid)" "$(amr show built-in -p MainPID --value)" "its own is still there"
service built-in stop > /dev/null
same "$(cat /var/run/plain.pid)" "$(amr show plain -p MainPID --value)" "which names it"
service plain stop >/dev/null; wrong "which goes with it" test -e /var/run/plain.pid
cp /bin/sleep /usr/local/bin/slow
unit plain <<'U'
[Service]
Type=notify
NotifyAccess=all
ExecStart=/bin/sh -c 'sleep 1000 & echo $! > /var/run/$0.pid; systemd-notify --ready 2>/dev/null || python3 -c "import os,socket; socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b\"READY=1\", os.environ[\"NOTIFY_SOCKET\"])"; wait' plain
U
right "one that has written it before it is ready" service plain start
wrong "keeps it" test "$(cat /var/run/plain.pid)" = "$(amr show plain -p MainPID --value)"
service plain stop >/dev/null
finish
