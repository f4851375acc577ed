# c62 to c69, c137: what a unit does to others: starts, stops, reloads and failures that go from one to another.
import os, time
from words import SLEEP, active, case, ctl, hit, log, mainpid, prop, show, unit, units, until, waitlog
def needs(lines): return '[Unit]\n%s\n%s' % (lines, SLEEP)
def gone(u): return lambda: prop(u, 'ActiveState') in ('inactive', 'failed')
def end(u):
    """Its main process dies."""
    hit(u, 9); until(gone(u))
@case
def c62_():
    """BindsTo= and its old name follow a unit that dies; Requires= and its old kin only one that is stopped"""
    units({'c62-base': SLEEP,
        'c62-binds': needs('BindsTo=c62-base.service\nAfter=c62-base.service'),
        'c62-bind': needs('BindTo=c62-base.service\nAfter=c62-base.service'),
        'c62-requires': needs('Requires=c62-base.service\nAfter=c62-base.service'),
        'c62-over': needs('RequiresOverridable=c62-base.service\nAfter=c62-base.service')})
    all = 'c62-base', 'c62-binds', 'c62-bind', 'c62-requires', 'c62-over'
    ctl('start', *all[1:]); x = [('started', active(*all))]
    end('c62-base'); until(gone('c62-binds')); until(gone('c62-bind')); time.sleep(.3); x.append(('base_died', active(*all)))
    ctl('start', *all[1:]); ctl('stop', 'c62-base'); x.append(('base_stopped', active(*all)))
    return x
@case
def c63_():
    """Requisite= and its old kin: fails unless the other is active already"""
    units({'c63-base': SLEEP, 'c63-a': needs('Requisite=c63-base.service\nAfter=c63-base.service'),
        'c63-b': needs('RequisiteOverridable=c63-base.service\nAfter=c63-base.service')})
    all = 'c63-base', 'c63-a', 'c63-b'
    x = [('start_rc', [int(ctl('start', u)[0] != 0) for u in all[1:]]), ('without', active(*all))]
    ctl('start', 'c63-base')
    x += [('start_rc', [int(ctl('start', u)[0] != 0) for u in all[1:]]), ('with', active(*all))]
    ctl('stop', *all); return x
@case
def c64_():
    """PartOf=, PropagatesStopTo= and StopPropagatedFrom=: who is stopped, and restarted, with another"""
    units({'c64-base': needs('PropagatesStopTo=c64-to.service'), 'c64-part': needs('PartOf=c64-base.service'),
        'c64-to': SLEEP, 'c64-from': needs('StopPropagatedFrom=c64-base.service'), 'c64-none': SLEEP})
    all = 'c64-base', 'c64-part', 'c64-to', 'c64-from', 'c64-none'
    ctl('start', *all); x = [('started', active(*all))]
    had = dict((u, mainpid(u)) for u in all); ctl('restart', 'c64-base'); time.sleep(.3)
    x += [('restarted', active(*all)), ('anew', [u for u in all if mainpid(u) not in (0, had[u])])]
    ctl('start', *all); ctl('stop', 'c64-base'); time.sleep(.3); x.append(('stopped', active(*all)))
    ctl('stop', *all); return x
@case
def c65_():
    """PropagatesReloadTo=, ReloadPropagatedFrom= and their old names"""
    def reloads(u, lines): return '[Unit]\n%s\n[Service]\nExecStart=/bin/sleep 1000\nExecReload=/opt/conf/bin/say c65 %s\n' % (lines, u)
    units({'c65-base': reloads('base', 'PropagatesReloadTo=c65-a.service c65-down.service\nPropagateReloadTo=c65-b.service'),
        'c65-a': reloads('a', ''), 'c65-b': reloads('b', ''), 'c65-c': reloads('c', 'ReloadPropagatedFrom=c65-base.service'),
        'c65-d': reloads('d', 'PropagateReloadFrom=c65-base.service'), 'c65-down': reloads('down', ''), 'c65-none': reloads('none', '')})
    all = ['c65-' + u for u in ('base', 'a', 'b', 'c', 'd', 'none')]
    ctl('start', *all); r = ctl('reload', 'c65-base')
    waitlog('c65', 5); x = [('reload_rc', r[0]), ('reloaded', sorted(log('c65')))]
    ctl('stop', *all); return x
@case
def c66_():
    """OnFailure= and OnSuccess=: who is started at which end, a stop by hand included"""
    def ends(command): return '[Unit]\nOnFailure=c66-failed@%%n.service\nOnSuccess=c66-done@%%n.service\n[Service]\nExecStart=%s\n' % command
    units({'c66-failed@': '[Service]\nType=oneshot\nExecStart=/opt/conf/bin/say c66 "failed %i"\n',
        'c66-done@': '[Service]\nType=oneshot\nExecStart=/opt/conf/bin/say c66 "done %i"\n',
        'c66-bad': ends('/bin/false'), 'c66-good': ends('/bin/true'), 'c66-stopped': ends('/bin/sleep 1000'), 'c66-killed': ends('/bin/sleep 1000')})
    ctl('start', 'c66-bad', 'c66-good', 'c66-stopped', 'c66-killed'); ctl('stop', 'c66-stopped')
    hit('c66-killed', 9); waitlog('c66', 4); time.sleep(.3)
    return [('started', sorted(log('c66')))]
@case
def c67_():
    """RefuseManualStart= and RefuseManualStop=: by hand and as what another unit needs"""
    units({'c67-start': '[Unit]\nRefuseManualStart=yes\n' + SLEEP, 'c67-stop': '[Unit]\nRefuseManualStop=yes\nPartOf=c67-user.service\n' + SLEEP,
        'c67-user': needs('Wants=c67-start.service')})
    all = 'c67-start', 'c67-stop', 'c67-user'
    x = [('start_rc', [int(ctl('start', u)[0] != 0) for u in all[:2]]), ('by_hand', active(*all))]
    ctl('start', 'c67-user'); x.append(('wanted', active(*all)))
    x += [('stop_rc', int(ctl('stop', 'c67-stop')[0] != 0)), ('by_hand', active(*all))]
    ctl('stop', 'c67-user'); time.sleep(.3); x.append(('with_another', active(*all)))
    ctl('stop', 'c67-start'); return x
@case
def c68_():
    """StopWhenUnneeded=: stops with the last that needs it, whether that was stopped or died"""
    units({'c68-idle': '[Unit]\nStopWhenUnneeded=yes\n' + SLEEP, 'c68-a': needs('Requires=c68-idle.service\nAfter=c68-idle.service'),
        'c68-b': needs('Wants=c68-idle.service')})
    all = 'c68-idle', 'c68-a', 'c68-b'
    ctl('start', 'c68-a', 'c68-b'); x = [('started', active(*all))]
    ctl('stop', 'c68-a'); time.sleep(.5); x.append(('one_left', active(*all)))
    ctl('stop', 'c68-b'); until(gone('c68-idle'), 2); x.append(('none_left', active(*all)))
    ctl('start', 'c68-b'); end('c68-b'); until(gone('c68-idle'), 2); x.append(('the_last_died', active(*all)))
    ctl('stop', *all); return x
@case
def c69_():
    """Upholds=: what is upheld is started, and started again when it is stopped or dies, until its upholder is gone"""
    units({'c69-up': needs('Upholds=c69-held.service'), 'c69-held': SLEEP})
    all = 'c69-up', 'c69-held'
    def held(): return prop('c69-held', 'ActiveState') == 'active'
    ctl('start', 'c69-up'); until(held, 2); x = [('started', active(*all))]
    ctl('stop', 'c69-held'); until(held, 2); x.append(('held_stopped', active(*all)))
    if held(): hit('c69-held', 9); time.sleep(.2); until(held, 2)
    x.append(('held_died', active(*all)))
    ctl('stop', 'c69-up'); ctl('stop', 'c69-held'); time.sleep(.5); x.append(('both_stopped', active(*all)))
    ctl('stop', *all); return x
@case
def c137_():
    """Conflicts= stops the other, from either side, after it where Before= says so; DefaultDependencies=no does without shutdown.target"""
    def says(u, lines): return '[Unit]\n%s\n[Service]\nExecStart=/bin/sleep 1000\nExecStartPost=/opt/conf/bin/say c137 "%s starts"\nExecStopPost=/opt/conf/bin/say c137 "%s stops"\n' % (lines, u, u)
    units({'c137-a': says('a', 'Conflicts=c137-b.service\nBefore=c137-b.service c137-c.service'), 'c137-b': says('b', ''), 'c137-c': says('c', 'Wants=c137-a.service'),
        'c137-no': '[Unit]\nDefaultDependencies=no\n' + SLEEP})
    all = 'c137-a', 'c137-b', 'c137-c'; x = []
    for u in ('b', 'a', 'b', 'c'):
        r = ctl('start', 'c137-' + u); until(lambda: prop('c137-b', 'ActiveState') in ('active', 'inactive')); time.sleep(.3); x.append((u, r[0], active(*all)))
    x.append(('log', log('c137'))); ctl('stop', *all); ctl('start', 'c137-no')
    x += [(u, [v for v in prop(u, p).split() if v == 'shutdown.target']) for u in ('c137-a', 'c137-no') for p in ('Conflicts', 'Before')]
    ctl('stop', 'c137-no'); return x
