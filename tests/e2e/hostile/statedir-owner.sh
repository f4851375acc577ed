. /lab/hostile/prelude.sh
# The owner of a StateDirectory= differs: what is in it goes to the service's user, and nothing beside it.
echo 0 > /proc/sys/fs/protected_hardlinks 2>/dev/null
mkdir -p /var/lib/web/sub /var/lib/web/mallorys; touch /var/lib/web/sub/f; chown mallory /var/lib/web/mallorys
mkdir -p /srv/root; echo secret > /srv/root/secret; chmod 600 /srv/root/secret
ln /srv/root/secret /var/lib/web/mallorys/hard 2>/dev/null || cp /dev/null /var/lib/web/mallorys/hard
as mallory ln -s /etc /var/lib/web/mallorys/etc
before=$(stat -c '%u %a' /etc /etc/passwd /etc/shadow /srv/root/secret)
unit web <<U
[Service]
User=svc
StateDirectory=web
ConfigurationDirectory=web-new
ExecStart=/bin/sleep 1000
U
right "start" amr start web
same "$(stat -c %U /var/lib/web /var/lib/web/sub /var/lib/web/sub/f /var/lib/web/mallorys | sort -u)" svc "the tree is the service's"
same "$(stat -c %U /etc/web-new)" svc "so is a new folder for configuration"
same "$(stat -c %U /var/lib/web/mallorys/etc)" svc "a link itself"
same "$(stat -c '%u %a' /etc /etc/passwd /etc/shadow /srv/root/secret)" "$before" "nothing that is led to"
right "which is said" grep -q "mallorys/hard' has other names" <<< "$(amr status web)"
amr stop web; touch /var/lib/web/roots
right "again" amr start web; same "$(stat -c %U /var/lib/web/roots)" root "one that is the service's is not entered"
amr stop web
finish
