# c84 to c100: units on which amr once went another way than systemd.
import os, shutil, time
from words import CTL, RUN, SLEEP, UDIR, active, alive, bucket, case, ctl, log, mainpid, prop, sh, show, unit, units, until, waitlog
def service(lines): return '[Service]\n%s\n' % lines
def say(tag, *words): return '/opt/conf/bin/say %s %s' % (tag, ' '.join(words))
@case
def c84_():
    """A stop goes by what runs, whatever has become of the unit file: removed, emptied, masked"""
    x = []
    for fate in ('removed', 'emptied', 'masked'):
        u = 'c84-' + fate; path = unit(u, SLEEP); ctl('daemon-reload'); ctl('start', u); p = mainpid(u)
        if fate == 'emptied': open(path, 'w').close()
        else: os.unlink(path)
        if fate == 'masked': os.symlink('/dev/null', path)
        s = ctl('stop', u); x.append((fate, 'rc', int(s[0] != 0), 'alive', alive(p), prop(u, 'ActiveState')))
        if os.path.lexists(path): os.unlink(path)
    return x
@case
def c85_():
    """Output and errors into one file: no line overwrites another"""
    units({'c85': service('Type=oneshot\nStandardOutput=file:/opt/conf/c85.out\nStandardError=file:/opt/conf/c85.out\n'
        'ExecStart=/bin/sh -c "echo out-1; echo err-1 >&2; echo out-2; echo err-2 >&2"')})
    ctl('start', 'c85'); return [('written', open('/opt/conf/c85.out').read().split('\n'))]
@case
def c86_():
    """RuntimeDirectory= with folders above it, which are everybody's to enter"""
    units({'c86': service('User=nobody\nRuntimeDirectory=c86/a/b\nRuntimeDirectoryMode=0700\nExecStart=/bin/sh -c "touch /run/c86/a/b/x && exec sleep 1000"')})
    ctl('start', 'c86'); until(lambda: os.path.exists('/run/c86/a/b/x'), 1)
    x = [(d, '%o %d' % (os.stat('/run/' + d).st_mode & 0o7777, os.stat('/run/' + d).st_uid)) for d in ('c86', 'c86/a', 'c86/a/b')]
    x += [('running', show('c86')), ('could_write', os.path.exists('/run/c86/a/b/x'))]
    ctl('stop', 'c86'); return x + [('left', [d for d in ('c86', 'c86/a', 'c86/a/b') if os.path.isdir('/run/' + d)])]
@case
def c87_():
    """EnvironmentFile= with bytes that are not UTF-8"""
    with open('/opt/conf/latin1.env', 'wb') as f: f.write(b'NAME=J\xfcrgen\nPASSWORD=secret\n')
    units({'c87': service('Type=oneshot\nEnvironmentFile=/opt/conf/latin1.env\nExecStart=/opt/conf/bin/envdump c87 PASSWORD')})
    r = ctl('start', 'c87'); return [('start_rc', int(r[0] != 0)), ('log', log('c87')), ('props', show('c87'))]
@case
def c88_():
    """Nobody writes the PID file that the program itself looks for when it starts"""
    with open('/etc/init.d/c88', 'w') as f: f.write('#!/usr/sbin/amr initd\n# chkconfig: 2345 90 10\n# description: c88\n')
    os.chmod('/etc/init.d/c88', 0o755)
    units({'c88': service('ExecStart=/bin/sh -c \'sleep 0.3; if [ -e /var/run/c88.pid ] && kill -0 $$(cat /var/run/c88.pid); then echo "already running" >> /run/conf/c88.log; exit 1; fi; '
        'echo $$$$ > /var/run/c88.pid; echo mine >> /run/conf/c88.log; exec sleep 1000\'')})
    ctl('start', 'c88'); waitlog('c88', 1); time.sleep(.2); x = [('log', log('c88')), ('props', show('c88'))]
    ctl('stop', 'c88'); os.unlink('/etc/init.d/c88'); return x
@case
def c89_():
    """A changed unit file counts after daemon-reload, not before"""
    def with_stop(word): unit('c89', service('ExecStart=/bin/sleep 1000\nExecStop=' + say('c89', word)))
    with_stop('first'); ctl('daemon-reload'); ctl('start', 'c89'); with_stop('second'); ctl('stop', 'c89'); x = [('without', log('c89'))]
    ctl('daemon-reload'); ctl('start', 'c89'); with_stop('third'); ctl('daemon-reload'); ctl('stop', 'c89'); return x + [('with', log('c89'))]
@case
def c90_():
    """What OnFailure= and OnSuccess= tell the unit that they start about the one that ended"""
    def tells(ends, command): return '[Unit]\n%s=c90-tell@%%n.service\n[Service]\nExecStart=%s\n' % (ends, command)
    units({'c90-exit': tells('OnFailure', '/bin/sh -c "exit 5"'), 'c90-kill': tells('OnFailure', '/bin/sh -c "kill -USR1 $$$$"'), 'c90-good': tells('OnSuccess', '/bin/true'),
        'c90-tell@': service('Type=oneshot\nExecStart=/opt/conf/bin/envdump c90 MONITOR_SERVICE_RESULT MONITOR_EXIT_CODE MONITOR_EXIT_STATUS MONITOR_UNIT MONITOR_INVOCATION_ID')})
    for n, u in enumerate(('c90-exit', 'c90-kill', 'c90-good')): ctl('start', u); waitlog('c90', 5 * (n + 1), 2)
    return [('log', log('c90'))]
@case
def c91_():
    """SendSIGKILL=no: a process that has survived the stop is in the way of the next start"""
    units({'c91': service('SendSIGKILL=no\nTimeoutStopSec=1\nExecStart=/bin/sh -c "trap \'\' TERM; echo up >> /run/conf/c91.log; exec sleep 7602"')})
    ctl('start', 'c91'); waitlog('c91', 1); p = mainpid('c91'); s = ctl('stop', 'c91')
    x = [('stop_time', bucket(s[3])), ('stopped', show('c91')), ('alive', alive(p))]
    r = ctl('start', 'c91'); time.sleep(.3); x += [('start_rc', int(r[0] != 0)), ('log', log('c91')), ('alive', alive(p))]
    for pid in set([p, mainpid('c91')]) - set([0]):
        if alive(pid): os.kill(pid, 9)
    return x
@case
def c92_():
    """Whose the directories of a service become, when they are there already and when they are not"""
    for d in ('/var/lib/c92', '/var/cache/c92', '/var/log/c92', '/etc/c92-had', '/etc/c92-new'): shutil.rmtree(d, True)
    for d in ('/var/lib/c92/sub', '/var/cache/c92', '/etc/c92-had'): os.makedirs(d)
    for f in ('/var/lib/c92/sub/f', '/var/cache/c92/f', '/etc/c92-had/f'): open(f, 'w').close()
    units({'c92': service('Type=oneshot\nUser=nobody\nStateDirectory=c92\nCacheDirectory=c92\nLogsDirectory=c92\nConfigurationDirectory=c92-new c92-had\nExecStart=/bin/true')})
    r = ctl('start', 'c92'); names = '/var/lib/c92', '/var/lib/c92/sub', '/var/lib/c92/sub/f', '/var/cache/c92/f', '/var/log/c92', '/etc/c92-new', '/etc/c92-had', '/etc/c92-had/f'
    return [('start_rc', int(r[0] != 0)), ('owners', [(n, os.stat(n).st_uid if os.path.exists(n) else None) for n in names])]
@case
def c93_():
    """Drop-ins of the parts of a template's name"""
    unit('c93-x@', service('Type=oneshot\nExecStart=/opt/conf/bin/envdump c93 ALL WHOLE PREFIX INSTANCE'))
    for d, name in (('c93-x@', 'WHOLE'), ('c93-', 'PREFIX'), ('c93-x@a', 'INSTANCE')):
        unit('%s.service.d/%s.conf' % (d, name.lower()), '[Service]\nEnvironment=%s=1 ALL=%s\n' % (name, name))
    ctl('daemon-reload'); ctl('start', 'c93-x@a'); return [('log', log('c93'))]
@case
def c94_():
    """A link of .wants to /dev/null hides the one of the same name below /usr/lib"""
    units({'c94': service('Type=oneshot\nRemainAfterExit=yes\nExecStart=/bin/true'), 'c94-nulled': SLEEP, 'c94-wanted': SLEEP})
    for top in ('/usr/lib/systemd/system', UDIR):
        shutil.rmtree(top + '/c94.service.wants', True); os.makedirs(top + '/c94.service.wants')
    for u in ('nulled', 'wanted'): os.symlink('%s/c94-%s.service' % (UDIR, u), '/usr/lib/systemd/system/c94.service.wants/c94-%s.service' % u)
    os.symlink('/dev/null', UDIR + '/c94.service.wants/c94-nulled.service'); ctl('daemon-reload')
    ctl('start', 'c94'); all = 'c94', 'c94-nulled', 'c94-wanted'; x = [('active', active(*all))]; ctl('stop', *all); return x
@case
def c95_():
    """Empty values that reset and those that do not; quotes in a list of units; a blank behind !"""
    units({'c95': '[Unit]\nAfter="c95-quoted.service"\nConditionPathExists=! /etc/passwd\n' + service('Type=oneshot\nExecStart=/bin/sh -c "echo $$(ulimit -Sn) $$(ulimit -Hn) $$(umask) >> /run/conf/c95.log"\nKillMode=mixed\nKillMode=\n'
        'StandardOutput=null\nStandardOutput=\nLimitNOFILE=77:88\nLimitNOFILE=\nCapabilityBoundingSet="CAP_CHOWN"\nUMask=027\nUMask=')})
    r = ctl('start', 'c95'); return [('start_rc', r[0]), ('log', log('c95')), ('shown', show('c95', 'KillMode,StandardOutput,LimitNOFILE,CapabilityBoundingSet,UMask')),
        ('after', 'c95-quoted.service' in prop('c95', 'After').split())]
@case
def c96_():
    """JobTimeoutSec=: the start has failed, whatever the unit goes on with"""
    units({'c96': '[Unit]\nJobTimeoutSec=1\n' + service('Type=oneshot\nExecStart=/bin/sh -c "sleep 2.5; echo ran >> /run/conf/c96.log"')})
    r = ctl('start', 'c96'); x = [('start_rc', int(r[0] != 0)), ('time', bucket(r[3])), ('then', show('c96'))]; time.sleep(2)
    return x + [('later', show('c96')), ('log', log('c96'))]
@case
def c97_():
    """A service has nothing of whoever started it"""
    units({'c97': service('Type=oneshot\nExecStart=/opt/conf/bin/called c97')})
    sh('/bin/sh', '-c', 'cd /tmp; ulimit -Sn 300; umask 077; echo 500 > /proc/self/oom_score_adj; echo 0 > /proc/self/coredump_filter; '
        'export LEFT=over; exec nice -n 7 ionice -c 3 taskset -c 0 %s start c97' % ' '.join(CTL))
    return [('log', log('c97'))]
@case
def c98_():
    """What a start leaves that the start limit refuses: how the last run ended"""
    units({'c98': service('Type=oneshot\nExecStart=/bin/sh -c "exit 3"')})
    x = [('start_rc', [int(ctl('start', 'c98')[0] != 0) for _ in range(6)]), ('props', show('c98'))]
    ctl('reset-failed', 'c98'); return x + [('forgotten', show('c98')), ('start_rc', int(ctl('start', 'c98')[0] != 0))]
@case
def c99_():
    """A start waits for what another command is starting, where it is ordered behind it"""
    units({'c99-a': service('Type=oneshot\nExecStart=/bin/sh -c "sleep 1; echo a-done >> /run/conf/c99.log"'),
        'c99-b': '[Unit]\nAfter=c99-a.service\n' + service('ExecStartPre=%s\nExecStart=/bin/sleep 1000' % say('c99', 'b-starts'))})
    ctl('start', '--no-block', 'c99-a'); r = ctl('start', 'c99-b')
    x = [('start_rc', r[0]), ('time', bucket(r[3])), ('log', log('c99')), ('active', active('c99-a', 'c99-b'))]; ctl('stop', 'c99-b'); return x
@case
def c100_():
    """A pattern of which one unit cannot be found any more: the others are stopped"""
    units({'c100-1': SLEEP, 'c100-2': SLEEP, 'c100-3': SLEEP}); all = 'c100-1', 'c100-2', 'c100-3'
    ctl('start', *all); ctl('stop', 'c100-2'); os.unlink(UDIR + '/c100-2.service'); ctl('daemon-reload')
    r = ctl('stop', 'c100-*'); return [('stop_rc', r[0]), ('active', active(*all))]
