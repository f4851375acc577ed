# c160 to c171: what a service sees of the file system, from inside.
import os
from words import case, ctl, log, show, units
def sees(tag, lines, *paths):
    """What of these paths is seen in a unit with these lines, and what became of it."""
    units({tag: '[Service]\nType=oneshot\n%s\nExecStart=/opt/conf/bin/sees %s %s\n' % (lines, tag, ' '.join(paths))})
    ctl('start', tag); return [log(tag), show(tag)]
def each(tag, many, *paths): return [(lines, sees('%s-%d' % (tag, n), lines, *paths)) for n, lines in enumerate(many)]
def tree():
    """/srv/conf: folders with two files in each, and a link to one."""
    for d in ('a', 'a/in', 'b'):
        if not os.path.isdir('/srv/conf/' + d): os.makedirs('/srv/conf/' + d)
        for f in ('one', 'two'):
            open('/srv/conf/%s/%s' % (d, f), 'w').close(); os.chmod('/srv/conf/%s/%s' % (d, f), 0o755)
    if not os.path.islink('/srv/conf/to-a'): os.symlink('a', '/srv/conf/to-a')
@case
def c160_():
    """ProtectSystem=: no, yes, full, strict, and what ReadWritePaths= leaves open"""
    tree()
    return each('c160', ('', 'ProtectSystem=yes', 'ProtectSystem=full', 'ProtectSystem=strict\nReadWritePaths=/run/conf', 'ProtectSystem=strict\nReadWritePaths=/run/conf /srv/conf/a -/nonexistent', 'ProtectSystem=full\nReadWritePaths=/etc', 'ProtectSystem=strict\nReadWritePaths=/nonexistent'),
        '/usr', '/usr/lib', '/boot', '/etc', '/var', '/srv/conf/a', '/srv/conf/b', '/root', '/dev', '/proc/sys/kernel/hostname')
@case
def c161_():
    """ProtectHome=: no, yes, read-only, tmpfs"""
    if not os.path.isdir('/home/someone'): os.makedirs('/home/someone')
    open('/root/conf', 'w').close()
    return each('c161', ('ProtectHome=no', 'ProtectHome=yes', 'ProtectHome=read-only', 'ProtectHome=tmpfs', 'ProtectHome=tmpfs\nBindPaths=/home/someone'), '/home', '/home/someone', '/root', '/root/conf')
@case
def c162_():
    """ReadOnlyPaths=, ReadWritePaths=, InaccessiblePaths= and their names of 219: nested, doubled, missing, through links"""
    tree()
    return each('c162', ('ReadOnlyPaths=/srv/conf', 'ReadOnlyPaths=/srv/conf\nReadWritePaths=/srv/conf/a\nReadOnlyPaths=/srv/conf/a/in', 'InaccessiblePaths=/srv/conf/a /srv/conf/b/one', 'InaccessiblePaths=/srv/conf/to-a', 'ReadOnlyPaths=/srv/conf/a\nReadWritePaths=/srv/conf/a',
        'InaccessiblePaths=/srv/conf\nReadWritePaths=/srv/conf/a', 'ReadOnlyPaths=/nonexistent', 'ReadOnlyPaths=-/nonexistent +/srv/conf/a', 'ReadOnlyPaths=/srv/conf\nReadOnlyPaths=', 'ReadOnlyDirectories=/srv/conf/a\nInaccessibleDirectories=-/srv/conf/b\nReadWriteDirectories=/srv/conf/a/in'),
        '/srv/conf', '/srv/conf/a', '/srv/conf/a/one', '/srv/conf/a/in', '/srv/conf/b', '/srv/conf/b/one')
@case
def c163_():
    """BindPaths= and BindReadOnlyPaths=: sources of the host, places that are made, what may be missing"""
    tree()
    return each('c163', ('BindPaths=/srv/conf/a:/srv/conf/b', 'BindReadOnlyPaths=/srv/conf/a:/srv/conf/b', 'BindPaths=/srv/conf/a/one:/srv/conf/b/two:norbind', 'BindPaths=/nonexistent:/srv/conf/b', 'BindPaths=-/nonexistent:/srv/conf/b',
        'TemporaryFileSystem=/srv\nBindReadOnlyPaths=/srv/conf/b:/srv/conf/a', 'BindPaths=/srv/conf/a:/srv/conf/b:nonsense', 'BindPaths=/srv/conf/a:/srv/conf/b\nBindPaths='),
        '/srv/conf', '/srv/conf/a', '/srv/conf/a/in', '/srv/conf/b', '/srv/conf/b/in', '/srv/conf/b/two')
@case
def c164_():
    """TemporaryFileSystem=: empty, read-only, not executable"""
    tree(); open('/var/tmp/conf', 'w').close()
    return each('c164', ('TemporaryFileSystem=/srv', 'TemporaryFileSystem=/srv:ro', 'TemporaryFileSystem=/srv/conf:ro,mode=0700,noexec /var/tmp', 'TemporaryFileSystem=/nonexistent-c164'), '/srv', '/srv/conf', '/srv/conf/a', '/var/tmp')
@case
def c165_():
    """ExecPaths= and NoExecPaths="""
    tree()
    return each('c165', ('NoExecPaths=/srv/conf', 'NoExecPaths=/srv/conf\nExecPaths=/srv/conf/a', 'NoExecPaths=/\nExecPaths=/usr /opt/conf /lib /lib64 /bin'), '/srv/conf/a/one', '/srv/conf/b/one', '/usr/bin/true')
@case
def c166_():
    """ProtectKernelTunables=, ProtectKernelModules=, ProtectKernelLogs=, ProtectControlGroups=, and the rights that go with them"""
    x = []
    for n, lines in enumerate(('ProtectKernelTunables=yes', 'ProtectKernelModules=yes', 'ProtectKernelLogs=yes', 'ProtectControlGroups=yes', 'ProtectClock=yes')):
        u = 'c166-%d' % n
        x.append((lines, sees(u, lines, '/proc/kallsyms', '/sys/kernel', '/usr/lib/modules', '/proc/kmsg'), show(u, 'CapabilityBoundingSet')))
    return x
@case
def c167_():
    """ProtectHostname=, PrivateMounts= and MountFlags=: namespaces of its own"""
    x = []
    spaces = 'for n in mnt uts; do [ $(readlink /proc/self/ns/$n) = $(cat /run/conf/ns-$n) ] && echo $n: the one of the host || echo $n: its own; done; grep -c shared: /proc/self/mountinfo | sed s/^[1-9].*/shared/; hostname conf-c167 2>/dev/null || echo keeps its name'
    for n in ('mnt', 'uts'): open('/run/conf/ns-' + n, 'w').write(os.readlink('/proc/1/ns/' + n))
    for n, lines in enumerate(('', 'ProtectHostname=yes', 'PrivateMounts=yes', 'MountFlags=slave', 'MountFlags=shared', 'MountFlags=private', 'MountFlags=nonsense')):
        u = 'c167-%d' % n; units({u: "[Service]\nType=oneshot\n%s\nExecStart=/bin/sh -c '{ %s; } > /run/conf/%s.log'\n" % (lines, spaces if lines else 'true', u)})
        ctl('start', u); x.append((lines, log(u), show(u, 'MountFlags,PrivateMounts,ProtectHostname')))
    return x
@case
def c168_():
    """ProtectProc= and ProcSubset= for a user"""
    x = []
    for n, lines in enumerate(('ProtectProc=default', 'ProtectProc=invisible', 'ProtectProc=noaccess', 'ProtectProc=ptraceable', 'ProcSubset=pid', 'ProtectProc=nonsense')):
        x.append((lines, sees('c168-%d' % n, 'User=nobody\n' + lines, '/proc/1', '/proc/1/environ', '/proc/self/status', '/proc/uptime')))
    return x
@case
def c169_():
    """The directories of a service can be written to whatever is protected; a line with + sees all; what show says"""
    tree()
    x = [sees('c169-d', 'ProtectSystem=strict\nReadWritePaths=/run/conf\nStateDirectory=c169\nRuntimeDirectory=c169\nConfigurationDirectory=c169', '/var/lib', '/var/lib/c169', '/run', '/run/c169', '/etc/c169')]
    units({'c169-p': '[Service]\nType=oneshot\nProtectSystem=strict\nInaccessiblePaths=/srv/conf/a\nExecStart=+/opt/conf/bin/sees c169-p /usr /srv/conf/a\n'})
    ctl('start', 'c169-p'); x.append(log('c169-p'))
    units({'c169-s': '[Service]\nExecStart=/bin/true\nReadWritePaths=-/a +/b -+/c/ /d//e\nReadOnlyDirectories=/f\nBindPaths=/a /b:/c -/d:/e:norbind\nBindReadOnlyPaths=/f\nTemporaryFileSystem=/g:ro,mode=0700 /h\nProtectSystem=true\nProtectHome=tmpfs\nNoExecPaths=/i\nExecPaths=/j /k\nInaccessiblePaths=relative /l'})
    return x + [show('c169-s', 'ReadWritePaths,ReadOnlyPaths,InaccessiblePaths,ExecPaths,NoExecPaths,BindPaths,BindReadOnlyPaths,TemporaryFileSystem,ProtectSystem,ProtectHome')]
@case
def c170_():
    """PrivateDevices=: what every program expects, and no right to make more"""
    x = []
    for n, lines in enumerate(('PrivateDevices=yes', 'PrivateDevices=yes\nInaccessiblePaths=/dev/shm', 'PrivateDevices=yes\nReadWritePaths=/dev')):
        u = 'c170-%d' % n
        x.append((lines, sees(u, lines, '/dev/null', '/dev/full', '/dev/urandom', '/dev/tty', '/dev/pts', '/dev/shm', '/dev/ptmx', '/dev/fd', '/dev/console', '/dev/stdin'), show(u, 'CapabilityBoundingSet')))
    units({'c170-w': '[Service]\nType=oneshot\nPrivateDevices=yes\nUMask=0077\nExecStart=/bin/sh -c "umask > /run/conf/c170-w.log; echo x > /dev/null && touch /dev/shm/c170 && head -c 3 /dev/zero | wc -c >> /run/conf/c170-w.log; touch /dev/x || echo read-only >> /run/conf/c170-w.log; rm /dev/shm/c170"\n'})
    ctl('start', 'c170-w'); return x + [log('c170-w'), show('c170-w')]
@case
def c171_():
    """AmbientCapabilities= and SecureBits=: for a user, for root, with CapabilityBoundingSet="""
    x = []
    script = "grep -E ^Cap.Inh\\|^CapAmb /proc/self/status; grep -E ^CapPrm\\|^CapEff /proc/self/status; perl -e 'print syscall(157, 27, 0, 0, 0, 0), chr(10)'"
    for n, lines in enumerate(('User=nobody', 'User=nobody\nAmbientCapabilities=CAP_NET_BIND_SERVICE CAP_CHOWN', 'User=nobody\nAmbientCapabilities=CAP_CHOWN CAP_KILL\nAmbientCapabilities=~CAP_KILL', 'User=nobody\nCapabilityBoundingSet=CAP_KILL\nAmbientCapabilities=CAP_KILL CAP_NONSENSE',
        'User=nobody\nAmbientCapabilities=CAP_CHOWN\nAmbientCapabilities=', 'User=nobody\nAmbientCapabilities=CAP_CHOWN\nSecureBits=keep-caps', 'User=nobody\nSecureBits=noroot noroot-locked', 'User=nobody\nAmbientCapabilities=CAP_CHOWN\nSecureBits=no-setuid-fixup noroot\nSecureBits=keep-caps-locked', 'User=nobody\nSecureBits=noroot\nSecureBits=', 'SecureBits=keep-caps nonsense')):
        u = 'c171-%d' % n
        own = script if lines.startswith('User') else "perl -e 'print syscall(157, 27, 0, 0, 0, 0), chr(10)'"
        open('/opt/conf/bin/' + u, 'w').write('#!/bin/sh\n{ %s; } > /run/conf/%s.log\n' % (own, u)); os.chmod('/opt/conf/bin/' + u, 0o755)
        units({u: '[Service]\nType=oneshot\n%s\nExecStart=/opt/conf/bin/%s\n' % (lines, u)})
        ctl('start', u); x.append((lines, log(u), show(u), show(u, 'AmbientCapabilities,SecureBits')))
    return x
