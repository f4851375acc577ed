#!/bin/bash
# Debian's own tools beside amr on a SysV host: service, update-rc.d, invoke-rc.d, insserv.
. "$(dirname "$0")/lib.sh"
export AMRBOX_OWN=1
host "amr-neighbours-$$" sysv
for s in amr amr-mqtt amr-system amr-dashboard; do
    "$AMR_BIN" initd --print $s --family debian > "$r/etc/init.d/$s"; chmod 755 "$r/etc/init.d/$s"
done
links() { (cd "$r/etc" && for l in rc[0-6].d/[SK][0-9][0-9]amr; do [ -L "$l" ] && echo "${l:2:1}${l:6:1}"; done) | tr '\n' ' ' || :; }
code() { local rc=0; box exec "$@" >/dev/null 2>&1 || rc=$?; echo $rc; }
active() { box exec amr is-active amr amr-mqtt amr-system amr-dashboard | tr '\n' ' '; }

chroot "$r" update-rc.d amr defaults
same "$(links)" "0K 1K 2S 3S 4S 5S 6K " "links of update-rc.d defaults"
chroot "$r" update-rc.d amr disable
same "$(links)" "0K 1K 2K 3K 4K 5K 6K " "links of update-rc.d disable"
chroot "$r" update-rc.d amr enable
same "$(links)" "0K 1K 2S 3S 4S 5S 6K " "links of update-rc.d enable"
grep -q '^amr:' "$r/etc/init.d/.depend.start" || grep -q ' amr' "$r/etc/init.d/.depend.start" || fail "insserv does not know amr"
ok "update-rc.d and insserv take the script as one of theirs"

box boot /sbin/init
until_ok 30 box exec service amr status || fail "boot: $(active)"
# a policy that a container's image may carry would forbid everything
rm -f "$r/usr/sbin/policy-rc.d"
same "$(code service amr start)" 0 "service amr start, when it runs"
same "$(code service amr stop)" 0 "service amr stop"
same "$(active)" "inactive inactive inactive inactive " "after service amr stop"
same "$(code service amr status)" 3 "service amr status, when stopped"
same "$(code service amr stop)" 0 "service amr stop, when stopped"
same "$(code service amr-dashboard start)" 0 "service amr-dashboard start"
same "$(active)" "inactive active active active " "the dashboard requires the process manager, which wants the broker"
same "$(code service amr start)" 0 "service amr start"
same "$(active)" "active active active active " "after service amr start"
all=$(box exec service --status-all 2>&1)
grep -q '^ \[ + \]  amr$' <<< "$all" || fail "service --status-all: $all"
same "$(code service amr frobnicate)" 3 "an unknown verb"
ok "service(8)"

before=$(box exec amr show amr-mqtt -p MainPID --value)
same "$(code invoke-rc.d amr restart)" 0 "invoke-rc.d amr restart"
after=$(box exec amr show amr-mqtt -p MainPID --value)
[ "$before" != "$after" ] || fail "invoke-rc.d amr restart left the broker as it was"
same "$(code invoke-rc.d amr stop)" 0 "invoke-rc.d amr stop"
same "$(active)" "inactive inactive inactive inactive " "after invoke-rc.d amr stop"
same "$(code invoke-rc.d --query amr start)" 104 "invoke-rc.d --query amr start"
printf '#!/bin/sh\nexit 101\n' > "$r/usr/sbin/policy-rc.d"; chmod 755 "$r/usr/sbin/policy-rc.d"
same "$(code invoke-rc.d amr start)" 0 "invoke-rc.d amr start, forbidden by policy-rc.d"
same "$(active)" "inactive inactive inactive inactive " "a start that policy-rc.d forbids"
rm "$r/usr/sbin/policy-rc.d"
same "$(code invoke-rc.d amr start)" 0 "invoke-rc.d amr start"
same "$(active)" "active active active active " "after invoke-rc.d amr start"
ok "invoke-rc.d, policy-rc.d respected"

rm "$r/etc/init.d/amr"; chroot "$r" update-rc.d amr remove
same "$(links)" "" "links of update-rc.d remove"
ok "update-rc.d removes what it made"
box kill; box wait 20 >/dev/null
ok "all of neighbours"
