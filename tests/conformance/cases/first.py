# c01 to c59: one unit each (units/), how it starts, runs, stops and what it leaves. README.md has what each shows.
import os, signal, time
from words import C, RUN, alive, bucket, case, ctl, log, mainpid, readpid, show, waitlog
def oneshot(tag, unit=None):
    unit = unit or tag
    rc, o, e, t = ctl('start', unit)
    return [('start_rc', int(rc != 0)), ('props', show(unit)), ('log', log(tag.split('-')[0]))]
@case
def c01_(u):
    r = ctl('start', u); waitlog('c01', 1); p = mainpid(u); a = alive(p)
    x = [('start_rc', r[0]), ('alive', a), ('running', show(u))]
    s = ctl('stop', u); return x + [('stop_rc', s[0]), ('stop_time', bucket(s[3])), ('alive_after', alive(p)), ('log', log('c01')), ('stopped', show(u))]
for k in 'c02 c03 c04 c05 c06 c07 c08 c10 c11 c12 c13 c32 c33 c34 c39 c41 c42 c43 c44 c45 c46 c47 c53 c55 c56 c57 c58'.split():
    C[k] = (lambda tag: lambda u: oneshot(tag, u))(k)
@case
def c09_(u): r = ctl('start', u); time.sleep(.3); return [('start_rc', int(r[0] != 0)), ('props', show(u)), ('log', log('c09'))]
@case
def c14_(u):
    r = ctl('start', u); time.sleep(.3); d = readpid(RUN + '/c14.dpid'); m = mainpid(u)
    x = [('start_rc', r[0]), ('mainpid_is_daemon', m == d and m > 0), ('props', show(u))]
    s = ctl('stop', u); return x + [('execstop_saw_mainpid', log('c14')[:1] == ['MAINPID=[%d]' % d]), ('alive_after', alive(d)), ('log_tail', log('c14')[1:]), ('stopped', show(u))]
@case
def c15_(u):
    r = ctl('start', u); time.sleep(.3); d = readpid(RUN + '/c15.dpid'); m = mainpid(u)
    x = [('start_rc', r[0]), ('mainpid_is_daemon', m == d and m > 0), ('props', show(u))]
    ctl('stop', u); return x + [('alive_after', alive(d)), ('stopped', show(u))]
@case
def c16_(u):
    r = ctl('start', u); d = readpid(RUN + '/c16.dpid')
    return [('start_rc', int(r[0] != 0)), ('time', bucket(r[3])), ('props', show(u)), ('alive_after', alive(d))]
@case
def c17_(u): r = ctl('start', u); time.sleep(.4); return [('start_rc', r[0]), ('props', show(u)), ('log', log('c17'))]
@case
def c18_(u):
    r = ctl('start', u); x = [('start_rc', r[0]), ('props', show(u)), ('log_after_start', log('c18'))]
    ctl('start', u); x.append(('log_after_second_start', log('c18')))
    ctl('stop', u); return x + [('log', log('c18')), ('stopped', show(u))]
@case
def c19_(u):
    r = ctl('start', u); x = [('start_rc', int(r[0] != 0)), ('props', show(u))]; ctl('stop', u); return x + [('log', log('c19')), ('stopped', show(u))]
def fam(tag):
    def f(u):
        r = ctl('start', u); waitlog(tag, 1); time.sleep(.3); ch = readpid(RUN + '/%s.child' % tag); m = mainpid(u)
        s = ctl('stop', u); a = alive(ch)
        x = [('start_rc', r[0]), ('child_known', ch > 0), ('stop_time', bucket(s[3])), ('main_alive', alive(m)), ('child_alive', a), ('log', sorted(log(tag))), ('stopped', show(u))]
        if a: os.kill(ch, signal.SIGKILL)
        return x
    return f
for t in ('c20', 'c21', 'c22'): C[t] = fam(t)
@case
def c23_(u):
    ctl('start', u); waitlog('c23', 1); s = ctl('stop', u); return [('stop_time', bucket(s[3])), ('log', log('c23')), ('stopped', show(u))]
@case
def c24_(u):
    ctl('start', u); waitlog('c24', 1); p = mainpid(u); s = ctl('stop', u); a = alive(p)
    x = [('stop_time', bucket(s[3])), ('still_alive', a), ('log', log('c24')), ('stopped', show(u))]
    if a: os.kill(p, signal.SIGKILL)
    return x
@case
def c25_(u): ctl('start', u); waitlog('c25', 1); ctl('stop', u); return [('log', log('c25')), ('stopped', show(u))]
def settle(tag, wait):
    def f(u):
        ctl('start', u); time.sleep(wait); x = [('runs', len([l for l in log(tag) if l == 'run'])), ('props', show(u))]; ctl('stop', u); return x
    return f
for t, w in (('c26', 4), ('c27', 2), ('c28', 2), ('c29', 3), ('c30', 2), ('c31', 2)): C[t] = settle(t, w)
@case
def c35_(u):
    r = ctl('start', u); return [('start_rc', r[0]), ('time', bucket(r[3])), ('props', show(u, 'ActiveState,SubState,StatusText')), ('log', log('c35')), ('stop', ctl('stop', u)[0])]
@case
def c36_(u): r = ctl('start', u); return [('start_rc', int(r[0] != 0)), ('time', bucket(r[3])), ('props', show(u)), ('log', log('c36'))]
@case
def c37_(u): r = ctl('start', u); time.sleep(3); return [('start_rc', r[0]), ('props', show(u)), ('log', log('c37'))]
@case
def c59_(u):
    ctl('start', u); time.sleep(4); x = [('restarted', len(log('c59')) > 1)]; ctl('stop', u); return x
@case
def c38_(u):
    r = ctl('start', u); ex = os.path.isdir('/run/c38a'); x = [('start_rc', int(r[0] != 0)), ('dir_exists', ex)]
    if ex:
        st = os.stat('/run/c38a'); x.append(('mode_uid', '%o %d' % (st.st_mode & 0o7777, st.st_uid)))
    ctl('stop', u); return x + [('dir_after_stop', os.path.isdir('/run/c38a')), ('log', log('c38'))]
@case
def c40_(u): return oneshot('c40', 'c40-template@a-b\\x2fc.service')
@case
def c48_(u): r = ctl('start', u); time.sleep(2); return [('start_rc', int(r[0] != 0)), ('runs', len(log('c48'))), ('props', show(u, 'LoadState,ActiveState,SubState,Result'))]
@case
def c49_(u):
    ctl('start', u); waitlog('c49', 1); p = mainpid(u); rr = ctl('reload', u); time.sleep(.4); ctl('stop', u)
    return [('reload_rc', rr[0]), ('log', [l.replace(str(p), 'MAINPID') for l in log('c49')]), ('stopped', show(u))]
@case
def c50_(u): ctl('start', u); time.sleep(1); return [('props', show(u)), ('log', log('c50'))]
@case
def c51_(u): ctl('start', u); time.sleep(1); return [('props', show(u)), ('log', log('c51'))]
@case
def c52_(u):
    a, b = 'c52-order-a.service', 'c52-order-b.service'; ctl('start', b); waitlog('c52', 3); ctl('stop', a, b); time.sleep(.3); return [('log', log('c52'))]
@case
def c54_(u): ctl('start', u); s = ctl('stop', u); return [('stop_time', bucket(s[3])), ('log', log('c54')), ('stopped', show(u))]
