# c102 and up: what the kernel keeps of a process, a directive each.
from words import case, ctl, log, show, units
@case
def c102_():
    """IOSchedulingClass= and IOSchedulingPriority=: alone, both, and given up again"""
    x = []
    for n, lines in enumerate(('', 'IOSchedulingClass=idle', 'IOSchedulingPriority=6', 'IOSchedulingClass=best-effort\nIOSchedulingPriority=0',
                               'IOSchedulingClass=3', 'IOSchedulingClass=idle\nIOSchedulingClass=', 'IOSchedulingClass=none', 'IOSchedulingPriority=8')):
        units({'c102-%d' % n: '[Service]\nType=oneshot\n%s\nExecStart=/bin/sh -c "ionice >> /run/conf/c102.log"\n' % lines})
        r = ctl('start', 'c102-%d' % n); x.append((lines, r[0], show('c102-%d' % n, 'IOSchedulingClass,IOSchedulingPriority')))
    return x + [('log', log('c102'))]
