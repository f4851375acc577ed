. /lab/hostile/prelude.sh
# enable and disable below /etc/systemd/system where a user owns a folder or a link on the way: nothing is made, replaced
# or removed where the user leads, and what fails changes nothing.
U=/etc/systemd/system
printf '[Service]\nExecStart=/bin/sleep 1000\n' | unit base
printf '[Service]\nExecStart=/bin/sleep 1000\n[Install]\nWantedBy=base.service\nAlias=www.service\n' | unit web
all() { find /etc/init.d /etc/rc?.d $U /home/mallory -printf '%p %l\n' | sort; }
as mallory mkdir /home/mallory/folder

# The folder of links is a user's link.
ln -s /home/mallory/folder $U/base.service.wants; chown -h mallory $U/base.service.wants
before=$(all); out=$(amr enable web 2>&1); same "$?" 1 "a user's link in the place of the folder is not followed"
right "and it is named: $out" grep -q "base.service.wants' is a link that others than root can change" <<< "$out"
same "$(all)" "$before" "nothing was changed"
as mallory ln -s /etc/target.service /home/mallory/folder/web.service
same "$(amr disable web 2>&1 | grep -c 'others than root can change')" 1 "nor by what removes links"
same "$(ls /home/mallory/folder)" web.service "where it leads nothing is removed"
rm $U/base.service.wants

# The folder is a user's.
mkdir $U/base.service.wants; chown mallory $U/base.service.wants
echo secret > /etc/target.service
as mallory ln -s /etc/target.service $U/base.service.wants/web.service
as mallory ln -s /home/mallory/folder/web.service $U/base.service.wants/own.service
right "what is in the way there is replaced" amr enable web
same "$(readlink $U/base.service.wants/web.service) $(cat /etc/target.service)" "$U/web.service secret" "and not followed"
right "disable" amr disable web
same "$(ls /home/mallory/folder) $(cat /etc/target.service)" "web.service secret" "the unit's links go, not what they lead to"
wrong "the folder goes, where it is empty" test -e $U/base.service.wants

right "without them" amr enable web; same "$(amr is-enabled web www | tr '\n' ' ')" "enabled alias " "it is enabled"
right "the other unit starts" amr start base
right "and pulls it in" until_ok 5 amr is-active web
right "its other name is known" amr is-active www
amr stop base web; right "disable" amr disable web; same "$(amr is-enabled web)" disabled "and it is disabled"
amr start base; wrong "nobody pulls it in" until_ok 1 amr is-active web; amr stop base
finish
