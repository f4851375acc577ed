. /lab/hostile/prelude.sh
# A host without /run (RHEL 6, the Amazon Linux AMI): what tmpfiles.d lists below /run lies below /var/run, and nothing makes
# a /run. All of it at boot, by the init script that ships.
umount /run; rm -rf /run /var/run /var/lock; mkdir -p /var/run /var/lock/subsys
rm -f /usr/bin/systemd-tmpfiles /usr/lib/tmpfiles.d/*
printf 'd /run/web 0750 svc svc -\nd %%t/web/deep 0711\nd /var/run/old 0700\nL /run/to - - - - web\n' > /usr/lib/tmpfiles.d/web.conf
printf 'd! /run/boot\n' > /usr/lib/tmpfiles.d/boot.conf
unit web <<< $'[Service]\nExecStart=/bin/sh -c "test -d /var/run/web/deep && exec sleep 1000"'
script web
right "a start" /etc/init.d/web start
right "its program saw its folder" amr is-active web
same "$(cd /var/run; stat -c '%n %a %U' web web/deep old to | paste -sd,)" "web 750 svc,web/deep 711 root,old 700 root,to 777 root" "what lies below /var/run"
wrong "no /run came into being" test -e /run
right "stop" /etc/init.d/web stop
amr initd --print amr-tmpfiles > /etc/init.d/amr-tmpfiles; chmod 755 /etc/init.d/amr-tmpfiles
unit amr-tmpfiles <<'U'
[Unit]
ConditionPathExists=!/run/systemd/system
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/sbin/amr tmpfiles --boot
SuccessExitStatus=6
U
printf 'dd /run/broken\nd /run/sound\n' > /usr/lib/tmpfiles.d/broken.conf
right "the boot script" /etc/init.d/amr-tmpfiles start
right "did what is for the boot" test -d /var/run/boot
right "and a broken line kept it from nothing" test -d /var/run/sound
right "which the log tells" grep -q "broken.conf:1:1: unknown modifiers in type 'dd'" /var/log/amr-units/amr-tmpfiles.service.log
wrong "no /run came into being" test -e /run
finish
