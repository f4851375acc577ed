# c205 to c219: when a service is over, what else its end means, and what it is handed over.
import os, time
from words import BIN, UDIR, active, bucket, case, ctl, log, mainpid, prop, show, unit, units, until, waitlog
def service(lines): return '[Service]\n%s\n' % lines
def over(u): return lambda: prop(u, 'ActiveState') in ('inactive', 'failed')
@case
def c205_():
    """ExitType=cgroup: the last process decides, and how the main one ended is not forgotten"""
    x = []
    for name, lines in (
            ('main', 'ExitType=main\nExecStart=/bin/sh -c "(sleep 1.5; /opt/conf/bin/say c205 main-late) & /opt/conf/bin/say c205 main"'),
            ('ok', 'ExitType=cgroup\nExecStart=/bin/sh -c "(sleep 1.5; /opt/conf/bin/say c205 ok-late) & /opt/conf/bin/say c205 ok"'),
            ('bad', 'ExitType=cgroup\nExecStart=/bin/sh -c "(sleep 1.5; /opt/conf/bin/say c205 bad-late) & /opt/conf/bin/say c205 bad; exit 3"'),
            ('alone', 'ExitType=cgroup\nExecStart=/opt/conf/bin/say c205 alone'),
            ('oneshot', 'ExitType=cgroup\nType=oneshot\nExecStart=/opt/conf/bin/say c205 oneshot')):
        u = 'c205-' + name; units({u: service(lines + '\nExecStopPost=/opt/conf/bin/say c205 %s-post' % name)})
        r = ctl('start', u); waitlog('c205', 1); time.sleep(0.7)
        x.append((name, int(r[0] != 0), show(u, 'LoadState,ExitType,ActiveState,SubState,Result'))); until(over(u)); x.append(show(u))
        ctl('reset-failed', u)
    return x + [('log', log('c205'))]
@case
def c206_():
    """ExitType=cgroup: a stop ends all that is left, and Restart= waits for the last"""
    units({'c206-stop': service('ExitType=cgroup\nExecStart=/bin/sh -c "(trap \'echo left-got-TERM >> /run/conf/c206.log; exit 0\' TERM; echo up >> /run/conf/c206.log; while :; do sleep 0.1; done) & sleep 0.3"'),
        'c206-again': service('ExitType=cgroup\nRestart=on-failure\nRestartSec=100ms\nExecStart=/bin/sh -c "echo main >> /run/conf/c206-again.log; (sleep 0.5; echo child >> /run/conf/c206-again.log) & exit 7"')})
    ctl('start', 'c206-stop'); waitlog('c206', 1); until(lambda: mainpid('c206-stop') == 0); x = [('left', show('c206-stop'))]
    ctl('stop', 'c206-stop'); x += [('log', log('c206')), ('stopped', show('c206-stop'))]
    ctl('start', 'c206-again'); waitlog('c206-again', 3); ctl('stop', 'c206-again'); return x + [('again', log('c206-again')[:3])]
@case
def c207_():
    """OOMPolicy=, FailureAction= and their kin, JobRunningTimeoutSec= as they are shown"""
    x = []; names = 'OOMPolicy,ExitType,FailureAction,SuccessAction,StartLimitAction,JobTimeoutAction,JobTimeoutUSec,JobRunningTimeoutUSec'
    for n, (top, lines) in enumerate((
            ('', ''), ('FailureAction=reboot\nSuccessAction=poweroff-force\nStartLimitAction=exit\nJobTimeoutAction=reboot-immediate', 'OOMPolicy=kill\nExitType=cgroup'),
            ('FailureAction=soft-reboot\nSuccessAction=Reboot\nJobTimeoutSec=5', 'OOMPolicy=never\nExitType=all'),
            ('FailureAction=reboot\nFailureAction=\nJobRunningTimeoutSec=7\nJobTimeoutSec=5', 'OOMPolicy=continue\nOOMPolicy='), ('JobTimeoutSec=9\nJobRunningTimeoutSec=0', 'FailureAction=poweroff\nStartLimitAction=reboot'))):
        u = 'c207-%d' % n; units({u: '[Unit]\n%s\n[Service]\n%s\nExecStart=/bin/true\n' % (top, lines)}); x.append(show(u, names))
    return x
@case
def c208_():
    """JobRunningTimeoutSec=: from when the job begins, not from when it was asked for"""
    units({'c208-a': service('Type=oneshot\nExecStart=/bin/sleep 1.5'),
        'c208-b': '[Unit]\nAfter=c208-a.service\nRequires=c208-a.service\nJobRunningTimeoutSec=1\n' + service('Type=oneshot\nRemainAfterExit=yes\nExecStart=/opt/conf/bin/say c208 b'),
        'c208-c': '[Unit]\nJobRunningTimeoutSec=1\n' + service('Type=oneshot\nExecStart=/bin/sh -c "sleep 2.5; echo c >> /run/conf/c208.log"')})
    r = ctl('start', 'c208-b'); x = [('b', int(r[0] != 0), bucket(r[3]))]
    r = ctl('start', 'c208-c'); x.append(('c', int(r[0] != 0), bucket(r[3]), prop('c208-c', 'ActiveState'))); waitlog('c208', 2); ctl('stop', 'c208-b')
    return x + [('log', log('c208'))]
