# c160 to c169: what a service sees of the file system, from inside.
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
