. /lab/hostile/prelude.sh
# Credentials are read by root and the service's user alone, are told nobody, end with the run, and come from where root
# leads alone.
C=/run/credentials/web.service
install -m 600 /dev/stdin /etc/secret <<< 'the-secret-of-root'
unit web <<'U'
[Service]
User=svc
LoadCredential=key:/etc/secret
SetCredential=word:the-secret-of-the-unit
ExecStart=/bin/sh -c 'cat $CREDENTIALS_DIRECTORY/key > /tmp/seen; exec sleep 1000'
U
right "start" amr start web
until_ok 5 test -s /tmp/seen; same "$(cat /tmp/seen)" the-secret-of-root "the service reads it"
same "$(stat -c '%U %a' "$C" "$C/key" | tr '\n' ' ')" 'svc 500 svc 400 ' "owner and modes"
case $(stat -f -c %T "$C") in ramfs|tmpfs) ok "in memory";; *) bad "in memory: $(stat -f -c %T "$C")";; esac
wrong "another user lists them" as mallory ls "$C"
wrong "another user reads one" as mallory cat "$C/key"
right "the user reads one" as svc cat "$C/key"
wrong "the user changes one" as svc sh -c "chmod u+w $C/key && echo x > $C/key"
wrong "the user adds one" as svc sh -c "chmod u+w $C && touch $C/x"
amr show web > /tmp/told 2>&1; amr status web >> /tmp/told 2>&1; amr cat web > /dev/null 2>&1; amr --log-level debug status web >> /tmp/told 2>&1
cat /var/log/amr-units/* /run/amr-supervise/web.service/status >> /tmp/told 2>/dev/null
wrong "show, status, record and log tell of none" grep -q the-secret /tmp/told
wrong "nobody else reads the plan" as mallory cat /run/amr-supervise/web.service/plan
# Who has a view of the file system sees its own alone, and below another root as well; who has none sees none.
seen() { printf '[Service]\nType=oneshot\nStandardOutput=truncate:/run/out\nStandardError=null\nExecStart=/bin/sh -c "cd /run/credentials && echo *; cat $CREDENTIALS_DIRECTORY/a"\n%s\n' "$1" | unit see; amr start see >/dev/null 2>&1; tr '\n' ' ' < /run/out; }
own='SetCredential=a:mine
ExecStartPre=/bin/true'
mkdir -p /srv/jail/usr; for l in bin sbin lib lib64; do ln -sfn usr/$l /srv/jail/$l; done
same "$(seen "$own
ProtectSystem=yes")" "see.service mine" "a view has its own"
same "$(seen "$own
RootDirectory=/srv/jail
BindReadOnlyPaths=/usr")" "see.service mine" "another root has its own"
same "$(seen ProtectSystem=yes)" "* " "a view of a service without has none"
# Its supervisor is lost: they stay with the service, and go with it.
kill -9 "$(pgrep -o -f 'amr supervise')"; sleep 0.2
right "they stay" test -e "$C/key"
right "stop" amr stop web
wrong "they go" test -e "$C"; wrong "and nothing is left mounted" grep -q "$C" /proc/mounts
# Supervisor and service are lost: the next run has those of now.
right "start" amr start web; main=$(amr show -p MainPID --value web)
kill -9 "$(pgrep -o -f 'amr supervise')" "$main"; echo the-second > /etc/secret; rm -f /tmp/seen
right "start again" amr start web
until_ok 5 test -s /tmp/seen; same "$(cat /tmp/seen)" the-second "what is there now"
amr stop web >/dev/null
# Where others lead there, root reads nothing for them.
mkdir -p /home/mallory/c; chown mallory: /home/mallory/c
for how in 'ln -s /etc/secret' 'ln /etc/secret'; do
    rm -f /home/mallory/c/x; $how /home/mallory/c/x
    printf '[Service]\nType=oneshot\nUser=mallory\nLoadCredential=key:/home/mallory/c/x\nExecStart=/bin/cat %%d/key\nStandardOutput=file:/tmp/out\n' | unit led
    wrong "led by: $how" amr start led
    same "$(amr show -p ExecMainStatus --value led)" 243 "its code"
    amr reset-failed led >/dev/null
done
rm -rf /home/mallory/c/x; mkdir -m 700 -p /root/keys; echo secret > /root/keys/id_named; ln -s /root/keys /home/mallory/c/x
wrong "led to a folder" amr start led
wrong "whose names are told nobody" grep -rq id_named /run/amr-supervise/led.service /var/log/amr-units
amr reset-failed led >/dev/null
# The unit asks for none any more by the time its run ends.
printf '[Service]\nSetCredential=a:once\nExecStart=/bin/sleep 1000\n' | unit once
right "start" amr start once; right "they are there" test -e /run/credentials/once.service/a
printf '[Service]\nExecStart=/bin/sleep 1000\n' | unit once
amr daemon-reload; right "stop" amr stop once
wrong "they go with their run" test -e /run/credentials/once.service
# One file of another's in the place of a folder's second name stays.
printf '[Service]\nType=exec\nRuntimeDirectory=web:taken\nExecStart=/bin/sleep 1000\n' | unit linked
echo mine > /run/taken; wrong "the place is taken" amr start linked
same "$(cat /run/taken)" mine "and what is there stays"
rm /run/taken; amr reset-failed linked >/dev/null; right "start" amr start linked
same "$(readlink /run/taken)" web "the second name"; right "stop" amr stop linked; wrong "it goes" test -L /run/taken
# A folder that somebody has put in its place is not taken.
mkdir -p /run/credentials; ln -s /home/mallory /run/credentials/web.service; chown -h mallory: /run/credentials/web.service
amr start web >/dev/null 2>&1; wrong "nothing is written through a link" test -e /home/mallory/key
amr stop web >/dev/null 2>&1
# More than there may be.
rm -f /run/credentials/web.service; sed -i 's/^\[Service\]/[Service]\nType=exec/' /etc/systemd/system/web.service; head -c 1048577 /dev/zero > /etc/secret
wrong "more than 1 MiB" amr start web; wrong "and no folder is left" test -e "$C"
# What amr cannot give is refused, and says why.
for line in SetCredentialEncrypted=a:x LoadCredentialEncrypted=a:/etc/secret PAMName=login; do
    printf '[Service]\nExecStart=/bin/true\n%s\n' "$line" | unit no
    wrong "refused: $line" amr start no
    right "with the reason" sh -c "amr start no 2>&1 | grep -q 'amr \(decrypts no credentials\|opens no PAM session\)'"
done
finish
