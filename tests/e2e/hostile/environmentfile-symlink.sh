. /lab/hostile/prelude.sh
unit web <<U
[Service]
Type=exec
User=svc
StateDirectory=web
EnvironmentFile=-/var/lib/web/env
ExecStartPre=+/bin/sh -c 'env > /run/privileged.env'
ExecStart=/bin/sh -c 'env; echo end; exec sleep 1000'
U
printf 'password=root-db-secret\n' > /root/.my.cnf; chmod 600 /root/.my.cnf
ends() { until_ok 5 grep -q 'end$' /var/log/amr-units/web.service.log; }
right "start without the file" amr start web; ends; amr stop web
as svc ln -s /root/.my.cnf /var/lib/web/env; rm -f /var/log/amr-units/*
right "a link to root's secret: ignored, as '-' says" amr start web; ends; amr stop web
wrong "the secret is not passed on" grep -q root-db-secret /var/log/amr-units/web.service.log
for what in "mkfifo env" "ln -s /dev/zero env"; do
    as svc sh -c "cd /var/lib/web; rm env; $what"
    right "$what: starts at once" timeout 10 amr start web; amr stop web
done
as svc sh -c 'rm /var/lib/web/env; printf "MINE=1\nLD_PRELOAD=/var/lib/web/evil.so\n" > /var/lib/web/env'
rm -f /var/log/amr-units/*; right "its own file" amr start web; ends
right "is read for its own lines" grep -q 'MINE=1' /var/log/amr-units/web.service.log
wrong "and for no '+' line" grep -q -e MINE -e LD_PRELOAD /run/privileged.env
right "which is said" grep -q "not applied to lines with" <<< "$(amr status web)"
amr stop web
# Without "-" the start fails.
sed -i 's/EnvironmentFile=-/EnvironmentFile=/' /etc/systemd/system/web.service
as svc ln -sf /root/.my.cnf /var/lib/web/env
wrong "without '-' a link is an error" amr start web
finish
