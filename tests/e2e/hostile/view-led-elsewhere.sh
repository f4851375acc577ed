. /lab/hostile/prelude.sh
# Whoever owns a folder on the way to a place of the view leads root nowhere by it.
as mallory mkdir /home/mallory/data; as mallory ln -s /etc /home/mallory/link
mkdir -p /srv/folder /root/kept; echo one > /srv/file; echo SECRET > /root/kept/secret
chmod 700 /root; chmod 755 /root/kept; chmod 644 /root/kept/secret
as mallory ln -s /root/kept /home/mallory/source
# view LINE COMMAND: the service's exit status
view() {
    printf '[Service]\nType=oneshot\nUser=mallory\n%s\nExecStart=/bin/sh -c "%s"\n' "$1" "$2" | unit web
    amr start web >/dev/null 2>&1; sed -n 's/.*status \([0-9]*\).*/\1/p' <<< "$(amr status web | grep 'Last exit')"; amr reset-failed web
}
same "$(view 'BindPaths=/home/mallory/data:/home/mallory/link' 'test -e /etc/passwd')" 226 "another /etc is not seen by programs of root's"
same "$(view 'TemporaryFileSystem=/home/mallory/link' 'test -e /etc/passwd')" 226 "nor an empty one"
same "$(view 'InaccessiblePaths=/home/mallory/link' 'test -e /etc/passwd')" 226 "nor none"
same "$(view 'BindReadOnlyPaths=/home/mallory/source:/srv/folder' 'cat /srv/folder/secret')" 226 "what the user may not enter is not shown to him"
wrong "it is in no log" grep -q SECRET <<< "$(log_of web)"
same "$(view 'BindPaths=/srv/folder:/home/mallory/link/planted/below' true)" 226 "no folder is made through a link"
same "$(view 'BindPaths=/srv/file:/home/mallory/link/planted' true)" 226 "nor a file"
same "$(view 'TemporaryFileSystem=/home/mallory/link/planted' true)" 226 "nor a place for an empty folder"
wrong "nothing is there" test -e /etc/planted
same "$(view 'BindPaths=/home/mallory/data:/srv/folder
BindPaths=/srv/file:/srv/folder/away/planted' true)" 0 "what is bound may hold what is made"
rm -rf /home/mallory/data/away; as mallory ln -s /etc /home/mallory/data/away
same "$(view 'BindPaths=/home/mallory/data:/srv/folder
BindPaths=/srv/file:/srv/folder/away/planted' true)" 226 "but no link in it leads out"
wrong "nothing is there either" test -e /etc/planted
same "$(view 'BindPaths=/srv/file:/srv/made/file' 'test -r /srv/made/file')" 0 "a place that is missing is made"
same "$(stat -c '%U %a' /srv/made /srv/made/file | xargs)" "root 755 root 644" "and is root's to write to alone"
# Links of root's lead where they lead.
ln -s /srv/folder /srv/link; mkdir -p /var/run/place
same "$(view 'BindPaths=/srv/link:/var/run/place' 'test -d /run/place')" 0 "links of root's are followed"
same "$(view 'ReadOnlyPaths=/home/mallory/link' 'test -e /etc/passwd')" 0 "what covers nothing may be reached by any link"
finish
