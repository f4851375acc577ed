. /lab/hostile/prelude.sh
# What `amr security` says of a service on this very host: what the kernel, or what it is told to do without, takes away counts.
unit web <<'U'
[Service]
User=svc
PrivateNetwork=yes
SystemCallFilter=@system-service
SystemCallArchitectures=native
IPAddressDeny=any
ExecStart=/bin/sleep 1000
U
overall() { sed -n 's/.*Overall exposure level for web.service: \([0-9.]*\) .*/\1/p'; }
asked() { sed -n 's/^ *\([0-9.]*\) if this host applied.*/\1/p'; }
less() { awk -v a="$1" -v b="$2" 'BEGIN { exit !(a < b) }'; }
all=$(amr security web); without=$(AMR_FEATURES=no-seccomp amr security web)
right "the whole is told" test -n "$(overall <<< "$all")"
right "what amr does not do counts: $(asked <<< "$all") < $(overall <<< "$all")" less "$(asked <<< "$all")" "$(overall <<< "$all")"
right "without filters it is worse" less "$(overall <<< "$all")" "$(overall <<< "$without")"
same "$(asked <<< "$without")" "$(asked <<< "$all")" "and what is asked for stays"
right "an item that is applied" grep -q '^✓ SystemCallFilter=~@reboot ' <<< "$all"
right "one that is not" grep -q '^✗ SystemCallFilter=~@reboot .*not applied here' <<< "$without"
right "IPAddressDeny= never is" grep -q '^✗ IPAddressDeny= .*not applied here' <<< "$all"
right "start" amr start web
same "$(amr security --json web | python3 -c 'import json, sys; all = json.load(sys.stdin); print(all[0]["unit"], len(all[0]["items"]), all[0]["level"])')" "web.service 81 $(sed -n 's/.*Overall exposure.* //p' <<< "$all")" "as JSON, of what runs"
right "stop" amr stop web
wrong "one that is not there" amr security nothing
finish
