. /lab/hostile/prelude.sh
# SIGKILL in the place of each system call of the processes of a drain that others can see: beside the file of --report
# nothing is left, and what is there is whole. Where amr's own folder is on the same file system it is never missing.
mkdir -p /srv/fb/logs /srv/fb/registry/filebeat; mount -t tmpfs one /srv/fb
mkdir -p /srv/fb/{logs,asked,elsewhere,reports,registry/filebeat}; mount -t tmpfs two /srv/fb/elsewhere
printf '{"version":"1"}\n' > /srv/fb/registry/filebeat/meta.json; : > /srv/fb/registry/filebeat/log.json; echo x > /srv/fb/logs/a.log
once() { amr drain filebeat --once --registry /srv/fb/registry --logs '/srv/fb/logs/*.log' --reports /srv/fb/reports --report "$@"; }
# inject WORD... FILE: a drain of one look with that fault
inject() { local file=${*: -1}; /lab/bin/inject -s 30 -l /tmp/inject.log "${@:1:$#-1}" /usr/sbin/amr drain filebeat --once --registry /srv/fb/registry --logs '/srv/fb/logs/*.log' --reports /srv/fb/reports --report "$file" >/dev/null 2>&1; }
whole() { python3 -c "import json, sys; json.load(open(sys.argv[1]))" "$1"; }
# killed WORD...: with that fault, what is seen beside the report and of it, in MISSING, LEFT, BROKEN and HITS
killed() {
    rm -f /tmp/inject.log; inject "$@" $report
    HITS+=" $(awk '$1 == "HIT" { print $2 }' /tmp/inject.log 2>/dev/null) "
    [ "$(ls -A "${report%/*}" | grep -cv '^report.json$')" = 0 ] || { LEFT=$((LEFT + 1)); ls -A "${report%/*}"; }
    if [ ! -e $report ]; then MISSING=$((MISSING + 1)); once $report >/dev/null 2>&1
    elif ! whole $report 2>/dev/null; then BROKEN=$((BROKEN + 1)); fi
}
for folder in asked elsewhere; do
    report=/srv/fb/$folder/report.json
    once $report >/dev/null 2>&1
    right "$folder: it is written" whole $report
    rm -f /tmp/inject.log; inject count $report; mv /tmp/inject.log /tmp/counted
    MISSING=0 LEFT=0 BROKEN=0 HITS=
    # linkat, renameat, renameat2, unlinkat: the one process that writes makes them.
    for call in 265 264 316 263; do
        for n in $(seq "$(awk -v nr=$call '$1 == "k" && $3 == nr' /tmp/counted | wc -l)"); do killed -c $call kill k $n; done
    done
    if [ $folder = asked ]; then
        # All others, in whichever order two processes come to them.
        mapfile -t calls < <(awk '$1 == "k" && $4 == 1 { print $2 + 1 }' /tmp/counted)
        right "$folder: calls are counted" test ${#calls[@]} -gt 20
        for n in 1 "${calls[@]}"; do killed kill k $n; done
        same $MISSING 0 "$folder: it is never missing"
        right "$folder: killed at a rename" grep -qE ' (264|316) ' <<< "$HITS"
    else
        right "$folder: killed at unlinkat" grep -q ' 263 ' <<< "$HITS"
    fi
    right "$folder: killed at linkat" grep -q ' 265 ' <<< "$HITS"
    same $LEFT 0 "$folder: nothing is left beside it, $(wc -w <<< "$HITS") kills"
    same $BROKEN 0 "$folder: it is whole"
done
# What was left is amr's own, and goes.
right "temporary files are among amr's own" sh -c 'ls -A /srv/fb/reports | grep -q "^[.]amr-"'
touch -d '2 hours ago' /srv/fb/reports/.amr-*
once /srv/fb/asked/report.json >/dev/null 2>&1
same "$(ls -A /srv/fb/reports | grep -c '^\.amr-')" 0 "the next drain removes them"
finish
