. /lab/hostile/prelude.sh
# amr run: the service is in a session of its own, nothing of it stays, and names are looked up as elsewhere.
units() { amr list-units --all --no-legend 2>/dev/null | grep -c "$1"; }
printf '[Service]\nIgnoreSIGPIPE=no\nExecStart=/bin/sh -c "kill -PIPE 0; sleep 1; echo never"\n' | unit pipes
out=$(bash -c 'amr run pipes; echo "code $?"; echo "the caller lives"' 2>&1)
right "a signal to its process group is not the caller's: $out" grep -q "the caller lives" <<< "$out"
wrong "and ends the service" grep -q never <<< "$out"
right "its session is its own, and it begins in /" test "$(cd /tmp && printf '[Service]\nExecStart=/bin/sh -c "ps -o sid= -p $$$$; echo $$$$; pwd"\n' | unit session && amr run session | tr -d ' ' | uniq | tr '\n' ' ' | awk '{print NF, $2}')" = "2 /"
same "$(units pipes) $(units session)" "0 0" "nothing stays in list-units"
printf '[Service]\nExecStart=/bin/sh -c "exit 3"\n' | unit fails
amr run fails; same "$?" 3 "its exit status"
same "$(units fails)" 0 "nor of one that failed"
amr start fails; until_ok 3 sh -c '[ "$(amr is-active fails)" = failed ]'
printf '[Service]\nExecStart=/bin/true\n' | unit fails
right "a run that is well" amr run fails
same "$(amr is-active fails)" failed "leaves the record of the service as it was"
printf '[Service]\nExecStart=/bin/sleep 1000\n' | unit busy
right "start" amr start busy; pid=$(amr show -p MainPID --value busy)
wrong "what runs is not run twice" amr run busy
same "$(amr show -p MainPID --value busy) $(amr is-active busy)" "$pid active" "and goes on"
right "stop" amr stop busy

# The terminal that a unit names is not the run's to hang up: it may be the one that it is run from.
mkdir /tmp/pts && mount -t devpts -o newinstance,ptmxmode=0666 devpts /tmp/pts || bad "terminals of its own"
cat > /tmp/holder.py <<'P'
import fcntl, os, select, struct, sys
master = os.open('/tmp/pts/ptmx', os.O_RDWR | os.O_NOCTTY)
fcntl.ioctl(master, 0x40045431, struct.pack('i', 0))
path = f"/tmp/pts/{struct.unpack('i', fcntl.ioctl(master, 0x80045430, bytes(4)))[0]}"
slave = os.open(path, os.O_RDWR | os.O_NOCTTY)
os.fchown(slave, 1, 5)
with open('/etc/systemd/system/terminal.service', 'w') as unit:
    unit.write(f'[Service]\nStandardInput=tty\nTTYPath={path}\nTTYVHangup=yes\nTTYReset=yes\nExecStart=/bin/true\n')
code = os.system('amr run terminal')
os.write(slave, b'it lives')
sys.exit(code or os.fstat(slave).st_uid != 1)
P
right "a terminal that the unit names is left as it is" python3 /tmp/holder.py

# Names.
printf '[Service]\nExecStart=/bin/echo instance %%i\n' | unit tp@
same "$(amr run tp@x)" "instance x" "an instance of a template"
for word in nosuch nosuch.service tp@ tp@.service; do
    said=$(amr run "$word" 2>&1); code=$?; started=$(amr start "$word" 2>&1); of_start=$?
    same "$code ${said#*: run: }" "$of_start ${started#*: start: }" "run and start say the same of $word"
done
printf '[Service]\nExecStart=/bin/echo from a file\n' > /tmp/loose.service
same "$(cd /tmp && amr run ./loose.service)" "from a file" "a file by its path"
same "$(cd /tmp && amr run /tmp/loose.service)" "from a file" "and by the whole one"
ln -s /etc/systemd/system/session.service /etc/systemd/system/also.service
same "$(amr run also | tail -1)" "/" "an alias"
finish
