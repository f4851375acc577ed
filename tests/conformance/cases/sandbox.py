# c200 and on: namespaces, roots and users of a service's own, seen from inside.
import os
from words import case, ctl, log, sh, show, units
NS = 'ns() { [ "$(readlink /proc/self/ns/$1)" = "$(cat /run/conf/ns-$1)" ] && echo "$1: the one of the host" || echo "$1: its own"; }; '
def script(tag, text):
    """/opt/conf/bin/TAG writes what it sees to the log of the case."""
    path = '/opt/conf/bin/' + tag
    with open(path, 'w') as f: f.write('#!/bin/sh\n%s{ %s; } >> /run/conf/%s.log 2>&1\n' % (NS, text, tag))
    os.chmod(path, 0o755); return path
def of_host(*kinds):
    for n in kinds: open('/run/conf/ns-' + n, 'w').write(os.readlink('/proc/1/ns/' + n))
def ran(tag, lines, text, props='ActiveState,SubState,Result,ExecMainStatus'):
    """A oneshot with these lines that says what it sees."""
    units({tag: '[Service]\nType=oneshot\n%s\nExecStart=%s\n' % (lines, script(tag, text))})
    ctl('start', tag); return [log(tag), show(tag, props)]
LO = "perl -MSocket -e 'socket(S,PF_INET,SOCK_STREAM,0); connect(S,sockaddr_in(9,inet_aton(q(127.0.0.1)))) or print qq($!\\n)'"
@case
def c200_():
    """PrivateNetwork= and NetworkNamespacePath=: one for all commands of a run, with + too"""
    # Two runs cannot be told apart: a namespace may get the number of one that is gone.
    of_host('net'); x = []
    see = 'ns net; tail -n +3 /proc/net/dev | cut -d: -f1; %s; readlink /proc/self/ns/net > /run/conf/now; cmp -s /run/conf/now /run/conf/net-$INVOCATION_ID && echo as before; cp /run/conf/now /run/conf/net-$INVOCATION_ID' % LO
    for n, lines in enumerate(('PrivateNetwork=yes', 'PrivateNetwork=yes\nExecStartPre=+/opt/conf/bin/c200-1', 'PrivateNetwork=yes\nUser=nobody\nExecStartPre=!/bin/true', 'NetworkNamespacePath=/nonexistent', 'NetworkNamespacePath=/etc/passwd', 'NetworkNamespacePath=relative')):
        if 'User' in lines or 'relative' in lines: x.append((lines, ran('c200-%d' % n, lines, 'ns net' if 'User' in lines else 'true')))
        else: x.append((lines, ran('c200-%d' % n, lines, see)))
    ctl('start', 'c200-1'); x.append(log('c200-1'))
    open('/run/conf/netns', 'w').close(); sh('unshare', '--net=/run/conf/netns', 'true')
    x.append(ran('c200-p', 'NetworkNamespacePath=/run/conf/netns', 'ns net; %s; [ $(stat -Lc %%i /proc/self/ns/net) = $(stat -c %%i /run/conf/netns) ] && echo the one that is named' % LO, 'Result,PrivateNetwork,NetworkNamespacePath'))
    sh('umount', '/run/conf/netns'); os.unlink('/run/conf/netns'); return x
QUEUES = 'ns ipc; ns mnt; grep -c " /dev/mqueue " /proc/self/mountinfo | sed s/^[2-9].*/1/; ls -A /dev/mqueue | wc -l; ipcmk -M 1 > /dev/null && tail -n +2 /proc/sysvipc/shm | wc -l'
def named_ipc(tag, lines):
    open('/run/conf/ipcns', 'w').close(); sh('unshare', '--ipc=/run/conf/ipcns', 'true')
    x = ran(tag, 'IPCNamespacePath=/run/conf/ipcns' + lines, QUEUES, 'Result,PrivateIPC,IPCNamespacePath')
    sh('umount', '/run/conf/ipcns'); os.unlink('/run/conf/ipcns'); sh('ipcrm', '-a'); return x
@case
def c201_():
    """PrivateIPC=, and IPCNamespacePath= beside PrivateTmp=: message queues and shared memory of its own"""
    of_host('ipc', 'mnt')
    x = [(lines, ran('c201-%d' % n, lines, QUEUES)) for n, lines in enumerate(('PrivateIPC=yes', 'PrivateIPC=yes\nPrivateDevices=yes', 'PrivateTmp=yes\nIPCNamespacePath=/nonexistent'))]
    return x + [named_ipc('c201-p', '\nPrivateTmp=yes')]
@case
def c211_():
    """IPCNamespacePath= alone"""
    of_host('ipc', 'mnt'); return named_ipc('c211', '')
@case
def c202_():
    """PrivateUsers=: who is seen, with which rights, and beside which other directives"""
    of_host('user'); x = []
    see = 'ns user; tr -s " " < /proc/self/uid_map; tr -s " " < /proc/self/gid_map; cat /proc/self/setgroups; id -u; id -G; grep -E ^CapEff\\|^CapPrm\\|^CapBnd /proc/self/status; stat -c "%U %G" /etc/passwd /var/mail'
    for n, lines in enumerate(('PrivateUsers=yes', 'PrivateUsers=yes\nUser=nobody', 'PrivateUsers=yes\nUser=nobody\nGroup=games\nSupplementaryGroups=mail', 'PrivateUsers=yes\nPrivateDevices=yes\nProtectSystem=strict\nReadWritePaths=/run/conf\nPrivateNetwork=yes\nPrivateIPC=yes\nProtectHostname=yes',
        'PrivateUsers=yes\nUser=nobody\nAmbientCapabilities=CAP_NET_ADMIN', 'PrivateUsers=yes\nCapabilityBoundingSet=CAP_CHOWN', 'PrivateUsers=yes\nUser=nobody\nNoNewPrivileges=yes\nSystemCallFilter=@system-service', 'PrivateUsers=yes\nSecureBits=noroot')):
        x.append((lines, ran('c202-%d' % n, lines, see)))
    # The rights outside are the box's.
    script('c202-q', see.replace('grep -E ^CapEff\\|^CapPrm\\|^CapBnd /proc/self/status; ', ''))
    units({'c202-q': '[Service]\nType=oneshot\nPrivateUsers=yes\nUser=nobody\nExecStart=+/opt/conf/bin/c202-q\nExecStart=!/opt/conf/bin/c202-q\n'})
    ctl('start', 'c202-q'); return x + [log('c202-q'), show('c202-q', 'Result,PrivateUsers')]
@case
def c203_():
    """AppArmorProfile= on a kernel without: the service runs; what show says"""
    x = []
    for n, lines in enumerate(('AppArmorProfile=conf-none', 'AppArmorProfile=-conf-none', 'AppArmorProfile=a\nAppArmorProfile=')): x.append((lines, ran('c203-%d' % n, lines, 'echo runs'), show('c203-%d' % n, 'AppArmorProfile')))
    return x
@case
def c204_():
    """PrivateDevices= and ProtectClock= imply what of devices may be opened"""
    x = []
    for n, lines in enumerate(('PrivateDevices=yes', 'PrivateDevices=yes\nDevicePolicy=strict', 'PrivateDevices=yes\nDevicePolicy=auto', 'ProtectClock=yes', 'ProtectClock=yes\nDeviceAllow=/dev/null r', 'PrivateDevices=yes\nProtectClock=yes\nDeviceAllow=/dev/zero')):
        x.append((lines, ran('c204-%d' % n, lines, ': < /dev/null && echo opens null', 'DevicePolicy')))
    return x
def jail(path='/srv/jail'):
    """A root folder that borrows the programs of the host."""
    for d in ('usr', 'etc', 'opt', 'run/conf', 'srv/own'):
        if not os.path.isdir(path + '/' + d): os.makedirs(path + '/' + d)
    for l in ('bin', 'sbin', 'lib', 'lib64'):
        if not os.path.lexists(path + '/' + l): os.symlink('usr/' + l, path + '/' + l)
    open(path + '/etc/inside', 'w').write('inside\n'); open(path + '/srv/own/file', 'w').close()
    return 'RootDirectory=%s\nBindReadOnlyPaths=/usr /opt/conf\nBindPaths=/run/conf' % path
@case
def c205_():
    """RootDirectory=: what is seen, with what others say of paths; where programs and folders are looked for; who the user is"""
    of_host('mnt'); x = []; root = jail()
    see = 'ns mnt; cat /etc/inside; ls -d /proc/self /sys/class /dev/null /run /home; stat -fc %T /run /proc; id -un; pwd; ls /srv; touch /srv/own/x && echo writes; rm -f /srv/own/x; [ /.. -ef / ] && echo ends here'
    for n, lines in enumerate(('', 'MountAPIVFS=no', 'User=nobody', 'User=daemon\nWorkingDirectory=/srv/own', 'WorkingDirectory=/nonexistent', 'WorkingDirectory=-/nonexistent', 'ReadOnlyPaths=/srv/own', 'ReadOnlyPaths=+/srv/own', 'ReadOnlyPaths=/srv/jail/srv/own', 'InaccessiblePaths=+/srv',
        'TemporaryFileSystem=/srv', 'PrivateTmp=yes', 'PrivateDevices=yes', 'ProtectProc=invisible\nMountAPIVFS=no', 'ProtectSystem=strict\nReadWritePaths=+/run/conf', 'StateDirectory=c205\nRuntimeDirectory=c205')):
        x.append((lines, ran('c205-%d' % n, root + '\n' + lines, see + '; ls -d /tmp /var/lib/c205 /run/c205; ls /dev | wc -l | sed s/^..*/some/')))
    sh('rm', '-rf', '/var/lib/c205'); return x
@case
def c206_():
    """RootDirectory=: a bare name, a program that is not there, a folder that is not; RootDirectoryStartOnly=, + and -; what show says"""
    root = jail(); x = []
    script('c206-0', '/bin/cat /etc/inside'); script('c206-1', 'cat /etc/inside; pwd')
    def one(tag, lines):
        units({tag: '[Service]\nType=oneshot\n%s\n' % lines}); ctl('start', tag); x.append((lines, log(tag), show(tag)))
    one('c206-0', root + '\nExecSearchPath=/opt/conf/bin\nExecStart=c206-0')
    for n, lines in enumerate(('ExecStart=/nonexistent', 'ExecStart=/srv/jail/etc/inside', 'ExecStart=nonexistent-name')): one('c206-n%d' % n, root + '\n' + lines)
    one('c206-m', 'RootDirectory=/nonexistent\nExecStart=/bin/true')
    one('c206-l', 'RootDirectory=/etc/passwd\nExecStart=/bin/true')
    one('c206-1', root + '\nRootDirectoryStartOnly=yes\nWorkingDirectory=/srv/own\nExecStartPre=-/opt/conf/bin/c206-1\nExecStart=/opt/conf/bin/c206-1\nExecStopPost=-/opt/conf/bin/c206-1')
    one('c206-p', root + '\nMountAPIVFS=yes\nExecStart=+/opt/conf/bin/sees c206-p /proc/self /etc/inside /dev/null')
    units({'c206-s%d' % n: '[Service]\nExecStart=/bin/true\n' + l for n, l in enumerate(('RootDirectory=/x', 'RootDirectory=/', 'RootDirectory=relative', 'RootDirectory=/x\nMountAPIVFS=no', 'MountAPIVFS=yes', 'RootDirectory=/x\nRootDirectory=', 'RootDirectoryStartOnly=yes', 'RootDirectory=/a//b/'))})
    return x + [show('c206-s%d' % n, 'RootDirectory,MountAPIVFS,RootDirectoryStartOnly') for n in range(8)]
@case
def c207_():
    """InaccessiblePaths=/proc, and MountAPIVFS= on the host's root"""
    x = []
    for n, lines in enumerate(('InaccessiblePaths=/proc', 'InaccessiblePaths=/proc\nPrivateTmp=yes\nReadOnlyPaths=/etc', 'MountAPIVFS=yes', 'MountAPIVFS=no')): x.append((lines, ran('c207-%d' % n, lines, '[ -e /proc/self/status ] && echo has /proc; grep -c " /proc " /proc/self/mountinfo; touch /etc/x 2>/dev/null && echo writes; rm -f /etc/x')))
    return x
def gone(*paths):
    for p in paths: sh('rm', '-rf', p)
DIRS = ['/var/lib', '/var/cache', '/var/log', '/run']
def owners(uid, *paths):
    """Of each path what it is, and whose; `own` for the user of the unit."""
    x = []
    for p in paths:
        try: s = os.lstat(p)
        except OSError: x.append((p, 'missing')); continue
        x.append((p, os.readlink(p) if os.path.islink(p) else oct(s.st_mode & 0o7777), 'own' if s.st_uid == uid else s.st_uid))
    return x
@case
def c208_():
    """DynamicUser=: the number of a name, what it implies, and what it sees"""
    x = []
    see = 'id -u; id -g; id -G; echo "$USER $LOGNAME $HOME $SHELL"; touch /etc/x /home/x /usr/x /tmp/x 2>/dev/null; ls /etc/x /home/x /usr/x /tmp/x 2>/dev/null; grep NoNewPrivs /proc/self/status | tr -d "\\t"'
    props = 'DynamicUser,User,Group,PrivateTmp,ProtectSystem,ProtectHome,NoNewPrivileges,RestrictSUIDSGID,RemoveIPC,Result'
    for tag, lines in (('c208-a', ''), ('c208-b', 'User=conf-some'), ('c208-c', 'User=conf-one\nGroup=conf-two'), ('c208-d', 'User=nobody'), ('c208-e', 'User=conf-some\nSupplementaryGroups=games\nProtectHome=tmpfs\nProtectSystem=no\nPrivateTmp=no'), ('c208@g', ''), ('c208-h', 'User=games'), ('c208-i', 'User=shadow')):
        x.append((tag, lines, ran(tag, 'DynamicUser=yes\nReadWritePaths=/run/conf\n' + lines, see, props)))
    return x
@case
def c209_():
    """DynamicUser=: directories in private/, those that were there before, and when it is switched off again"""
    gone(*[d + p for d in DIRS for p in ('/c209', '/private/c209', '/c209n', '/private/c209n')]); x = []
    see = 'id -u > /run/conf/uid; for d in $STATE_DIRECTORY $CACHE_DIRECTORY $LOGS_DIRECTORY $RUNTIME_DIRECTORY; do d=$(echo $d | tr : " "); for e in $d; do echo $e; touch $e/made && echo writes; done; done; ls -A /var/lib/private /var/lib/c209; touch /var/lib/private/x 2>/dev/null && echo too much; true'
    paths = [d + p for d in DIRS for p in ('/c209', '/private', '/private/c209', '/private/c209/made')]
    lines = 'StateDirectory=c209\nCacheDirectory=c209\nLogsDirectory=c209\nRuntimeDirectory=c209\nReadWritePaths=/run/conf'
    uid = lambda: int(open('/run/conf/uid').read())
    for n, more in enumerate(('DynamicUser=yes', 'DynamicUser=yes\nRuntimeDirectoryPreserve=yes', 'DynamicUser=no\nUser=nobody', 'DynamicUser=yes\nStateDirectoryMode=0700\nTemporaryFileSystem=/var/lib')):
        x.append((more, ran('c209', lines + '\n' + more, see), owners(uid(), *paths)))
        gone('/run/conf/c209.log', '/run/conf/uid')
    x.append((ran('c209-n', 'DynamicUser=yes\nReadWritePaths=/run/conf\nStateDirectory=c209n/deep c209n/two', see), owners(uid(), '/var/lib/c209n', '/var/lib/c209n/deep', '/var/lib/private/c209n', '/var/lib/private/c209n/deep')))
    gone(*[d + p for d in DIRS for p in ('/c209', '/private/c209', '/c209n', '/private/c209n')]); return x
@case
def c210_():
    """DynamicUser=: the number stays that of the directories; two units of one user; RemoveIPC="""
    gone('/var/lib/c210', '/var/lib/private/c210'); x = []
    lines = 'DynamicUser=yes\nReadWritePaths=/run/conf\nStateDirectory=c210'
    x.append(ran('c210-a', lines, 'id -u')); x.append(ran('c210-b', lines, 'id -u'))
    units({'c210-s': '[Service]\nDynamicUser=yes\nUser=conf-shared\nExecStart=/bin/sleep 100\n'}); ctl('start', 'c210-s')
    x.append(ran('c210-t', 'DynamicUser=yes\nUser=conf-shared\nReadWritePaths=/run/conf\nStateDirectory=c210', 'id -u')); ctl('stop', 'c210-s')
    sh('chown', '-R', '0:0', '/var/lib/private/c210'); os.chmod('/var/lib/private/c210', 0o700)
    x.append(ran('c210-c', lines, 'stat -c "%a" /var/lib/c210/.')); gone('/var/lib/c210', '/var/lib/private/c210')
    left = lambda: [len(open('/proc/sysvipc/' + k).readlines()) - 1 for k in ('shm', 'sem', 'msg')] + [os.path.exists('/dev/shm/c210')]
    make = 'ipcmk -M 10 > /dev/null; ipcmk -S 1 > /dev/null; ipcmk -Q > /dev/null; : > /dev/shm/c210; echo made'
    before = left()
    for n, l in enumerate(('DynamicUser=yes\nReadWritePaths=/run/conf', 'User=games\nRemoveIPC=yes', 'RemoveIPC=yes', 'User=games')):
        x.append((l, ran('c210-i%d' % n, l, make, 'Result,RemoveIPC'), [a - b for a, b in zip(left(), before)]))
        sh('sh', '-c', 'ipcrm -a; rm -f /dev/shm/c210')
    return x
