. /lab/hostile/prelude.sh
# While root makes /var/lib/web/conf/cron.d, "conf" is now a folder, now a link to /etc.
mkdir -p /etc/cron.d
unit web <<U
[Service]
User=svc
StateDirectory=web web/conf/cron.d web/conf/fresh.d
ExecStart=/bin/sleep 1000
U
amr start web; amr stop web
cat > /tmp/swap.py <<'P'
import ctypes, os
libc = ctypes.CDLL(None)
os.chdir('/var/lib/web')
os.symlink('/etc', 'link')
while True:
    libc.renameat2(-100, b'conf', -100, b'link', 2)
P
as svc python3 /tmp/swap.py & swapper=$!
for _ in $(seq 40); do amr start web >/dev/null 2>&1; amr stop web >/dev/null 2>&1; amr reset-failed web >/dev/null 2>&1; done
kill $swapper; wait 2>/dev/null
right "nothing was made in /etc" test ! -e /etc/fresh.d
same "$(stat -c %U /etc /etc/cron.d | sort -u)" root "nothing changed hands"
finish
