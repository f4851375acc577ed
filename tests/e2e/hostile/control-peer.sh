. /lab/hostile/prelude.sh
# The control socket is root's twice: by its folder, and by the peer's credentials where the folder were open.
printf '[Service]\nExecStart=/bin/sleep 1000\n' | unit web
right "start" amr start web
socket=/run/amr-supervise/web.service/control/socket
wrong "a stranger cannot reach it" as mallory /lab/bin/notify command $socket stop
chmod 711 ${socket%/*}; chmod 666 $socket
wrong "nor is answered where he can" as mallory /lab/bin/notify command $socket stop
wrong "whatever he asks" as mallory /lab/bin/notify command $socket reset-failed
right "the service lives" amr is-active web
same "$(/lab/bin/notify command $socket reset-failed)" ok "root is answered"
right "stop" amr stop web
finish
