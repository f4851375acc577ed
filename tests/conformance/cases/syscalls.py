# c150 to c157: filters of system calls, seen from inside.
from words import case, ctl, log, show, units
def tries(tag, lines, *names):
    """What the calls come to in a unit with these lines, and what became of it."""
    units({tag: '[Service]\nType=oneshot\n%s\nExecStart=/opt/conf/bin/tries %s %s\n' % (lines, tag, ' '.join(names))})
    ctl('start', tag); return [log(tag), show(tag)]
def each(tag, many, *names): return [(lines, tries('%s-%d' % (tag, n), lines, *names)) for n, lines in enumerate(many)]
@case
def c150_():
    """SystemCallFilter=: allow and deny, groups, errors of single calls, what a later line takes back; SystemCallErrorNumber="""
    return each('c150', ('', 'SystemCallFilter=@system-service\nSystemCallFilter=~chroot:EILSEQ\nSystemCallErrorNumber=EPERM', 'SystemCallFilter=~@reboot', 'SystemCallFilter=~@reboot uname\nSystemCallErrorNumber=EACCES', 'SystemCallFilter=~@reboot:EILSEQ @timer:5 uname\nSystemCallErrorNumber=13',
        'SystemCallFilter=@system-service\nSystemCallErrorNumber=EPERM', 'SystemCallFilter=@system-service @mount\nSystemCallFilter=~chroot:EILSEQ uname\nSystemCallErrorNumber=EPERM',
        'SystemCallFilter=~uname reboot\nSystemCallFilter=uname\nSystemCallErrorNumber=EPERM', 'SystemCallFilter=~reboot:kill', 'SystemCallFilter=~reboot\nSystemCallErrorNumber=EPERM\nSystemCallErrorNumber=kill',
        'SystemCallFilter=~reboot nonsense @nonsense\nSystemCallFilter=mount:EPERM\nSystemCallErrorNumber=EPERM', 'SystemCallFilter=~reboot\nSystemCallFilter=\nSystemCallErrorNumber=EPERM'),
        'uname', 'timer', 'chroot', 'mount', 'reboot')
@case
def c151_():
    """SystemCallArchitectures=: what another kind of program calls ends it; SystemCallLog= lets all pass"""
    return each('c151', ('SystemCallArchitectures=native', 'SystemCallArchitectures=native x32', 'SystemCallLog=uname', 'SystemCallLog=~@system-service'), 'uname', 'x32')
@case
def c152_():
    """RestrictNamespaces=: none, some, all but some"""
    return each('c152', ('', 'RestrictNamespaces=yes', 'RestrictNamespaces=uts', 'RestrictNamespaces=~mnt', 'RestrictNamespaces=uts\nRestrictNamespaces=mnt', 'RestrictNamespaces=uts nonsense'),
        'setns', 'setns_uts', 'new_mounts', 'new_uts')
@case
def c153_():
    """RestrictAddressFamilies=: allow, deny, none"""
    return each('c153', ('RestrictAddressFamilies=AF_UNIX AF_INET6', 'RestrictAddressFamilies=~AF_NETLINK AF_INET', 'RestrictAddressFamilies=none', 'RestrictAddressFamilies=AF_UNIX AF_INET\nRestrictAddressFamilies=~AF_UNIX AF_NONSENSE'),
        'unix', 'inet', 'inet6', 'netlink')
@case
def c154_():
    """MemoryDenyWriteExecute=, RestrictRealtime=, LockPersonality="""
    return [tries('c154-wx', 'MemoryDenyWriteExecute=yes', 'writable_executable', 'executable', 'protect', 'shared'), tries('c154-rt', 'RestrictRealtime=yes', 'fifo', 'reset_on_fork', 'batch'),
        tries('c154-lp', 'LockPersonality=yes', 'linux32', 'linux', 'persona')]
@case
def c155_():
    """RestrictSUIDSGID="""
    names = ('chmod', 'chmod_suid', 'fchmodat_sgid', 'mkdir_sgid', 'open_suid', 'openat2', 'mknod_suid')
    return [tries('c155-no', 'RestrictSUIDSGID=no', *names), tries('c155-yes', 'RestrictSUIDSGID=yes', *names)]
@case
def c156_():
    """Whoever is not root renounces new privileges to be filtered; a line with + is not filtered"""
    x = []
    for n, (lines, sign) in enumerate((('RestrictRealtime=yes', ''), ('User=nobody\nRestrictRealtime=yes', ''), ('User=nobody', ''), ('SystemCallFilter=~@reboot\nRestrictRealtime=yes', '+'))):
        u = 'c156-%d' % n
        units({u: '[Service]\nType=oneshot\n%s\nExecStart=%s/bin/sh -c "grep NoNewPrivs: /proc/self/status > /run/conf/%s.log; /opt/conf/bin/tries %s fifo reboot"\n' % (lines, sign, u, u)})
        ctl('start', u); x.append((lines, sign, log(u)))
    return x
@case
def c157_():
    """What show says of lists of calls, families, namespaces and architectures"""
    x = []
    props = 'SystemCallFilter,SystemCallErrorNumber,SystemCallLog,SystemCallArchitectures,RestrictNamespaces,RestrictAddressFamilies,LockPersonality,RestrictSUIDSGID'
    for n, lines in enumerate(('SystemCallFilter=@module @aio\nSystemCallErrorNumber=EPERM\nSystemCallArchitectures=native x86', 'SystemCallFilter=~@reboot:EILSEQ uname\nSystemCallFilter=~swapon:kill mount:0', 'SystemCallLog=~@swap\nRestrictNamespaces=~user pid\nRestrictAddressFamilies=~AF_INET6 AF_INET',
        'SystemCallLog=@reboot\nRestrictNamespaces=yes\nRestrictAddressFamilies=AF_UNIX AF_INET\nSystemCallErrorNumber=5', 'SystemCallFilter=@mount\nSystemCallFilter=~chroot:EILSEQ reboot:EILSEQ mount', 'SystemCallFilter=nonsense\nRestrictAddressFamilies=none\nLockPersonality=yes\nRestrictSUIDSGID=yes\nSystemCallFilter=~chroot:EILSEQ\nSystemCallArchitectures=nonsense')):
        u = 'c157-%d' % n; units({u: '[Service]\nExecStart=/bin/true\n%s\n' % lines}); x.append((lines, show(u, props)))
    return x
