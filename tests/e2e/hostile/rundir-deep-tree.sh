. /lab/hostile/prelude.sh
# The service fills its RuntimeDirectory with a deep tree; root removes it at the stop.
cat > /usr/local/bin/deep.py <<'P'
import os, sys, time
os.symlink('/etc', '/run/web/etc')
os.chdir('/run/web')
for i in range(int(sys.argv[1])):
    os.mkdir('d'); os.chdir('d')
print('made', flush=True)
time.sleep(1000)
P
for how in "1024 8192 20000" "1024 512 3000"; do
    set -- $how
    unit web <<U
[Service]
User=svc
RuntimeDirectory=web
ExecStart=/usr/bin/python3 /usr/local/bin/deep.py $3
U
    rm -f /var/log/amr-units/*
    ( ulimit -n "$1"; ulimit -s "$2"; amr start web )
    right "$how: made" until_ok 60 grep -q made /var/log/amr-units/web.service.log
    right "$how: stop" timeout 60 amr stop web
    right "$how: nothing is left" test -z "$(ls -A /run | grep -e '^web$' -e amr-removed)"
    right "$how: start again" amr start web; amr stop web
    wrong "$how: no process is left" pgrep -f deep.py
done
right "no link was followed" test -e /etc/passwd
finish
