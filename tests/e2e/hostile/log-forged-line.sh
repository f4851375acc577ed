. /lab/hostile/prelude.sh
# A line that is cut, when it is written or when it is read, makes nothing of what follows that a service could have meant
# to be a line of its own: no stamp, no priority, no boot.
forge() { printf '[Unit]\nStartLimitIntervalSec=0\n[Service]\nUser=svc\nExecStart=/bin/sh -c '"'head -c %d /dev/zero | tr \"\\\\\\\\0\" A; echo \"2001-01-01T00:00:00.000000Z <0>kernel: forged by the service\"; exec sleep 1000'\n" "$1" | unit web; }
for filler in $(((1 << 20) - 28)) $((1 << 20)) $((48 << 10)) $(((48 << 10) - 28)) $((96 << 10)) 7; do
    rm -rf /var/log/amr-units; forge "$filler"
    right "$filler: start" amr start web
    right "$filler: written" until_ok 10 grep -q 'forged by the service$' /var/log/amr-units/web.service.log
    same "$(grep -c '^2001' /var/log/amr-units/web.service.log)" 0 "$filler: no forged stamp in the file"
    same "$(amr logs web | grep -c '^2001')" 0 "$filler: nor in what is printed"
    same "$(amr logs -U 2002-01-01 web | wc -c)" 0 "$filler: nothing was written before 2002"
    same "$(amr logs -p 3 web | wc -c)" 0 "$filler: nothing is urgent"
    same "$(amr logs web | head -n 1 | wc -c)" $((filler + 28 + 28 + 32 + 1)) "$filler: one line"
    amr stop web >/dev/null
done
# What a follower sees of a line that has not ended yet.
rm -rf /var/log/amr-units
printf '[Service]\nUser=svc\nExecStart=/bin/sh -c '"'printf half; sleep 2; echo 2001-01-01T00:00:00.000000Z forged; exec sleep 1000'\n" | unit web
amr start web; sleep 0.5; timeout 4 amr logs -f web > /tmp/followed
same "$(cut -c28- /tmp/followed)" " half2001-01-01T00:00:00.000000Z forged" "a follower sees one line"
amr stop web >/dev/null
# Bytes that mean something to a terminal or to nobody.
printf '[Service]\nUser=svc\nExecStart=/bin/sh -c '"'printf \"\\\\\\\\033]0;owned\\\\\\\\007\\\\\\\\000\\\\\\\\377\\\\\\\\n\"; exec sleep 1000'\n" | unit web
amr start web; until_ok 5 sh -c 'amr logs -n1 web | grep -q owned'
same "$(script -qec 'amr logs -n1 web' /dev/null | tr -d '\r\n' | grep -c '[[:cntrl:]]')" 0 "a terminal gets no control bytes"
amr stop web >/dev/null
finish
