. /lab/hostile/prelude.sh
# A service that never ends its line has a log that is bounded (10 MiB and 4 older ones) all the same, and read as one line
# as far as one line is put together; one that ends its lines fares no worse.
for what in 'head -c 300000000 /dev/zero' 'yes 12345678901234567890123456789012345678901234567890 | head -c 300000000' \
    'yes 0123456789 | tr -d "\n" | head -c 300000000'; do
    printf '[Unit]\nStartLimitIntervalSec=0\n[Service]\nUser=svc\nExecStart=/bin/sh -c '"'%s; echo; echo the end; exec sleep 1000'\n" "$what" | unit web
    right "start: $what" amr start web
    right "all is taken" until_ok 60 grep -q 'Z the end$' /var/log/amr-units/web.service.log
    same "$(find /var/log/amr-units -name 'web.service*.log' | wc -l)" 5 "five logs"
    same "$(find /var/log/amr-units -size +10300k)" "" "none much beyond its limit"
    same "$(tail -q -c1 /var/log/amr-units/*.log | tr -d '\n' | wc -c)" 0 "each ends with a line end"
    same "$(cat /var/log/amr-units/*.log | grep -acvE '^[0-9-]{10}T[0-9:.]{15}Z[ +]')" 0 "each line begins with a stamp"
    same "$(cat /var/log/amr-units/*.log | awk '{ if (length > 49180) n++ } END { print n+0 }')" 0 "none is longer than 48 KiB"
    same "$(amr logs -n 1 web | cut -c29-)" "the end" "the last line"
    sup=$(pgrep -o -f 'amr supervise')
    right "the supervisor is small: $(awk '/VmHWM/{print $2}' "/proc/$sup/status") kB" test "$(awk '/VmHWM/{print $2}' "/proc/$sup/status")" -lt 20000
    amr stop web >/dev/null; rm -rf /var/log/amr-units
done
finish
