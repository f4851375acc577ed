# c390 and on: descriptors that a service is passed, and those that are kept for it.
import time
from words import case, ctl, log, mainpid, prop, show, units, until, waitlog
def stores(tag, words, more=''):
    return '[Service]\nType=notify\nNotifyAccess=main\nFileDescriptorStoreMax=8\n%s\nExecStart=/opt/conf/bin/stores %s %s\n' % (more, tag, words)
def count(u): return prop(u, 'NFileDescriptorStore')
@case
def c390_():
    """FDSTORE=1: kept over a restart by hand and by itself, passed with names, gone with the end of the service"""
    u = 'c390'; units({u: stores(u, 'file:one:first file::second file:two_words:third', 'Restart=on-failure\nRestartSec=100ms')})
    ctl('start', u); waitlog(u, 1); until(lambda: count(u) == '3'); x = [show(u, 'ActiveState,FileDescriptorStoreMax,NFileDescriptorStore,NotifyAccess')]
    ctl('restart', u); waitlog(u, 2); x.append(('restarted', count(u)))
    ctl('kill', '-s', 'KILL', u); waitlog(u, 3); until(lambda: prop(u, 'SubState') == 'running'); x.append(('killed', count(u)))
    ctl('stop', u); x.append(('stopped', count(u))); ctl('start', u); waitlog(u, 4); until(lambda: count(u) == '3'); ctl('stop', u)
    return x + [('log', log(u))]
@case
def c391_():
    """FileDescriptorStoreMax=: how many; none twice; removed by name; those that hang up go unless FDPOLL=0"""
    x = []
    for name, words, right, more in (
            ('full', 'file:a:1 file:b:2 file:c:3', '2', 'FileDescriptorStoreMax=2'), ('same', 'file:a:1 again:b again: file:c:2', '2', ''),
            ('remove', 'file:a:1 file:b:2 file:a:3 remove:a', '1', ''), ('unnamed', 'file:a:1 remove: file:b:2', '2', ''),
            ('hangup', 'pipe:a quiet:b file:c:3 hangup', '2', ''), ('badname', 'file:a%s:1' % chr(127), '1', ''), ('none', 'file:a:1', '0', 'FileDescriptorStoreMax=0')):
        u = 'c391-' + name; units({u: stores(u, words, more)})
        ctl('start', u); waitlog(u, 1); until(lambda: count(u) == right, 2); time.sleep(0.2); x.append((name, count(u)))
        ctl('restart', u); waitlog(u, 2); x.append(log(u)); ctl('stop', u)
    return x
@case
def c392_():
    """FDSTORE=1: who may; which commands are passed what is kept; NonBlocking= leaves it as it is"""
    x = []; pre = 'ExecStartPre=/bin/sh -c "echo pre $LISTEN_FDS >> /run/conf/%s.log"\nExecStartPost=/bin/sh -c "echo post $LISTEN_FDS >> /run/conf/%s.log"\nExecReload=/bin/sh -c "echo reload $LISTEN_FDS >> /run/conf/%s.log"'
    for name, words, right, more in (
            ('child', 'child:a:1', '0', ''), ('all', 'child:a:1', '1', 'NotifyAccess=all'), ('nonblock', 'nonblock:a pipe:b', '2', 'NonBlocking=yes'),
            ('pre', 'file:a:1', '1', pre % (('c392-pre',) * 3)), ('env', 'file:a:1', '1', 'Environment=LISTEN_FDNAMES=other'), ('unset', 'file:a:1', '1', 'UnsetEnvironment=LISTEN_FDS')):
        u = 'c392-' + name; units({u: stores(u, words, more)})
        ctl('start', u); waitlog(u, 1); until(lambda: count(u) == right, 2); time.sleep(0.2); x.append((name, count(u), show(u, 'NonBlocking')))
        ctl('restart', u); waitlog(u, 2); ctl('reload', u); time.sleep(0.3); ctl('stop', u); x.append(log(u))
    units({'c392-implied': '[Service]\nFileDescriptorStoreMax=3\nExecStart=/bin/true\n', 'c392-none': '[Service]\nFileDescriptorStoreMax=x\nExecStart=/bin/true\n'})
    return x + [show(u, 'FileDescriptorStoreMax,NotifyAccess') for u in ('c392-implied', 'c392-none')]
