. /lab/hostile/prelude.sh
# A service and its supervisor have nothing of who typed: whatever fork and exec pass on is set to something odd first.
echo 'LANG=nb_NO.utf8' > /etc/locale.conf
show() { unit "$1" <<< $'[Service]\nUser='"$2"$'\nRemainAfterExit=yes\nType=oneshot\nExecStart=/lab/bin/inherits show\nExecStart=/bin/sleep 0'; script "$1"; }
show clean svc; show spoilt svc; show root-clean root; show root-spoilt root
# one that stays, so that there is a supervisor to look at
unit stays <<< $'[Service]\nExecStart=/bin/sleep 1000'; script stays
said() { log_of "$1" | cut -c29- | sed -n 's/^.*\(Umask\|Uid\|Gid\)/\1/;p'; }
of() { log_of spoilt | grep -o "$1=.*" | cut -d= -f2-; }
wrong "the odd caller is odd" test "$(/lab/bin/inherits show)" = "$(/lab/bin/inherits spoil /lab/bin/inherits show)"
right "start from a clean shell" amr start clean
right "start of root's" amr start root-clean
right "start by the odd caller" /lab/bin/inherits spoil /etc/init.d/spoilt start
right "start of root's by the odd caller" /lab/bin/inherits spoil /etc/init.d/root-spoilt start
until_ok 5 grep -q end /var/log/amr-units/root-spoilt.service.log
right "it told something" grep -q 'secret=' /var/log/amr-units/spoilt.service.log
same "$(said spoilt)" "$(said clean)" "what a user's service gets"
same "$(said root-spoilt)" "$(said root-clean)" "what root's service gets"
same "$(of nice) $(of scheduler) $(of ioclass) $(of timerslack) $(of personality) $(of securebits) $(of nohugepages)" "0 0 0 50000 0 0 0" "scheduling, timer slack, personality, secure bits, huge pages"
same "$(of secret) $(of cwd) $(of session) $(of descriptors)" "none / 1 0" "keys, folder, session, descriptors"
same "$(of cpu) $(of fsize) $(of nofile) $(of stack) $(of as)" "-1 -1 1024 8388608 -1" "limits as systemd 252 gives them"
same "$(of oom)" "$(cat /proc/1/oom_score_adj)" "OOM score"
same "$(log_of spoilt | grep -o 'LANG=[^ ]*')" "LANG=nb_NO.utf8" "the host's locale, not the caller's"
# the supervisor
right "start of one that stays" /lab/bin/inherits spoil /etc/init.d/stays start
S=$(amr show stays -p SupervisorPID | cut -d= -f2)
now() { grep "$1" "/proc/$S/status" | cut -f2 | tr -d ' '; }
soft() { sed -n "s/^Max $1 *\\([^ ]*\\).*/\\1/p" "/proc/$S/limits"; }
same "$(soft 'cpu time') $(soft 'file size') $(soft 'data size') $(soft 'address space')" "unlimited unlimited unlimited unlimited" "no limit can end it"
right "it may open files" test "$(soft 'open files')" -gt 1024
same "$(readlink /proc/$S/cwd) $(tr '\0' ' ' < /proc/$S/environ)" "/ " "its folder and environment"
same "$(now Groups)$(now Gid) $(now Umask)" "0 0022" "its groups and umask"
# SIGPIPE; SIGABRT too where processes are born in their groups (docs/decisions/one-fork.md).
case $(now SigIgn) in 0000000000001000|0000000000001020) ok "its ignored signals";; *) bad "its ignored signals: $(now SigIgn)";; esac
same "$(cat /proc/$S/timerslack_ns) $(cat /proc/$S/coredump_filter)" "50000 $(cat /proc/1/coredump_filter)" "its timer slack and coredump filter"
same "$(ps -o ni=,cls= -p "$S" | tr -d ' ')" "0TS" "its scheduling"
right "stop by the odd caller" /lab/bin/inherits spoil /etc/init.d/stays stop
# Hard limits: root with CAP_SYS_RESOURCE raises them; without it, or as anybody else, it is said.
for one in "cpu 1" "fsize 8192" "nofile 6" "as 40000000"; do
    set -- $one
    out=$(/lab/bin/inherits hard "$1" "$2" /etc/init.d/stays start 2>&1); rc=$?
    if (( 0x$(sed -n 's/^CapEff:\t//p' /proc/self/status) >> 24 & 1 )); then
        same "$rc" 0 "hard limit $one is raised"; amr stop stays
    else
        same "$rc" 1 "hard limit $one cannot be raised: the start fails"
        right "and says why: $(tail -2 <<< "$out" | head -1)" grep -q "limit on" <<< "$out"
        wrong "and nothing runs" amr is-active stays
    fi
done
finish
