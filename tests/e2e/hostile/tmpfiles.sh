. /lab/hostile/prelude.sh
# The units of Debian bookworm that count on tmpfiles.d(5), with stand-ins for their programs; then a user who owns a
# place where root is to create something.
[ ! -e /usr/bin/systemd-tmpfiles ] || mv /usr/bin/systemd-tmpfiles /usr/bin/systemd-tmpfiles.away
useradd -r haproxy; useradd -r memcache; useradd -r mysql
mkdir -p /lab/units /usr/share/memcached/scripts /usr/lib/php /etc/mysql
tmpfile() { cat > "/usr/lib/tmpfiles.d/$1.conf"; }
# program PATH COMMAND: does that, says READY=1 and stays
program() { printf '#!/bin/sh\nset -e\n%s\nexec /lab/bin/svcmain\n' "$2" > "$1"; chmod 755 "$1"; }

tmpfile haproxy <<< 'd /run/haproxy 2775 haproxy haproxy -'
program /usr/sbin/haproxy 'touch /run/haproxy/admin.sock'
unit haproxy <<'U'
[Service]
EnvironmentFile=-/etc/default/haproxy
BindReadOnlyPaths=/dev/log:/var/lib/haproxy/dev/log
Environment="CONFIG=/etc/haproxy/haproxy.cfg" "PIDFILE=/run/haproxy.pid" "EXTRAOPTS=-S /run/haproxy-master.sock"
ExecStart=/usr/sbin/haproxy -Ws -f $CONFIG -p $PIDFILE $EXTRAOPTS
KillMode=mixed
SuccessExitStatus=143
Type=notify
U
# No syslog daemon runs in the lab: without /dev/log the package's unit ends with 226, here as under systemd.
mkdir -p /etc/systemd/system/haproxy.service.d
printf '[Service]\nBindReadOnlyPaths=\n' > /etc/systemd/system/haproxy.service.d/no-syslog.conf
tmpfile php8.2-fpm <<< '    d /run/php              0755 www-data www-data -   -'
program /usr/sbin/php-fpm8.2 'touch /run/php/php8.2-fpm.pid'
printf '#!/bin/sh\nln -sf php8.2-fpm.sock "$2"\n' > /usr/lib/php/php-fpm-socket-helper; chmod 755 /usr/lib/php/php-fpm-socket-helper
unit php8.2-fpm.service <<'U'
[Service]
Type=notify
ExecStart=/usr/sbin/php-fpm8.2 --nodaemonize --fpm-config /etc/php/8.2/fpm/php-fpm.conf
ExecStartPost=-/usr/lib/php/php-fpm-socket-helper install /run/php/php-fpm.sock /etc/php/8.2/fpm/pool.d/www.conf 82
U
tmpfile mariadb <<< 'd /run/mysqld 0755 mysql root -'
program /usr/sbin/mariadbd 'touch /run/mysqld/mysqld.sock'
unit mariadb <<'U'
[Service]
Type=notify
User=mysql
Group=mysql
ExecStart=/bin/sh -c "set -f; [ ! -e /usr/bin/galera_recovery ] && VAR= || \
 VAR=`/usr/bin/galera_recovery`; [ $? -eq 0 ] || exit 1; \
 exec /usr/sbin/mariadbd $MYSQLD_OPTS $_WSREP_NEW_CLUSTER $VAR"
UMask=007
U
tmpfile memcached <<< 'd /run/memcached 0755 memcache memcache -'
program /usr/share/memcached/scripts/systemd-memcached-wrapper 'echo $$ > /run/memcached/memcached.pid'
unit memcached <<'U'
[Service]
ExecStart=/usr/share/memcached/scripts/systemd-memcached-wrapper /etc/memcached.conf
PrivateTmp=true
PIDFile=/run/memcached/memcached.pid
U
# A broken line and a user who is not there are said, and keep neither the other lines nor the start.
tmpfile broken <<< $'dd /run/broken/x\nd /run/broken 0700\nd /run/broken/y - nobody-here'
unit broken <<< $'[Service]\nExecStart=/bin/sh -c "test -d /run/broken && exec sleep 1000"'
same "$(amr start broken 2>&1)" "amr: /usr/lib/tmpfiles.d/broken.conf:1:1: unknown modifiers in type 'dd', ignoring the line; hint: see tmpfiles.d(5): TYPE PATH MODE USER GROUP AGE ARGUMENT
amr: 'broken.service': /usr/lib/tmpfiles.d/broken.conf:3: user 'nobody-here' does not exist; hint: install its package, or 'amr sysusers' where sysusers.d has it" "a broken line"
right "the start goes on" amr is-active broken; amr stop broken
# The name of neither the unit nor its user: the path that the unit mentions decides.
tmpfile zz-spool <<< $'d /run/spool 0750 svc svc -\nd /run/other 0750 svc svc -\nR /run/kept\nd! /run/spool/boot'
unit spooler <<< $'[Service]\nUser=svc\nExecStart=/bin/sh -c "touch /run/spool/x && exec sleep 1000" --pid=/run/spool/pid'
mkdir /run/kept

for name in haproxy php8.2-fpm mariadb memcached spooler; do
    right "$name starts" amr start $name
    right "$name runs" until_ok 5 amr is-active $name
done
same "$(stat -c '%n %a %U %G' /run/haproxy /run/php /run/mysqld /run/memcached /run/spool | paste -sd,)" \
    "/run/haproxy 2775 haproxy haproxy,/run/php 755 www-data www-data,/run/mysqld 755 mysql root,/run/memcached 755 memcache memcache,/run/spool 750 svc svc" \
    "what tmpfiles.d says"
wrong "what no unit asked for is not made" test -e /run/other
wrong "nor what is for the boot" test -e /run/spool/boot
right "nothing is removed" test -d /run/kept
right "a program that runs sees its file" until_ok 5 test -e /run/haproxy/admin.sock
for name in haproxy php8.2-fpm mariadb memcached spooler; do right "stop of $name" amr stop $name; done

# At boot: all of it. The unit that ships, by its own script.
rm -f /usr/lib/tmpfiles.d/*; tmpfile all <<< $'d /run/other 0711\nd! /run/boot 0755\nR /run/kept\nf /run/word 0640 svc - - hi\\n\nL /run/to - - - - word'
right "at boot" amr tmpfiles --boot
same "$(stat -c '%n %a %U' /run/other /run/boot /run/word | paste -sd,) $(cat /run/to)" "/run/other 711 root,/run/boot 755 root,/run/word 640 svc hi" "all lines"
right "and nothing is removed" test -d /run/kept
same "$(amr tmpfiles -n)" "/usr/lib/tmpfiles.d/all.conf:1: keep folder '/run/other' (0711, -:-)
/usr/lib/tmpfiles.d/all.conf:4: keep file '/run/word' (0640, svc:-)
/usr/lib/tmpfiles.d/all.conf:5: keep link '/run/to' -> 'word'
/usr/lib/tmpfiles.d/all.conf:2: pass over 'd! /run/boot 0755': it is for the boot alone
/usr/lib/tmpfiles.d/all.conf:3: pass over 'R /run/kept': amr does nothing for type 'R'" "a dry run"

# Mallory owns /srv/drop, and root is told to create, give away and write there.
mkdir -p /srv/drop /root/private; chown mallory /srv/drop; echo secret > /root/private/key; chmod 600 /root/private/key
before=$(stat -c '%a %U %G' /root/private /root/private/key /etc/cron.d /etc/shadow)
trap_() { tmpfile trap <<< "$1"; as mallory sh -c "rm -rf /srv/drop/*; $2"; wrong "$3" amr tmpfiles; }
trap_ 'd /srv/drop/sub 0777 mallory' 'ln -s /root/private /srv/drop/sub' "a link in the place of a folder"
trap_ 'd /srv/drop/sub/deep 0777 mallory' 'ln -s /etc/cron.d /srv/drop/sub' "a link above it"
trap_ 'f /srv/drop/file 0666 mallory' 'ln -s /root/private/key /srv/drop/file' "a link in the place of a file"
trap_ 'f+ /srv/drop/file 0666 mallory - - mine' 'ln -s /root/private/key /srv/drop/file' "the same, written"
trap_ 'z /srv/drop/* 0666 mallory' 'mkfifo /srv/drop/fifo' "a FIFO, which nobody waits for"
ln /etc/shadow /srv/drop/hard 2>/dev/null && { tmpfile trap <<< 'z /srv/drop/hard 0666 mallory'; wrong "a second name of a root file" amr tmpfiles; }
rm -f /srv/drop/hard
trap_ 'f+ /srv/drop/roots 0644 root - - x' 'echo a > /srv/drop/roots' "a file of hers that is to be root's"
trap_ 'z /srv/drop/prog 4755 mallory' 'cp /bin/true /srv/drop/prog' "set-user-id on what she wrote"
trap_ 'L+ /srv/drop/d - - - - /x' 'mkdir -p /srv/drop/d/e' "a folder with something in it makes no room"
right "it is still there" test -d /srv/drop/d/e
same "$(stat -c '%a %U %G' /root/private /root/private/key /etc/cron.d /etc/shadow)" "$before" "nothing changed hands"
same "$(cat /root/private/key)" secret "nor its contents"
tmpfile trap <<< $'z /srv/drop/l - mallory\nf /srv/drop/new 0600 mallory - - hers'; as mallory sh -c 'rm -rf /srv/drop/*; ln -s /root/private/key /srv/drop/l'
amr tmpfiles >/dev/null 2>&1; same "$(stat -c '%a %U' /root/private/key) $(stat -c '%a %U' /srv/drop/new)" "600 root 600 mallory" "a link itself, and what is made beside it"
rm /usr/lib/tmpfiles.d/trap.conf
# She swaps a folder and a link as fast as she can.
tmpfile race <<< $'d /srv/drop/r/a 0777 mallory\nf /srv/drop/r/f 0666 mallory\nz /srv/drop/r/key 0666 mallory'
as mallory sh -c 'rm -rf /srv/drop/*; cd /srv/drop; mkdir real; while :; do ln -s /root/private r; rm -f r; mv real r; mv r real; done' 2>/dev/null & racer=$!
for _ in $(seq 150); do amr tmpfiles >/dev/null 2>&1; done; kill $racer; wait $racer 2>/dev/null
same "$(stat -c '%a %U' /root/private /root/private/key | paste -sd,) $(ls /root/private)" "755 root,600 root key" "a race is never won"
# What others can write says nothing to root.
rm -f /usr/lib/tmpfiles.d/*; tmpfile open <<< 'd /run/theirs 0755'; chmod 666 /usr/lib/tmpfiles.d/open.conf
wrong "a file that others can write" amr tmpfiles
wrong "is not gone by" test -e /run/theirs

# systemd-tmpfiles itself, where it is installed, is told the lines that were chosen.
printf '#!/bin/sh\necho "$@" >> /lab/told; cat >> /lab/told\n' > /usr/bin/systemd-tmpfiles; chmod 755 /usr/bin/systemd-tmpfiles
rm -f /usr/lib/tmpfiles.d/*; tmpfile spooler <<< $'d /run/fresh 0755\nZ /run/fresh 0700'
amr start spooler >/dev/null 2>&1
same "$(cat /lab/told)" $'--create -\nd /run/fresh 0755' "it is called, and told no line of another type"
: > /lab/told; amr tmpfiles --boot </dev/null; same "$(cat /lab/told)" "--create --boot" "and for all at boot"
if mv /usr/bin/systemd-tmpfiles.away /usr/bin/systemd-tmpfiles; then
    rm -rf /run/fresh; amr stop spooler >/dev/null 2>&1; amr start spooler >/dev/null 2>&1
    right "the real one makes it" test -d /run/fresh
else echo "# left out: the real systemd-tmpfiles is not here"; fi
printf '#!/bin/sh\nexit 1\n' > /usr/bin/systemd-tmpfiles; rm -rf /run/fresh
amr stop spooler >/dev/null 2>&1; amr start spooler >/dev/null 2>&1
right "where that one cannot, amr does" test -d /run/fresh

# Units whose instances a generator makes.
mkdir -p /usr/lib/systemd/system-generators /etc/postgresql/15/main; touch /etc/postgresql/15/main/postgresql.conf
touch /usr/lib/systemd/system-generators/postgresql-generator
unit postgresql <<< $'[Service]\nType=oneshot\nExecStart=/bin/true\nRemainAfterExit=on'
unit postgresql@ <<< $'[Unit]\nPartOf=postgresql.service\n[Service]\nExecStart=/bin/sleep 1000'
same "$(amr start postgresql 2>&1 | grep -o "starts nothing by itself\|amr start postgresql@15-main" | paste -sd,)" \
    "starts nothing by itself,amr start postgresql@15-main" "an umbrella says what to start instead"
right "which starts" amr start postgresql@15-main
mkdir -p /etc/systemd/system/postgresql.service.wants; ln -s ../postgresql@.service /etc/systemd/system/postgresql.service.wants/postgresql@15-main.service
amr stop postgresql; same "$(amr start postgresql 2>&1)" "" "with the link it has nothing to say"
right "and starts its instance" amr is-active postgresql@15-main
amr stop postgresql spooler >/dev/null 2>&1
# umbrella NAME GENERATOR FILE... -- INSTANCE...: as Debian has it, and what is to be started instead
umbrella() {
    local name=$1 instance; touch "/usr/lib/systemd/system-generators/$2"; shift 2
    while [ "$1" != -- ]; do mkdir -p "${1%/*}"; touch "$1"; shift; done
    shift
    unit "$name" <<< $'[Service]\nType=oneshot\nExecStart=/bin/true\nRemainAfterExit=on'
    unit "$name@" <<< $'[Service]\nExecStart=/bin/sleep 1000'
    same "$(amr start "$name" 2>&1 | grep -o "hint: amr start [^(]*")" "hint: amr start $* " "$name says what to start instead"
    for instance in "$@"; do right "$instance starts" amr start "$instance"; amr stop "$instance"; done
    amr stop "$name"
}
umbrella tor tor-generator /etc/tor/torrc /etc/tor/instances/relay/torrc -- tor@default tor@relay
umbrella postfix postfix-instance-generator /etc/postfix/main.cf -- postfix@-
rm -r /etc/postfix /usr/lib/systemd/system-generators/postfix-instance-generator
same "$(amr start postfix 2>&1)" "" "without its generator it is what it says"
finish
