. /lab/hostile/prelude.sh
# A deployment's link: whoever deploys owns it, and the service enters it as its user.
mkdir -p /srv/app/releases/1; chown -R svc:svc /srv/app
as svc ln -s releases/1 /srv/app/current
unit web <<U
[Service]
Type=exec
User=svc
WorkingDirectory=/srv/app/current
ExecStart=/bin/sh -c 'pwd -P; exec sleep 1000'
U
right "start" amr start web
right "it is there" until_ok 5 grep -q /srv/app/releases/1 /var/log/amr-units/web.service.log
right "stop" amr stop web
as svc ln -sfn /root /srv/app/current; chmod 700 /root
wrong "where the user may not go, the service does not" amr start web
right "with the stage's code" grep -q 200 <<< "$(amr status web)"
finish
