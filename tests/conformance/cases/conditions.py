# c60, c61: conditions and asserts.
import os, time
from words import C, active, case, ctl, log, unit, units
def tree():
    """What the conditions of files/conditions look at."""
    top = '/opt/conf/tree'
    if os.path.isdir(top): return
    os.makedirs(top + '/empty')
    for name, text, mode in (('text', 'x', 0o644), ('zero', '', 0o644), ('program', '#!/bin/sh\n', 0o755)):
        with open('%s/%s' % (top, name), 'w') as f: f.write(text)
        os.chmod('%s/%s' % (top, name), mode)
    os.symlink('empty', top + '/link-to-empty')
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
@case
def c60_():
    """Each kind of Condition...= and Assert...= that holds and that does not, negated, as a trigger and reset"""
    tree()
    text = ''.join(l for l in open('/opt/conf/conditions') if not l.startswith('#'))
    return outcomes('c60', text.strip().split('\n\n'))
@case
def c61_():
    """Conditions about the boot, users and the environment; one of them as a trigger beside another"""
    return outcomes('c61', [
        'ConditionFirstBoot=yes', 'ConditionFirstBoot=no', 'ConditionUser=nobody', 'ConditionUser=root', 'ConditionUser=@system', 'ConditionUser=0',
        'ConditionGroup=root', 'ConditionGroup=nogroup', 'ConditionEnvironment=NOSUCH', 'ConditionEnvironment=PATH', 'ConditionEnvironment=!PATH=/',
        'ConditionUser=|nobody\nConditionHost=|elsewhere', 'ConditionUser=|root\nConditionHost=|elsewhere',
        'AssertFirstBoot=yes', 'AssertUser=nobody', 'AssertUser=root', 'AssertGroup=nogroup', 'AssertEnvironment=NOSUCH', 'AssertEnvironment=PATH'])
