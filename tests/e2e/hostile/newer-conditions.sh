. /lab/hostile/prelude.sh
# Conditions that systemd has since 258, and none of 252 knows: met and not met, as asserts too.
python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("/tmp/there")'
mkfifo /tmp/fifo; module=$(basename "$(find /sys/module -maxdepth 2 -name parameters -printf '%h\n' -quit)")
# runs LINE: a unit with it is started; not LINE: it is passed over; fails LINE: its start fails
try() { printf '[Unit]\n%s\n[Service]\nType=oneshot\nExecStart=/bin/touch /tmp/ran\n' "$1" | unit tried; rm -f /tmp/ran; amr start tried > /tmp/said 2>&1; }
runs() { if try "$1" && [ -e /tmp/ran ]; then ok "$1"; else bad "$1: $(cat /tmp/said)"; fi; }
not() { if try "$1" && [ ! -e /tmp/ran ]; then ok "not $1"; else bad "not $1: $(cat /tmp/said)"; fi; }
fails() { if try "$1"; then bad "fails $1"; else [ ! -e /tmp/ran ] && ok "fails $1"; fi; }
runs ConditionPathIsSocket=/tmp/there
not ConditionPathIsSocket=/tmp/fifo
not ConditionPathIsSocket=/tmp/nowhere
fails AssertPathIsSocket=/tmp/fifo
runs "ConditionKernelModuleLoaded=$module"
not ConditionKernelModuleLoaded=no-such-module
not "ConditionKernelModuleLoaded=../module/$module"
fails AssertKernelModuleLoaded=no_such_module
runs 'ConditionVersion=kernel >=3.10'
runs 'ConditionVersion=>=3.10'
not 'ConditionVersion=kernel "<3.10"'
not 'ConditionVersion=systemd >=1'
not 'ConditionVersion=!systemd >=1'
fails 'AssertVersion=glibc >=2'
finish
