. /lab/hostile/prelude.sh
# OpenFile= (systemd 253, which 252 passes over): opened by root, passed with a name, and by nobody else's lead.
cat > /usr/local/bin/shows <<'S'
#!/usr/bin/python3
import os, sys
n = int(os.environ.get('LISTEN_FDS', 0)); said = [str(n), os.environ.get('LISTEN_FDNAMES', ''), str(os.environ.get('LISTEN_PID') == str(os.getpid()))]
for fd in range(3, 3 + n):
    try: said.append('read ' + os.read(fd, 9).decode().strip())
    except OSError as e: said.append('read %d' % e.errno)
    try: said.append('wrote %d' % os.write(fd, b'+'))
    except OSError as e: said.append('write %d' % e.errno)
open('/tmp/shown', 'w').write('; '.join(said))
S
chmod 755 /usr/local/bin/shows; mkdir -p /srv/roots; chmod 700 /srv/roots
fresh() { echo secret > /srv/roots/a; echo other > "/srv/roots/b:c"; chmod 600 /srv/roots/*; }
# shown USER LINE...: what the service tells
shown() { local user=$1; shift; rm -f /tmp/shown; touch /tmp/shown; chmod 666 /tmp/shown; fresh
    { printf '[Unit]\nStartLimitIntervalSec=0\n[Service]\nType=oneshot\nUser=%s\n' "$user"; printf '%s\n' "$@"; printf 'ExecStart=/usr/local/bin/shows\n'; } | unit opens; amr start opens > /tmp/said 2>&1 || echo "failed $(amr show opens -p ExecMainStatus | cut -d= -f2)"; cat /tmp/shown; }
same "$(shown svc OpenFile=/srv/roots/a)" "1; a; True; read secret; wrote 1" "a file that only root can open"
same "$(cat /srv/roots/a)" "secret
+" "and that is written"
same "$(shown svc 'OpenFile=/srv/roots/a:key:read-only' 'OpenFile=/srv/roots/b\x3ac:other:append')" "2; key:other; True; read secret; write 9; read other; wrote 1" "names and options"
same "$(shown svc 'OpenFile=/srv/roots/a::truncate')" "1; a; True; read ; wrote 1" "truncate"
same "$(shown svc OpenFile=/srv/roots/none)" "failed 202" "one that is not there"
same "$(shown svc OpenFile=/srv/roots/none::graceful OpenFile=/srv/roots/a::read-only)" "1; a; True; read secret; write 9" "graceful"
same "$(shown svc OpenFile=/srv/roots/a OpenFile= OpenFile=/dev/null:null)" "1; null; True; read ; wrote 1" "taken back"
same "$(shown svc OpenFile=relative OpenFile=/a:b:c)" "0; ; False" "what is no value is left out"
same "$(shown svc OpenFile=/srv/roots/a 'ExecStartPre=/usr/local/bin/shows' 'ExecStartPre=/bin/cp /tmp/shown /tmp/pre')" "1; a; True; read secret; wrote 1" "the main process alone"
same "$(cat /tmp/pre)" "0; ; False" "is passed any"
same "$(amr show opens -p OpenFile)" "OpenFile=/srv/roots/a" "show"
# A socket is connected to.
python3 -c '
import os, socket
s = socket.socket(socket.AF_UNIX); s.bind("/srv/roots/sock"); s.listen(5)
if os.fork(): os._exit(0)
while True:
    c, _ = s.accept(); c.sendall(b"hello"); c.recv(1)'
same "$(shown svc OpenFile=/srv/roots/sock)" "1; sock; True; read hello; wrote 1" "a socket"
same "$(shown svc OpenFile=/srv/roots/sock:s:read-only)" "1; s; True; read hello; write 32" "a socket that is only read"
# Nobody waits for the other end of a FIFO, and nobody else leads root anywhere.
mkfifo /srv/roots/fifo
same "$(shown svc OpenFile=/srv/roots/fifo::read-only)" "1; fifo; True; read ; write 9" "a FIFO without a writer"
mkdir -p /srv/svc; chown svc /srv/svc; as svc ln -s /srv/roots/a /srv/svc/link; ln /srv/roots/a /srv/svc/hard 2>/dev/null
same "$(shown svc OpenFile=/srv/svc/link)" "failed 202" "a link of the user's"
same "$(shown svc OpenFile=/srv/svc/hard)" "failed 202" "a second name in the user's folder"
as svc sh -c 'echo mine > /srv/svc/mine'
same "$(shown svc OpenFile=/srv/svc/mine)" "1; mine; True; read mine; wrote 1" "the user's own"
finish
