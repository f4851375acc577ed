. /lab/hostile/prelude.sh
# The PID file is now a file of the service's that names a victim, now one of root's.
sleep 7777 & victim=$!
cat > /usr/local/bin/fork <<'S'
#!/bin/sh
setsid sleep 5555 &
S
chmod 755 /usr/local/bin/fork
unit web <<U
[Service]
Type=forking
User=svc
RuntimeDirectory=web
PIDFile=/run/web/web.pid
TimeoutStartSec=8
ExecStartPre=+/bin/sh -c 'echo x > /run/web/rootfile'
ExecStart=/usr/local/bin/fork
U
cat > /tmp/swap.py <<'P'
import ctypes, os, sys, time
d = '/run/web/'
while not os.path.exists(d + 'rootfile'): time.sleep(0.001)
open(d + 'mine', 'w').write(sys.argv[1] + '\n')
os.rename(d + 'mine', d + 'web.pid')
end = time.time() + 10
libc = ctypes.CDLL(None)
while time.time() < end:
    libc.renameat2(-100, b'/run/web/web.pid', -100, b'/run/web/rootfile', 2)
P
as svc python3 /tmp/swap.py $victim &
wrong "the start does not take the victim" amr start web
wrong "it is not the main process" grep -q "Main PID: $victim" <<< "$(amr status web)"
amr stop web
right "the victim lives" kill -0 $victim
finish
