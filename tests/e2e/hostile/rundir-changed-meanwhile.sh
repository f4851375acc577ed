. /lab/hostile/prelude.sh
# Another process of the same user goes on filling the folder, and plants links, while root removes it.
mkdir /srv/kept; touch /srv/kept/file
unit web <<U
[Service]
User=svc
RuntimeDirectory=web
ExecStart=/bin/sleep 1000
U
cat > /tmp/fill.py <<'P'
import os, time
os.chdir('/run/web')
here = os.open('.', os.O_RDONLY)
end = time.time() + 15
n = 0
while time.time() < end:
    n += 1
    try:
        os.mkdir('d%d' % n, dir_fd=here); os.symlink('/srv/kept', 'd%d/l' % n, dir_fd=here)
        os.rename('d%d' % n, 'e', src_dir_fd=here, dst_dir_fd=here)
    except OSError: pass
    try: os.symlink('/srv/kept', 'e', dir_fd=here)
    except OSError: pass
P
for _ in 1 2 3; do
    amr start web
    as svc python3 /tmp/fill.py & filler=$!
    sleep 0.5
    right "stop comes to its end" timeout 100 amr stop web
    right "the name is free" test ! -e /run/web
    kill $filler 2>/dev/null; wait $filler 2>/dev/null
done
right "nothing outside was touched" test -e /srv/kept/file
# A mount of root's in it stays.
amr start web; mkdir /run/web/mnt; mount --bind /srv/kept /run/web/mnt
amr stop web
right "no mount point is crossed" test -e /srv/kept/file
finish
