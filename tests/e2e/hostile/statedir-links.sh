. /lab/hostile/prelude.sh
# The service owns /var/lib/web and puts links in the place of what root makes there.
mkdir -p /etc/cron.d; before=$(stat -c '%u %a' /etc /etc/cron.d)
unit web <<U
[Service]
Type=exec
User=svc
StateDirectory=web web/sub web/conf/cron.d
ExecStart=/bin/sleep 1000
U
right "start" amr start web
same "$(stat -c '%U %a' /var/lib/web /var/lib/web/sub /var/lib/web/conf /var/lib/web/conf/cron.d | paste -sd,)" \
    "svc 755,svc 755,root 755,svc 755" "who owns what"
right "stop" amr stop web
right "a second start takes what is there" amr start web; amr stop web
as svc sh -c 'rmdir /var/lib/web/sub && ln -s /etc /var/lib/web/sub'
wrong "the last component a link: no start" amr start web
same "$(sed -n 's/.*\(is a link that others than root can change\).*/\1/p' <<< "$(amr status web)" | head -1)" \
    "is a link that others than root can change" "and it says why"
right "the stage's code" grep -q 238 <<< "$(amr status web)"
as svc sh -c 'rm /var/lib/web/sub; mv /var/lib/web/conf /var/lib/web/conf.old; ln -s /etc /var/lib/web/conf'
wrong "a middle component a link: no start" amr start web
sed -i s/cron.d/newdir.d/ /etc/systemd/system/web.service
wrong "nor for a folder that is not there" amr start web
right "nothing was made" test ! -e /etc/newdir.d
same "$(stat -c '%u %a' /etc /etc/cron.d)" "$before" "nothing changed hands"
finish
