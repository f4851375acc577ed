. /lab/hostile/prelude.sh
# sysusers.d(5): beside the real systemd-sysusers on equal trees, then on this host without it.
tree() {
    mkdir -p "$1"/etc/sysusers.d "$1"/usr/sbin; touch "$1"/usr/sbin/nologin
    printf 'root:x:0:0:root:/root:/bin/sh\ntaken:x:997:997::/:/bin/sh\n+::::::\n' > "$1/etc/passwd"
    printf 'root:x:0:\nadm:x:4:root\ntaken:x:997:\nother:x:995:\n+:::\n' > "$1/etc/group"
    printf 'root:*:1::::::\ntaken:!:2::::::\n' > "$1/etc/shadow"; printf 'root:*::\nadm:*::root\n' > "$1/etc/gshadow"
    cat > "$1/etc/sysusers.d/a.conf" <<'LINES'
u web 33 "Web server" /var/www /bin/bash
u auto - "Auto"
u fixed 500:4
u named -:adm
u named2 501:nogrp
g grp 600
g grpauto
m auto adm
m newuser newgroup
u taken 5 "never"
u clash 997
u clash2 995
u web 34
u root2 0
u rel - "x" relative
u bad!name
u gid9 501:9
g adm 77
r - 300-310
u a:b
u - 5
uu foo
u many 40:41
g many2 41
u noshell - - - /usr/sbin/nologin
u dash - - -
u oct 010
LINES
}
tree /tmp/theirs; tree /tmp/ours
if ! command -v systemd-sysusers >/dev/null; then echo "# left out: systemd-sysusers is not here to compare with"; finish; fi
systemd-sysusers --root=/tmp/theirs >/dev/null 2>&1
amr --root /tmp/ours sysusers >/dev/null 2>&1
for f in passwd group shadow gshadow passwd- group- shadow- gshadow-; do
    same "$(cat /tmp/ours/etc/$f)" "$(cat /tmp/theirs/etc/$f)" "$f as systemd-sysusers writes it"
done
for t in theirs2 ours2; do tree /tmp/$t; sed -i '/^r /d' /tmp/$t/etc/sysusers.d/a.conf; done
systemd-sysusers --root=/tmp/theirs2 >/dev/null 2>&1; amr --root /tmp/ours2 sysusers >/dev/null 2>&1
right "and with the usual numbers" diff /tmp/theirs2/etc/passwd /tmp/ours2/etc/passwd

mv /usr/bin/systemd-sysusers /usr/bin/systemd-sysusers.away
rm -f /usr/lib/sysusers.d/*; printf 'u robot - "A robot" /var/lib/robot\nm robot adm\nm svc robots\n' > /usr/lib/sysusers.d/robot.conf
before=$(stat -c '%a %U %G' /etc/passwd /etc/group /etc/shadow /etc/gshadow); old=$(getent passwd svc root)
right "a dry run" amr sysusers -n
wrong "makes nobody" getent passwd robot
right "on the host" amr sysusers
same "$(getent passwd robot | cut -d: -f5-) $(id -nG robot | tr ' ' '\n' | sort | paste -sd,) $(id -nG svc)" \
    "A robot:/var/lib/robot:/usr/sbin/nologin adm,robot svc robots" "who is there now"
same "$(passwd -S robot | cut -d' ' -f2)" L "without a password"
same "$(stat -c '%a %U %G' /etc/passwd /etc/group /etc/shadow /etc/gshadow)" "$before" "modes and owners stay"
same "$(getent passwd svc root)" "$old" "and so do those who were there"
right "the files are sound" grpck -r
same "$(pwck -r 2>&1 | grep robot | grep -v 'does not exist')" "" "also for pwck"
sum=$(cat /etc/passwd /etc/group /etc/shadow /etc/gshadow | sha256sum)
right "a second time" amr sysusers
same "$(cat /etc/passwd /etc/group /etc/shadow /etc/gshadow | sha256sum)" "$sum" "changes nothing"
# Three at once, beside useradd: nobody is lost.
for n in 1 2 3; do printf 'u robot%s\n' $n >> /usr/lib/sysusers.d/robot.conf; amr sysusers >/dev/null 2>&1 & done
useradd -r beside 2>/dev/null; wait
right "four at once" getent passwd robot1 robot2 robot3 beside
same "$(cut -d: -f1 /etc/passwd | sort | uniq -d)$(cut -d: -f3 /etc/passwd | sort | uniq -d)" "" "each once, no number twice"
as mallory amr sysusers 2>/dev/null; same $? 4 "only root may"
printf '#!/bin/sh\necho called\n' > /usr/bin/systemd-sysusers; chmod 755 /usr/bin/systemd-sysusers
same "$(amr sysusers)" called "systemd-sysusers does it where it is installed"
finish
