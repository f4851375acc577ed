. /lab/hostile/prelude.sh
# What runs goes by the plan of its start until `amr daemon-reload`, whatever becomes of its files and its
# supervisor: systemd 252, and where that differs docs/decisions/daemon-reload.md.
says() { printf '[Unit]\nStartLimitIntervalSec=0\n[Service]\nExecStart=/bin/sleep 1000\nExecReload=/bin/sh -c "echo %s-reload >> /run/said"\nExecStop=/bin/sh -c "echo %s >> /run/said"\n' "$1" "$1" | unit "${2:-web}"; }
said() { same "$(tr '\n' ' ' < /run/said 2>/dev/null)" "$1" "$2"; rm -f /run/said; }
needs() { same "$(amr show -p NeedDaemonReload "${2:-web}")" "NeedDaemonReload=$1" "$3"; }
main() { amr show -p MainPID --value web; }
supervisor() { amr show -p SupervisorPID --value web; }

says first; amr start web; needs no web "as it was started"
says second; needs yes web "its file changed"
out=$(amr status web 2>&1 >/dev/null); right "status says so: $out" grep -q "changed on disk.*daemon-reload" <<< "$out"
amr reload web 2>/dev/null; said "first-reload " "reload goes by the plan of the start"
before=$(main); right "daemon-reload" amr daemon-reload
same "$(main)" "$before" "the process is left alone"; needs no web "the new plan counts"
amr reload web; said "second-reload " "reload goes by it"
says third; out=$(amr stop web 2>&1); said "second " "without another, stop too"
right "and says so: $out" grep -q "'web.service' changed on disk" <<< "$out"

amr start web; mkdir -p /etc/systemd/system/web.service.d
printf '[Service]\nExecStop=\nExecStop=/bin/sh -c "echo dropin >> /run/said"\n' > /etc/systemd/system/web.service.d/x.conf
needs yes web "a drop-in came"; amr daemon-reload; needs no web "and counts"
amr stop web; said "dropin " "stop goes by it"; rm -r /etc/systemd/system/web.service.d

says first; amr start web; kill -9 "$(supervisor)"; says second; needs yes web "a lost supervisor's plan is kept"
amr stop web 2>/dev/null; said "first " "and its stop is the plan's of the start"
says first; amr start web; kill -9 "$(supervisor)"; says second
right "daemon-reload without a supervisor" amr daemon-reload
says third; amr stop web 2>/dev/null; said "second " "the next supervisor goes by it"

says first; says good other; amr start web other; says better other
printf '[Service]\nExecStop=/bin/true\n' | unit web
out=$(amr daemon-reload 2>&1); same "$?" 0 "a file that cannot be used is no failure, as with systemctl"
right "but it is named: $out" grep -q "'web.service' keeps the plan that it has" <<< "$out"
amr stop web other 2>/dev/null; sort -o /run/said /run/said; said "better first " "the others have their new plan, it has its old"

for fate in rm mask; do
    says first; amr start web; rm /etc/systemd/system/web.service
    [ $fate = rm ] || ln -s /dev/null /etc/systemd/system/web.service
    out=$(amr daemon-reload 2>&1); same "$?" 0 "$fate: no failure"
    right "$fate: named: $out" grep -q "'web.service' keeps the plan" <<< "$out"
    amr stop web >/dev/null 2>&1; said "first " "$fate: stop goes by the plan that it has"
    rm -f /etc/systemd/system/web.service
done

says first; amr start web; says second
for _ in $(seq 20); do amr daemon-reload & amr reload web >/dev/null 2>&1 & done; wait
amr stop web 2>/dev/null; right "many at once: one whole plan counts" grep -qx second /run/said
wrong "the plan goes with the run" test -e /run/amr-supervise/web.service/plan
# What is enabled or disabled counts, as with systemctl; chkconfig is about links.
rm -f /run/said; says first; printf '[Install]\nWantedBy=multi-user.target\n' >> /etc/systemd/system/web.service
printf '[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n' | unit some
touch -d '1 hour ago' /etc/systemd/system/web.service
for how in 'enable some' 'disable some' 'reenable some' 'enable --no-reload some' 'chkconfig some off'; do
    amr start web; touch /etc/systemd/system/web.service; needs yes web "$how: changed before"
    right "$how" amr $how
    case $how in *no-reload*|chkconfig*) kept=yes ;; *) kept=no ;; esac
    needs $kept web "$how: and after"
    amr stop web 2>/dev/null; touch -d '1 hour ago' /etc/systemd/system/web.service
done
wrong "only root may" as svc amr daemon-reload
finish
