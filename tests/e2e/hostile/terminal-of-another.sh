. /lab/hostile/prelude.sh
# A service that waits for a terminal which another session has: its supervisor killed meanwhile, nobody goes on waiting
# with the unit's lock and control socket in his hands.
mkdir /tmp/pts && mount -t devpts -o newinstance,ptmxmode=0666 devpts /tmp/pts || bad "terminals of its own"
cat > /tmp/owner.py <<'P'
import fcntl, os, signal, struct, termios
master = os.open('/tmp/pts/ptmx', os.O_RDWR | os.O_NOCTTY)
fcntl.ioctl(master, 0x40045431, struct.pack('i', 0))
number = struct.unpack('i', fcntl.ioctl(master, 0x80045430, b'\0' * 4))[0]
path = f'/tmp/pts/{number}'
if os.fork() == 0:
    os.setsid()
    fcntl.ioctl(os.open(path, os.O_RDWR), termios.TIOCSCTTY, 0)
    print(path, file=open('/tmp/terminal', 'w'), flush=True)
    signal.pause()
os.wait()
P
python3 /tmp/owner.py & OWNER=$!
right "a terminal that is taken" until_ok 5 test -s /tmp/terminal
printf '[Service]\nStandardInput=tty\nTTYPath=%s\nExecStart=/bin/sleep 1000\n' "$(cat /tmp/terminal)" | unit waits
amr start waits > /tmp/said 2>&1 & STARTER=$!
child() { child_of waits; }
right "it waits for it" until_ok 5 child
ends_with_its_supervisor waits "$STARTER"
printf '[Service]\nExecStart=/bin/sleep 1000\n' | unit waits
right "it starts again" timeout 5 amr start waits
right "and stops" amr stop waits
kill "$OWNER"
finish
