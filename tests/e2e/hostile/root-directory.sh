. /lab/hostile/prelude.sh
# A root folder of a service's own: nobody leads root's mounts elsewhere by what lies in it; what has no view at all;
# and a host whose own root folder is no mount point.
run() { printf '[Service]\nType=oneshot\n%s\n' "$1" | unit web; amr reset-failed web 2>/dev/null; amr start web 2>/run/err; amr show web -p ExecMainStatus --value; }
jail() {
    rm -rf /srv/jail; mkdir -p /srv/jail/usr /srv/jail/etc /srv/jail/srv; echo inside > /srv/jail/etc/inside
    for l in bin sbin lib lib64; do ln -s usr/$l /srv/jail/$l; done
}
look='ExecStart=/bin/sh -c "grep -q inside /etc/inside && [ -e /proc/self ] && [ -c /dev/null ]"'
root='RootDirectory=/srv/jail
BindReadOnlyPaths=/usr'
jail; same "$(run "$root
$look")" 0 "a service sees its root folder"
wrong "and nothing of it is mounted outside" grep -q /srv/jail /proc/self/mountinfo
jail; ln -s ../etc /srv/jail/dev; chown -h svc /srv/jail/dev; chown svc /srv/jail
same "$(run "$root
$look")" 226 "a link that the service has put in the place of a mount leads nowhere"
right "and is named" grep -q /dev /run/err
jail; rm -rf /srv/jail/proc; ln -s /srv/jail /srv/to-jail; chown -h svc:svc /srv/to-jail; chmod 1777 /srv
same "$(run "RootDirectory=/srv/to-jail
BindReadOnlyPaths=/usr
$look")" 226 "so does one to the root folder"
same "$(run "RootDirectory=/srv/to-jail
MountAPIVFS=no
$look")" 210 "also where nothing is mounted"
chmod 755 /srv; jail; cp -a /usr/bin/true /srv/jail/usr/ 2>/dev/null
same "$(AMR_FEATURES=no-mount-namespace run "$root
$look")" 226 "without namespaces of mounts there is none"
# A program that is not there is not one that the service has put into its working directory.
jail; mkdir -p /srv/jail/home; chown svc /srv/jail/home; printf '#!/bin/sh\ntouch /home/planted\n' > /srv/jail/home/helper; chmod 755 /srv/jail/home/helper
same "$(run "$root
User=svc
WorkingDirectory=/home
ExecStart=!helper")" 203 "a missing program"
wrong "nothing was executed for it" test -e /srv/jail/home/planted
# A folder that is no mount point, with what a host needs: all that is said of its root holds.
mkdir -p /srv/host/run /srv/host/tmp /srv/host/var/log /srv/host/srv; chmod 1777 /srv/host/tmp
for d in usr etc proc sys dev; do mkdir -p /srv/host/$d; done; for l in bin sbin lib lib64; do ln -s usr/$l /srv/host/$l; done
unshare --mount sh -c 'for d in usr etc proc sys dev; do mount --rbind /$d /srv/host/$d; done
    printf "[Service]\nType=oneshot\nProtectSystem=strict\nReadWritePaths=/srv\nExecStart=/bin/sh -c \"touch /srv/yes; touch /var/no /no 2>/dev/null; exit 0\"\n" > /srv/host/run/web.service
    chroot /srv/host amr run /run/web.service' > /run/out 2>&1
same $? 0 "a host whose root folder is no mount point can have ProtectSystem=strict"
same "$(ls /srv/host/srv /srv/host/var /srv/host)" "$(printf '/srv/host:\n%s\n\n/srv/host/srv:\nyes\n\n/srv/host/var:\nlog' "$(ls /srv/host)")" "and it holds"
wrong "nothing was written beside" test -e /srv/host/no
finish
