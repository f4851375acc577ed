. /lab/hostile/prelude.sh
# Whoever can write a unit file, a drop-in or a folder of these is root: it is said each time, and refused with --strict.
U=/etc/systemd/system
printf '[Unit]\nStartLimitIntervalSec=0\n[Service]\nUser=svc\nEnvironmentFile=-/srv/app/env\nExecStart=/bin/sh -c "id -un; exec sleep 100"\n' | unit web
script "web"
says() { amr "$@" 2>&1 | grep -c 'change what root runs'; }
same "$(says start web)" 0 "nothing to say"
right "strict" amr restart --strict web
amr stop web
chmod 666 $U/web.service
mkdir -m 777 $U/web.service.d
as mallory sh -c "printf '[Service]\nUser=root\n' > $U/web.service.d/x.conf"; chown mallory $U/web.service.d/x.conf
wrong "strict refuses" amr start --strict web
wrong "and starts nothing" amr is-active web
wrong "so does run" timeout 5 amr run --strict web
same "$(says start web)" 3 "start says all three"
same "$(says status web)" 3 "status too"
amr stop web
same "$(says start --no-wait web)" 3 "start without waiting"
until_ok 5 amr is-active web; amr stop web
same "$(/etc/init.d/web start 2>&1 | grep -c 'change what root runs')" 3 "the init script"
same "$(amr start --strict web 2>&1 | grep -c "chmod o-w\|chown root")" 1 "the way out"
amr stop web; rm -r $U/web.service.d
mkdir -m 777 $U/web.service.d
same "$(says start web)" 2 "a folder of drop-ins that is still empty"
amr stop web; rmdir $U/web.service.d; chmod 644 $U/web.service
# The service's user may have its own environment file; another user may not.
mkdir -p /srv/app; echo A=1 > /srv/app/env; chown -R svc: /srv/app
same "$(says start web)" 0 "an environment file of the service's user"
amr stop web; chown mallory: /srv/app/env
same "$(says start web)" 1 "one of another user"
amr stop web; chown -R root: /srv/app; chmod 777 /srv
same "$(says start web)" 1 "a folder above it"
amr stop web; chmod 755 /srv
# A link out of the search path.
mkdir -m 777 /opt/app; mv $U/web.service /opt/app; ln -s /opt/app/web.service $U/web.service
same "$(says start web)" 1 "where a link leads"
amr stop web
finish
