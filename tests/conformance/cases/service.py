# c265 to c270: when a service is up and when it is over, and what else its end means.
import os, signal, time
from words import BIN, CTL, UDIR, active, bucket, case, ctl, hit, log, mainpid, prop, sh, show, unit, units, until, waitlog
def service(lines): return '[Service]\n%s\n' % lines
def over(u): return lambda: prop(u, 'ActiveState') in ('inactive', 'failed')
@case
def c265_():
    """ExitType=cgroup: the last process decides, and how the main one ended is not forgotten"""
    x = []
    for name, lines in (
            ('main', 'ExitType=main\nExecStart=/bin/sh -c "(sleep 1.5; /opt/conf/bin/say c265 main-late) & /opt/conf/bin/say c265 main"'),
            ('ok', 'ExitType=cgroup\nExecStart=/bin/sh -c "(sleep 1.5; /opt/conf/bin/say c265 ok-late) & /opt/conf/bin/say c265 ok"'),
            ('bad', 'ExitType=cgroup\nExecStart=/bin/sh -c "(sleep 1.5; /opt/conf/bin/say c265 bad-late) & /opt/conf/bin/say c265 bad; exit 3"'),
            ('alone', 'ExitType=cgroup\nExecStart=/opt/conf/bin/say c265 alone'),
            ('oneshot', 'ExitType=cgroup\nType=oneshot\nExecStart=/opt/conf/bin/say c265 oneshot')):
        u = 'c265-' + name; units({u: service(lines + '\nExecStopPost=/opt/conf/bin/say c265 %s-post' % name)})
        r = ctl('start', u); waitlog('c265', 1); time.sleep(0.7)
        x.append((name, int(r[0] != 0), show(u, 'LoadState,ExitType,ActiveState,SubState,Result'))); until(over(u)); x.append(show(u))
        ctl('reset-failed', u)
    return x + [('log', log('c265'))]
@case
def c266_():
    """ExitType=cgroup: a stop ends all that is left, and Restart= waits for the last"""
    units({'c266-stop': service('ExitType=cgroup\nExecStart=/bin/sh -c "(trap \'echo left-got-TERM >> /run/conf/c266.log; exit 0\' TERM; echo up >> /run/conf/c266.log; while :; do sleep 0.1; done) & sleep 0.3"'),
        'c266-again': service('ExitType=cgroup\nRestart=on-failure\nRestartSec=100ms\nExecStart=/bin/sh -c "echo main >> /run/conf/c266-again.log; (sleep 0.5; echo child >> /run/conf/c266-again.log) & exit 7"')})
    ctl('start', 'c266-stop'); waitlog('c266', 1); until(lambda: mainpid('c266-stop') == 0); x = [('left', show('c266-stop'))]
    ctl('stop', 'c266-stop'); x += [('log', log('c266')), ('stopped', show('c266-stop'))]
    ctl('start', 'c266-again'); waitlog('c266-again', 3); ctl('stop', 'c266-again'); return x + [('again', log('c266-again')[:3])]
@case
def c267_():
    """OOMPolicy=, FailureAction= and their kin, JobRunningTimeoutSec= as they are shown"""
    x = []; names = 'OOMPolicy,ExitType,FailureAction,SuccessAction,StartLimitAction,JobTimeoutAction,JobTimeoutUSec,JobRunningTimeoutUSec'
    for n, (top, lines) in enumerate((
            ('', ''), ('FailureAction=reboot\nSuccessAction=poweroff-force\nStartLimitAction=exit\nJobTimeoutAction=reboot-immediate', 'OOMPolicy=kill\nExitType=cgroup'),
            ('FailureAction=soft-reboot\nSuccessAction=Reboot\nJobTimeoutSec=5', 'OOMPolicy=never\nExitType=all'),
            ('FailureAction=reboot\nFailureAction=\nJobRunningTimeoutSec=7\nJobTimeoutSec=5', 'OOMPolicy=continue\nOOMPolicy='), ('JobTimeoutSec=9\nJobRunningTimeoutSec=0', 'FailureAction=poweroff\nStartLimitAction=reboot'))):
        u = 'c267-%d' % n; units({u: '[Unit]\n%s\n[Service]\n%s\nExecStart=/bin/true\n' % (top, lines)}); x.append(show(u, names))
    return x
@case
def c268_():
    """JobRunningTimeoutSec=: from when the job begins, not from when it was asked for"""
    units({'c268-a': service('Type=oneshot\nExecStart=/bin/sleep 1.2'),
        'c268-b': '[Unit]\nAfter=c268-a.service\nRequires=c268-a.service\nJobRunningTimeoutSec=1\n' + service('Type=oneshot\nRemainAfterExit=yes\nExecStart=/opt/conf/bin/say c268 b'),
        'c268-c': '[Unit]\nJobRunningTimeoutSec=1\n' + service('Type=oneshot\nExecStart=/bin/sh -c "sleep 2.5; echo c >> /run/conf/c268.log"')})
    r = ctl('start', 'c268-b'); x = [('b', int(r[0] != 0), bucket(r[3]))]
    r = ctl('start', 'c268-c'); x.append(('c', int(r[0] != 0), bucket(r[3]), prop('c268-c', 'ActiveState'))); waitlog('c268', 2); ctl('stop', 'c268-b')
    return x + [('log', log('c268'))]
BUS = '/run/dbus/system_bus_socket'
def with_bus():
    """A bus on which root may have names below org.conf."""
    with open('/etc/dbus-1/system.d/conf.conf', 'w') as f: f.write('<busconfig><policy user="root"><allow own_prefix="org.conf"/></policy></busconfig>')
    if CTL == ['systemctl']: ctl('start', 'dbus.socket', 'dbus.service'); sh('systemctl', 'reload', 'dbus.service')
    elif not os.path.exists(BUS):
        if not os.path.isdir('/run/dbus'): os.makedirs('/run/dbus')
        sh('dbus-daemon', '--system', '--fork')
    until(lambda: os.path.exists(BUS)); time.sleep(0.5)
@case
def c270_():
    """Type=dbus: up with the name on the bus, down without it"""
    with_bus(); x = []
    def dbus(words, more='TimeoutStartSec=2'): return service('Type=dbus\nBusName=org.conf.x\n%s\nExecStart=/opt/conf/bin/owns c270 %s\nExecStopPost=/opt/conf/bin/say c270 post' % (more, words))
    for name, text in (('late', dbus('org.conf.x 1')), ('never', dbus('org.conf.y 0')), ('dies', dbus('org.conf.x die')), ('left', dbus('org.conf.x 0', 'RemainAfterExit=yes'))):
        u = 'c270-' + name; units({u: text}); r = ctl('start', u); x.append((name, int(r[0] != 0), bucket(r[3]), show(u, 'ActiveState,SubState,Result,Type,BusName')))
        if name in ('late', 'left'):
            hit(u, signal.SIGUSR1); until(lambda: prop(u, 'SubState') != 'running'); time.sleep(0.5); x.append(show(u))
        ctl('stop', u); ctl('reset-failed', u)
    for n, lines in enumerate(('Type=dbus', 'BusName=org.conf.x', 'BusName=org', 'BusName=org.conf.x\nType=simple', 'BusName=org.%p-x', 'Type=dbus\nBusName=org.a\nBusName=')):
        u = 'c270-%d' % n; units({u: service(lines + '\nExecStart=/bin/true')}); x.append(show(u, 'LoadState,Type,BusName'))
    return x + [('log', log('c270'))]
