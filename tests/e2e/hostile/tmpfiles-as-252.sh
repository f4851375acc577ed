. /lab/hostile/prelude.sh
# The same files of tmpfiles.d(5) in two equal trees, by systemd-tmpfiles and by amr: the same comes of them.
if ! command -v systemd-tmpfiles >/dev/null; then echo "# left out: systemd-tmpfiles is not here to compare with"; finish; fi
tree() {
    mkdir -p "$1"/srv "$1"/etc/tmpfiles.d "$1"/run/tmpfiles.d "$1"/usr/lib/tmpfiles.d "$1"/srv/there/sub "$1"/wrong
    printf 'root:x:0:0::/root:/bin/sh\nweb:x:33:33::/:/bin/sh\n' > "$1/etc/passwd"; printf 'root:x:0:\nweb:x:33:\n' > "$1/etc/group"
    echo old > "$1/srv/there/file"; chmod 600 "$1/srv/there/file"; ln -s elsewhere "$1/srv/there/link"; ln -s /srv/there "$1/srv/there/abs"; chmod 700 "$1/srv/there/sub"; chmod 755 "$1"/{srv/there,wrong,run}
    cat > "$1/etc/tmpfiles.d/a.conf" <<'LINES'
# comment
 d /a1 0750 web web 10d arg here
"d" "/a2 b" 2775 root root -
d  /a3 ~0777 - - -
f /f1 0640 web - - hello\x20w\n%%x "q"
f+ /f2 :0600 :web :web - 
f~ /f3 - - - - aGVsbG8K
L /l1 - - - - ../x%%y
L+ /l2 - - - -
d! /b1
d- /b2 9999
dd /b3
d++ /b4
d b7
d /var/run/b8
d /b9 0755 nobodyknows
x /tmp/*
d /c1 0755 web
d /c1 0700 web
d /c2 - - - 5xyz
d /c3 - - - ~abcm:5d
d /c4/%i
d /c5/%Z
d
d /c6 "0755
f /f4 - - - -   two   words  
f /f5 - - - - "quoted"
f /f6 - - - - -
z /f4 0600 - -
z /nope 0600
d\x20/c7
d= /c9 0711
F /f7 - - - - x
f /f8 7777
f /f9 - 33 33
f /f10 - 4000 
d /c10//x/./y/ 0700
f^ /f12 - - - - cred
f /f13 - - - - a\qb
f /f14 - - - - a\
L /l3 - - - - a b\x41
d /c12 00000755
d /c13 -0755
d /c14 ~:0711
d /c15 :~0711
d /c16 :~ 
d+ /m7
d /m7 0700
f /m8 0600 - - - one
f+ /m8 0640 - - - two
f /srv/there/file 0640 - - - new
f /wrong
d /srv/there/sub :0711 :web
z /srv/there/* - :web
L /srv/there/link - - - - new
L+ /srv/there/abs - - - - new
z /srv/there/{sub,file} ~0777 web -
D /e1 1777
d /e1/in 0700 web
f /e1/in/file :0640 :web - - %u:%T
d ~rel
d /g%%h 0750 - :web
k /what
LINES
    printf 'd /crlf 0755\r\nd /d1 0750\r\n' > "$1/etc/tmpfiles.d/b.conf"
    printf 'd /nul\0d /d2 0750\n' > "$1/run/tmpfiles.d/c.conf"; printf 'd /hidden\n' > "$1/usr/lib/tmpfiles.d/c.conf"
    printf 'd /d3 0750\\\n  web\nd /d4' > "$1/usr/lib/tmpfiles.d/d.conf"
    ln -s /dev/null "$1/run/tmpfiles.d/mask.conf"; printf 'd /masked\n' > "$1/usr/lib/tmpfiles.d/mask.conf"
    : > "$1/etc/tmpfiles.d/empty.conf"; printf 'd /emptied\n' > "$1/usr/lib/tmpfiles.d/empty.conf"
    ln -s nowhere "$1/etc/tmpfiles.d/dangling.conf"; printf 'd /dangling\n' > "$1/usr/lib/tmpfiles.d/dangling.conf"
    printf 'd /dotted\n' > "$1/usr/lib/tmpfiles.d/.x.conf"; printf 'd /named\n' > "$1/usr/lib/tmpfiles.d/x.config"
}
listing() { (cd "$1" && find . -not -path './etc*' -printf '%p %y %m %U %G %l\n' | sort; for f in f? f?? m? e1/in/file srv/there/file; do [ -f "$f" ] && { echo "== $f"; cat "$f"; }; done); }
for boot in "" --boot; do
    rm -rf /tmp/theirs /tmp/ours; tree /tmp/theirs; tree /tmp/ours
    for _ in 1 2; do
        systemd-tmpfiles --root=/tmp/theirs --create $boot >/dev/null 2>&1
        amr --root /tmp/ours tmpfiles $boot >/tmp/said 2>&1
        if diff <(listing /tmp/theirs) <(listing /tmp/ours) > /tmp/differs; then ok "the same tree ${boot:-later}"; else bad "the same tree ${boot:-later}: $(cat /tmp/differs)"; fi
    done
done
right "something was made" test -d /tmp/ours/g%h
same "$(grep -c 'ignoring the line' /tmp/said)" "$(systemd-tmpfiles --root=/tmp/theirs --create 2>&1 | grep -cE 'Invalid mode|Unknown modifiers|not absolute|Invalid age|Invalid slot|Syntax error|Failed to parse line|Failed to substitute|Unknown command')" "as many lines are refused"
finish
