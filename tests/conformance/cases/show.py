# c130 to c136: what show says of a unit, and what daemon-reload and enable do to one that runs.
import os, time
from words import SLEEP, UDIR, active, case, ctl, log, prop, show, unit, units, until
RELATIONS = ('Requires Requisite Wants BindsTo PartOf Upholds RequiredBy RequisiteOf WantedBy BoundBy UpheldBy ConsistsOf Conflicts ConflictedBy Before After '
    'OnSuccess OnSuccessOf OnFailure OnFailureOf PropagatesReloadTo ReloadPropagatedFrom PropagatesStopTo StopPropagatedFrom').split()
KIN = 'Requires Requisite Wants BindsTo PartOf Upholds Conflicts Before OnFailure OnSuccess PropagatesReloadTo ReloadPropagatedFrom PropagatesStopTo StopPropagatedFrom'.split()
# Units of systemd's own are on no other host.
TARGETS = 'sysinit.target', 'basic.target', 'shutdown.target', 'multi-user.target', 'graphical.target'
def relations(u, own):
    said = dict(l.split('=', 1) for l in ctl('show', u, '-p', ','.join(RELATIONS))[1].split('\n') if '=' in l)
    found = [(r, sorted(n for n in said.get(r, '?').split() if n.startswith(own) or n in TARGETS)) for r in RELATIONS]
    return [(r, names) for r, names in found if names]
def later(name, text):
    """Changes a file such that nobody takes it for the old one."""
    path = unit(name, text); at = time.time() + 5; os.utime(path, (at, at))
@case
def c130_():
    """How a unit stands to others: what is written there, what others say of it, what follows by default"""
    files = dict(('c130-' + k.lower(), '[Unit]\n%s=c130-base.service\n%s' % (k, SLEEP)) for k in KIN)
    both = ''.join('%s=c130-its-%s.service\n' % (k, k.lower()) for k in KIN if k not in ('Before', 'Requisite'))
    files['c130-base'] = '[Unit]\n%sAfter=%s\n%s' % (both, ' '.join('c130-%s.service' % k.lower() for k in KIN), SLEEP)
    for k in KIN: files['c130-its-' + k.lower()] = SLEEP
    wants = UDIR + '/multi-user.target.wants'
    if not os.path.isdir(wants): os.makedirs(wants)
    link = wants + '/c130-base.service'
    os.symlink('../c130-base.service', link); units(files)
    x = [(u, relations('c130-%s.service' % u, 'c130')) for u in ['base'] + [p + k.lower() for p in ('', 'its-') for k in KIN]]
    x.append(('multi-user', [(r, n) for r, n in relations('multi-user.target', 'c130-base') if r in ('Wants', 'After', 'RequiredBy')]))
    os.unlink(link); ctl('daemon-reload'); return x
@case
def c131_():
    """Conditions and asserts: whether they were met when a start last looked, and what they leave"""
    units({'c131-skipped': '[Unit]\nConditionPathExists=/nope\nAssertPathExists=/nope\n' + SLEEP, 'c131-refused': '[Unit]\nConditionPathExists=/etc\nAssertPathExists=!/etc\n' + SLEEP,
        'c131-met': '[Unit]\nConditionPathExists=|/nope\nConditionPathExists=|/etc\n' + SLEEP, 'c131-never': SLEEP,
        # What others name stays loaded.
        'c131-holds': '[Unit]\nAfter=c131-skipped.service c131-refused.service c131-met.service c131-never.service\n' + SLEEP})
    all = ['c131-' + u for u in ('skipped', 'refused', 'met', 'never')]; ctl('start', 'c131-holds')
    x = [('start_rc', [int(ctl('start', u)[0] != 0) for u in all[:3]])]
    for u in all:
        x.append((u, show(u, 'ActiveState,Result,ConditionResult,AssertResult'), [bool(prop(u, p)) for p in ('ConditionTimestamp', 'AssertTimestamp')],
            [prop(u, p) != '0' for p in ('ConditionTimestampMonotonic', 'AssertTimestampMonotonic')]))
    ctl('stop', 'c131-met', 'c131-holds'); return x
@case
def c132_():
    """daemon-reload: the watchdog's time is that of the start, whether it is changed or comes"""
    x = []
    for was, now in (('WatchdogSec=1h\n', 'WatchdogSec=200ms\n'), ('', 'WatchdogSec=200ms\n'), ('WatchdogSec=1h\n', '')):
        units({'c132': '[Service]\nExecStart=/bin/sleep 1000\n' + was}); ctl('start', 'c132')
        at = prop('c132', 'WatchdogTimestampMonotonic')
        later('c132', '[Service]\nExecStart=/bin/sleep 1000\n' + now); ctl('daemon-reload'); time.sleep(1)
        x.append((was.strip(), now.strip(), show('c132', 'ActiveState,Result,NRestarts,NeedDaemonReload'), at != '0', prop('c132', 'WatchdogTimestampMonotonic') == at))
        ctl('stop', 'c132'); ctl('reset-failed', 'c132')
    return x
@case
def c133_():
    """daemon-reload after the unit file has gone: what of ExecStop=, ExecStopPost= and KillSignal= counts"""
    units({'c133': '[Service]\nExecStart=/opt/conf/bin/daemon c133\nExecStop=/opt/conf/bin/say c133 stop\nExecStopPost=/opt/conf/bin/say c133 post\n'})
    ctl('start', 'c133'); os.unlink(UDIR + '/c133.service'); x = [('before', prop('c133', 'NeedDaemonReload'))]
    ctl('daemon-reload'); x.append(('then', show('c133', 'ActiveState,LoadState,LoadError')))
    r = ctl('stop', 'c133'); return x + [('stop_rc', r[0]), ('log', sorted(l for l in log('c133') if l in ('stop', 'post')))]
@case
def c134_():
    """enable, disable and reenable have what runs go by its files, unless told not to"""
    some = '[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n'; x = []
    for how in (['enable'], ['disable'], ['reenable'], ['enable', '--no-reload']):
        units({'c134': SLEEP, 'c134-some': some}); ctl('start', 'c134'); later('c134', SLEEP); was = prop('c134', 'NeedDaemonReload')
        r = ctl(how[0], *(how[1:] + ['c134-some'])); x.append((' '.join(how), int(r[0] != 0), was, prop('c134', 'NeedDaemonReload'))); ctl('stop', 'c134')
    ctl('disable', 'c134-some'); return x
@case
def c135_():
    """A job that waits in another command's queue counts from when that command has returned"""
    units({'c135-a': '[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/sh -c "sleep 1; echo a >> /run/conf/c135.log"\n',
        'c135-b': '[Unit]\nRequires=c135-a.service\nAfter=c135-a.service\n[Service]\nExecStartPre=/opt/conf/bin/say c135 b\nExecStart=/bin/sleep 1000\n',
        'c135-c': '[Unit]\nAfter=c135-b.service\n[Service]\nExecStartPre=/opt/conf/bin/say c135 c\nExecStart=/bin/sleep 1000\n'})
    ctl('start', '--no-block', 'c135-b'); r = ctl('start', 'c135-c')
    all = 'c135-a', 'c135-b', 'c135-c'; x = [('start_rc', r[0]), ('log', log('c135')), ('active', active(*all))]; ctl('stop', *all); return x
@case
def c136_():
    """What is no unit, or has no file that can be used"""
    units({'c136-bad': '[Service]\nExecStart=relative\n'}); os.path.lexists(UDIR + '/c136-null.service') or os.symlink('/dev/null', UDIR + '/c136-null.service'); ctl('daemon-reload')
    return [(u, show(u, 'LoadState,LoadError,ActiveState,ConditionResult')) for u in ('c136-none', 'c136-bad', 'c136-null')]
@case
def c264_():
    """WatchdogUSec: before the start, of what runs, after a daemon-reload, and as the service has said"""
    sends = '/usr/bin/python3 -c \'import os,socket,time; s=socket.socket(socket.AF_UNIX,socket.SOCK_DGRAM); s.connect(os.environ["NOTIFY_SOCKET"]); s.send(b"WATCHDOG_USEC=77000000"); time.sleep(1000)\''
    text = '[Service]\nExecStart=/bin/sleep 1000\nWatchdogSec=%s\n'; is_now = lambda u: prop(u, 'WatchdogUSec')
    units({'c264': text % '1h', 'c264-says': '[Service]\nNotifyAccess=all\nWatchdogSec=1h\nExecStart=%s\n' % sends})
    x = [('before', is_now('c264'))]; ctl('start', 'c264', 'c264-says'); x.append(('runs', is_now('c264')))
    later('c264', text % '2h'); ctl('daemon-reload'); x.append(('reloaded', is_now('c264')))
    until(lambda: is_now('c264-says') != '1h'); x.append(('said', is_now('c264-says')))
    ctl('stop', 'c264', 'c264-says'); return x + [('stopped', is_now('c264'), is_now('c264-says'))]
