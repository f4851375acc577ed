. /lab/hostile/prelude.sh
# `syslog` reaches the daemon at /dev/log beside the unit's log; one that hangs, is gone, or comes back later holds up
# neither the service nor its log.
mkdir /tmp/dev && mount -t tmpfs dev /tmp/dev && for d in null zero urandom full random; do mknod "/tmp/dev/$d" c $(stat -c '0x%t 0x%T' "/dev/$d"); chmod 666 "/tmp/dev/$d"; done
ln -s /proc/self/fd /tmp/dev/fd; mkfifo /tmp/dev/seen; mount --bind /tmp/dev /dev || bad "a /dev of its own"
cat > /tmp/daemon.py <<'S'
import os, socket, sys
if os.path.lexists('/dev/log'): os.unlink('/dev/log')
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.bind('/dev/log'); os.chmod('/dev/log', 0o666)
with open('/tmp/got', 'ab', 0) as out:
    while True: out.write(s.recv(1 << 20) + b'\n')
S
daemon() { python3 /tmp/daemon.py & DAEMON=$!; until_ok 5 test -S /dev/log; sleep 0.1; }
lines() { printf '[Unit]\nStartLimitIntervalSec=0\n[Service]\nType=%s\nStandardOutput=syslog\nSyslogIdentifier=web\nSyslogFacility=local0\n%b\nExecStart=/bin/sh -c "%s"\n' "$1" "$2" "$3" | unit web; }
got() { grep -c "$1" /tmp/got 2>/dev/null; }

# There: each line, with identifier, facility and level; the log has them as well.
daemon; lines oneshot '' "echo one; echo '<3>bad'; echo err >&2"
right "start" amr start web
until_ok 5 grep -q err /tmp/got
same "$(sed 's/\[[0-9]*\]/[N]/' /tmp/got | tr '\n' '|')" '<134>web[N]: one|<131>web[N]: bad|<134>web[N]: err|' "what the daemon gets"
same "$(amr logs web | cut -c29- | tr '\n' '|')" 'one|<3>bad|err|' "what the log has"
# A burst that is longer than what a kernel keeps for a daemon.
: > /tmp/got; lines oneshot '' 'seq 2000'
right "a burst" amr start web
until_ok 10 sh -c 'test $(wc -l < /tmp/got) -ge 2000'; same "$(wc -l < /tmp/got)" 2000 "all of it"
# Hung: the service writes on, its log has all, and its stop is quick.
kill -STOP "$DAEMON"; : > /tmp/got; lines simple '' 'seq 20000; echo the end; exec sleep 1000'
begin=$(date +%s%N); right "start beside one that hangs" amr start web
right "the log has all" until_ok 10 grep -q ' the end$' /var/log/amr-units/web.service.log
same "$(grep -c '' /var/log/amr-units/web.service.log)" 22004 "and no line less"
right "stop" amr stop web; took=$((($(date +%s%N) - begin) / 1000000))
right "in no time ($took ms)" test "$took" -lt 5000
# It goes on: what it missed is counted.
lines simple '' 'seq 20001; sleep 3; echo after; exec sleep 1000'; right "start" amr start web
until_ok 5 grep -q ' 20001$' /var/log/amr-units/web.service.log; kill -CONT "$DAEMON"
right "it hears the next line" until_ok 8 grep -q 'web\[[0-9]*\]: after' /tmp/got
right "and how many it missed" grep -q 'amr: [0-9]* lines are in the log of the unit alone' /tmp/got
amr stop web >/dev/null
# Gone, and another in its place.
kill -9 "$DAEMON"; wait "$DAEMON" 2>/dev/null; : > /tmp/got
lines simple '' 'echo lost; sleep 2; echo heard; exec sleep 1000'; right "start beside none" amr start web
sleep 0.5; daemon; right "the next one hears" until_ok 8 grep -q heard /tmp/got
right "the log has both" test "$(amr logs web | tail -n 2 | cut -c29- | tr '\n' ' ')" = 'lost heard '
right "stop" amr stop web
# What is less urgent than LogLevelMax=, and what comes too fast: dropped, and the rate limit says so.
rm -f /var/log/amr-units/web.service.log
lines oneshot 'LogLevelMax=warning\nSyslogLevel=notice' "echo plain; echo '<3>bad'; echo '<7>chatter'; echo '<4>warned'"; right "start" amr start web
same "$(cut -c29- /var/log/amr-units/web.service.log | tr '\n' '|')" '<3>bad|<4>warned|' "what is urgent enough"
rm -f /var/log/amr-units/web.service.log; lines oneshot 'LogRateLimitIntervalSec=1s\nLogRateLimitBurst=3' "seq 1 9; sleep 1.2; echo late"; right "start" amr start web
same "$(cut -c29- /var/log/amr-units/web.service.log | tr '\n' '|')" '1|2|3|<4>amr: 6 lines were suppressed here by the rate limit|late|' "the rate limit"
rm -f /var/log/amr-units/web.service.log; lines oneshot 'SyslogLevelPrefix=no\nSyslogLevel=err' "echo '<7>text'; echo plain"; right "start" amr start web
same "$(amr logs -p err web | cut -c29- | tr '\n' '|')" '<3><7>text|<3>plain|' "lines of the unit's level"
# A daemon that listens for streams, as syslog-ng may.
kill "$DAEMON"; wait "$DAEMON" 2>/dev/null; rm -f /dev/log; : > /tmp/got
cat > /tmp/stream.py <<'S'
import os, socket
s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM); s.bind('/dev/log'); os.chmod('/dev/log', 0o666); s.listen(5)
with open('/tmp/got', 'ab', 0) as out:
    while True:
        c, _ = s.accept()
        while data := c.recv(1 << 16): out.write(data.replace(b'\0', b'\n'))
S
python3 /tmp/stream.py & DAEMON=$!; until_ok 5 test -S /dev/log; sleep 0.1
lines oneshot '' 'seq 2000; echo the end'; right "a stream" amr start web
right "it hears the end" until_ok 10 grep -q 'web\[[0-9]*\]: the end$' /tmp/got
same "$(wc -l < /tmp/got)" 2001 "and each line"
# The console stays open from line to line: whoever reads it here sees its end with the last close.
mkfifo /dev/console; cat /dev/console > /tmp/seen & CAT=$!
printf '[Service]\nType=oneshot\nStandardOutput=journal+console\nExecStart=/bin/sh -c "for n in 1 2 3; do echo line $$n; sleep 0.3; done"\n' | unit web
right "a console" timeout 5 amr start web; wait $CAT
same "$(sed 's/.*: //' /tmp/seen | tr '\n' '|')" 'line 1|line 2|line 3|' "each line"
rm /dev/console
# Something else in its place: no start fails, nobody waits.
kill "$DAEMON"; rm -f /dev/log; mkfifo /dev/log; lines oneshot '' 'echo x'; right "a FIFO in its place" timeout 5 amr start web
rm -f /dev/log; mkdir /dev/log; right "a folder in its place" timeout 5 amr start web
finish
