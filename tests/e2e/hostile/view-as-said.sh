. /lab/hostile/prelude.sh
# What a unit says of its view and its rights together comes out as with systemd 252.
run() {
    printf '[Service]\nType=oneshot\n%s\nExecStart=/bin/sh -c "%s"\n' "$1" "$2" | unit web
    amr start web >/dev/null 2>&1; sed -n 's/.*status \([0-9]*\).*/\1/p' <<< "$(amr status web | grep 'Last exit')"; amr reset-failed web
}
below='TemporaryFileSystem=/var/lib:ro
StateDirectory=web
User=svc'
same "$(run "$below" 'echo kept > /var/lib/web/kept')" 0 "a directory of the service's is there where all around it is covered"
right "and what it writes is the host's" grep -q kept /var/lib/web/kept
same "$(run "$below" 'touch /var/lib/other')" 1 "all around it is as said"
same "$(run "ReadOnlyPaths=/var/lib/web
$below" 'touch /var/lib/web/more')" 1 "one that is to be read alone is"
same "$(run 'User=svc
AmbientCapabilities=CAP_SYS_ADMIN CAP_NET_BIND_SERVICE
CapabilityBoundingSet=CAP_NET_BIND_SERVICE' 'grep -q CapAmb:.*0000000000000400 /proc/self/status')" 0 "an ambient capability that is taken away again is not missed"
same "$(run 'AmbientCapabilities=CAP_SYS_MODULE
ProtectKernelModules=yes' 'grep -q CapAmb:.*0000000000000000 /proc/self/status')" 0 "nor by root, and another directive"
finish
