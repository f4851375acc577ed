. /lab/hostile/prelude.sh
# The namespaces of a run outlive its supervisor; and what becomes of a service where the kernel forbids those of users.
printf '[Service]\nPrivateNetwork=yes\nPrivateIPC=yes\nExecStart=/bin/sleep 1000\nExecReload=/bin/sh -c "readlink /proc/self/ns/net /proc/self/ns/ipc > /run/seen"\n' | unit web
amr start web; main=$(amr show web -p MainPID | cut -d= -f2)
spaces() { readlink "/proc/$1/ns/net" "/proc/$1/ns/ipc"; }
right "the main process has its own" test "$(spaces "$main")" != "$(spaces self)"
kill -9 "$(amr show -p SupervisorPID --value web)"; sleep 0.3; amr reload web
same "$(cat /run/seen)" "$(spaces "$main")" "those of a service whose supervisor was killed are found again"
amr stop web
# One that a user leads to: another's is not entered for him, nor is anything else opened.
for what in /proc/1/ns/net /dev/null; do
    ln -sfn "$what" /home/mallory/net; chown -h mallory: /home/mallory/net
    printf '[Service]\nType=oneshot\nNetworkNamespacePath=/home/mallory/net\nExecStart=/bin/true\n' | unit led
    wrong "led to $what" amr start led
    same "$(amr show led -p ExecMainStatus)" ExecMainStatus=225 "its code"; amr reset-failed led
done
printf '[Service]\nType=oneshot\nNetworkNamespacePath=/proc/1/ns/net\nExecStart=/bin/true\n' | unit led
right "that of a process" amr start led
printf '[Service]\nType=oneshot\nPrivateUsers=yes\nExecStart=/bin/true\n' | unit users
# From below a folder that is no root folder of a mount namespace, as here, none can be made.
amr start users 2>/dev/null; same "$(amr show users -p ExecMainStatus)" ExecMainStatus=217 "where no namespaces of users are to be had it fails as with systemd"
finish
