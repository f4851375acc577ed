# c60, c61, c260 to c263: conditions and asserts.
import os, time
from words import C, active, case, ctl, log, prop, show, unit, units, until, waitlog
def tree():
    """What the conditions of files/conditions look at."""
    top = '/opt/conf/tree'
    if os.path.isdir(top): return
    os.makedirs(top + '/empty')
    for name, text, mode in (('text', 'x', 0o644), ('zero', '', 0o644), ('program', '#!/bin/sh\n', 0o755)):
        with open('%s/%s' % (top, name), 'w') as f: f.write(text)
        os.chmod('%s/%s' % (top, name), mode)
    os.symlink('empty', top + '/link-to-empty')
    usr = int(os.lstat('/usr').st_mtime)
    for name, when in (('new', usr + 1000), ('old', usr - 1000)):
        os.mkdir('%s/%s' % (top, name)); mark = '%s/%s/.updated' % (top, name)
        open(mark, 'w').close(); os.utime(mark, (when, when))
def outcomes(tag, blocks):
    """Starts a unit for each block of lines of [Unit]: did it run, was it passed over, did the start fail?"""
    names = ['%s-%d' % (tag, n) for n in range(len(blocks))]
    units(dict((name, '[Unit]\n%s\n[Service]\nType=oneshot\nExecStart=/opt/conf/bin/say %s %s\n' % (block, tag, name))
               for name, block in zip(names, blocks)))
    x = []
    for name, block in zip(names, blocks):
        rc = ctl('start', name)[0]
        what = 'ran' if name in log(tag) else 'passed over' if rc == 0 else 'failed'
        x.append((block.replace('\n', '; '), what))
    return x
def blocks(name):
    return ''.join(l for l in open('/opt/conf/' + name) if not l.startswith('#')).strip().split('\n\n')
@case
def c60_():
    """Each kind of Condition...= and Assert...= that holds and that does not, negated, as a trigger and reset"""
    tree()
    return outcomes('c60', blocks('conditions'))
@case
def c61_():
    """Conditions about the boot, users and the environment; one of them as a trigger beside another"""
    return outcomes('c61', [
        'ConditionFirstBoot=yes', 'ConditionFirstBoot=no', 'ConditionUser=nobody', 'ConditionUser=root', 'ConditionUser=@system', 'ConditionUser=0',
        'ConditionGroup=root', 'ConditionGroup=nogroup', 'ConditionEnvironment=NOSUCH', 'ConditionEnvironment=PATH', 'ConditionEnvironment=!PATH=/',
        'ConditionUser=|nobody\nConditionHost=|elsewhere', 'ConditionUser=|root\nConditionHost=|elsewhere',
        'AssertFirstBoot=yes', 'AssertUser=nobody', 'AssertUser=root', 'AssertGroup=nogroup', 'AssertEnvironment=NOSUCH', 'AssertEnvironment=PATH'])
@case
def c260_():
    """Conditions and asserts about the machine, its kernel and its system, with every operator"""
    tree()
    return outcomes('c260', blocks('machine'))
def restarted(u, check, end='exit 3'):
    """A unit that fails and is restarted, while its check is met the first time only."""
    go = '/opt/conf/%s-go' % u; open(go, 'w').close()
    units({u: '[Unit]\n%s=%s\nOnFailure=%s-failure.service\nOnSuccess=%s-success.service\n[Service]\nRestart=always\nRestartSec=200ms\n'
        'ExecStart=/bin/sh -c "/opt/conf/bin/say %s run; rm -f %s; %s"\nExecStopPost=/opt/conf/bin/say %s post\n' % (check, go, u, u, u, go, end, u),
        u + '-failure': '[Service]\nType=oneshot\nExecStart=/opt/conf/bin/say %s failure\n' % u,
        u + '-success': '[Service]\nType=oneshot\nExecStart=/opt/conf/bin/say %s success\n' % u})
    r = ctl('start', u); waitlog(u, 2); until(lambda: set(log(u)) & {'success', 'failure'}); time.sleep(0.5)
    return [(check, end, r[0]), show(u, 'ActiveState,SubState,Result,NRestarts,ExecMainStatus'), log(u)]
@case
def c261_():
    """A condition that is no longer met at an automatic restart"""
    return restarted('c261-a', 'ConditionPathExists') + restarted('c261-b', 'ConditionPathExists', 'exit 0')
@case
def c262_():
    """An assert that is no longer met at an automatic restart"""
    return restarted('c262', 'AssertPathExists')
@case
def c263_():
    """Starts that a condition leaves, one after the other"""
    units({'c263': '[Unit]\nConditionPathExists=/nosuch\nStartLimitBurst=3\n[Service]\nExecStart=/bin/true\n'})
    rc = [ctl('start', 'c263')[0] for _ in range(5)]; x = [('start_rc', rc), ('then', show('c263'))]
    ctl('reset-failed', 'c263'); return x
