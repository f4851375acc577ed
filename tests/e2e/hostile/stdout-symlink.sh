. /lab/hostile/prelude.sh
# LogsDirectory= is the service's; root opens a file in it.
for how in file append truncate; do
    rm -rf /var/log/web; echo precious > /etc/important; chmod 600 /etc/important
    unit web <<U
[Service]
Type=exec
User=svc
LogsDirectory=web
StandardOutput=$how:/var/log/web/out.log
ExecStart=/bin/sh -c 'echo hello; exec sleep 1000'
U
    right "$how: start" amr start web
    right "$how: it writes" until_ok 5 grep -q hello /var/log/web/out.log
    same "$(stat -c '%U %a' /var/log/web/out.log)" "root 644" "$how: the file is root's, as with systemd"
    right "$how: stop" amr stop web
    right "$how: the file is taken again" amr start web; amr stop web
    as svc sh -c 'rm -f /var/log/web/out.log; ln -s /etc/cron.d/pwn /var/log/web/out.log'
    wrong "$how: a link to what is not there" amr start web
    right "$how: the stage's code" grep -q 209 <<< "$(amr status web)"
    right "$how: nothing was made" test ! -e /etc/cron.d/pwn
    as svc ln -sf /etc/important /var/log/web/out.log
    wrong "$how: a link to a file of root's" amr start web
    as svc rm /var/log/web/out.log
    ln /etc/important /var/log/web/out.log 2>/dev/null || { cp /etc/important /var/log/web/other; ln /var/log/web/other /var/log/web/out.log; }
    wrong "$how: a file with two names" amr start web
    same "$(cat /etc/important /var/log/web/out.log | sort -u)" precious "$how: it is as it was"
    right "$how: it says why" grep -q "it has 2 names" <<< "$(amr status web)"
    amr reset-failed web
done
finish
