. /lab/hostile/prelude.sh
# Between two lines of the unit another user learns the run's number and plants its folder.
unit web <<U
[Service]
Type=exec
User=svc
PrivateTmp=yes
ExecStartPre=+/bin/sh -c 'until test -e /run/planted; do sleep 0.05; done'
ExecStart=/bin/sh -c 'echo secret > /tmp/secret; exec sleep 1000'
U
ids() { grep -o '[0-9a-f]\{32\}' /run/amr-supervise/web.service/status | sort -u; }
known() { test -n "$(ids)"; }
amr start web > /tmp/start.out 2>&1 & starter=$!
right "the run's number is known" until_ok 10 known
for n in $(ids); do
    as mallory mkdir -p "/tmp/amr-private-web.service-$n/tmp"; as mallory chmod -R 777 "/tmp/amr-private-web.service-$n"
done
touch /run/planted; wait $starter; code=$?
right "the start is refused" test $code != 0
right "with the stage's code" grep -q 226 <<< "$(amr status web)"
right "and says why" grep -q "it belongs to user $(id -u mallory)" <<< "$(amr status web)"
right "nothing was written there" test -z "$(find /tmp/amr-private-* -name secret)"
rm -rf /tmp/amr-private-*; amr reset-failed web
right "without it all is well" amr start web
right "and the folder is root's alone" test "$(stat -c '%U %a' /tmp/amr-private-*)" = "root 700"
right "stop" amr stop web
right "nothing is left" test -z "$(ls -d /tmp/amr-private-* 2>/dev/null)"
finish
