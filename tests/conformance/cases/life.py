# c70 to c83, c103: the life of one service: conditions by command, signals, limits of time, restarts, directories.
import os, time
from words import RUN, active, bucket, case, ctl, log, mainpid, prop, show, unit, units, until, waitlog
def service(lines): return '[Service]\n%s\n' % lines
def over(u): return lambda: prop(u, 'ActiveState') in ('inactive', 'failed')
@case
def c70_():
    """ExecCondition=: 0 runs on, 1 to 254 pass the unit over, 255 and a signal are failures"""
    x = []
    for name, command in (('met', '/bin/true'), ('not', '/bin/false'), ('255', '/bin/sh -c "exit 255"'), ('killed', '/bin/sh -c "kill -9 $$$$"')):
        units({'c70-' + name: service('Type=oneshot\nExecCondition=%s\nExecStart=/opt/conf/bin/say c70 %s\nExecStopPost=/opt/conf/bin/say c70 post-%s' % (command, name, name))})
        r = ctl('start', 'c70-' + name); x.append((name, int(r[0] != 0), show('c70-' + name)))
    return x + [('log', log('c70'))]
@case
def c71_():
    """FinalKillSignal= in the place of SIGKILL when the stop takes too long"""
    units({'c71': service('ExecStart=/opt/conf/bin/signals c71 TERM- USR1\nTimeoutStopSec=1\nFinalKillSignal=SIGUSR1')})
    ctl('start', 'c71'); waitlog('c71', 1); s = ctl('stop', 'c71'); return [('stop_time', bucket(s[3])), ('log', log('c71')), ('stopped', show('c71'))]
@case
def c72_():
    """RestartKillSignal= ends it for a restart, KillSignal= for a stop"""
    units({'c72': service('ExecStart=/opt/conf/bin/signals c72 USR1 USR2\nKillSignal=SIGUSR2\nRestartKillSignal=SIGUSR1')})
    ctl('start', 'c72'); waitlog('c72', 1); ctl('restart', 'c72'); waitlog('c72', 3); ctl('stop', 'c72'); return [('log', log('c72')), ('stopped', show('c72'))]
@case
def c73_():
    """WatchdogSignal= to a service that has stopped to ping"""
    units({'c73': service('ExecStart=/opt/conf/bin/signals c73 USR1 ABRT\nWatchdogSec=1\nWatchdogSignal=SIGUSR1')})
    ctl('start', 'c73'); until(over('c73')); return [('log', log('c73')), ('props', show('c73'))]
@case
def c74_():
    """TimeoutAbortSec= after the watchdog's signal, TimeoutStopSec= only after that of a stop"""
    units({'c74': service('ExecStart=/opt/conf/bin/signals c74 ABRT- TERM-\nWatchdogSec=300ms\nTimeoutAbortSec=1\nTimeoutStopSec=60')})
    t = time.time(); ctl('start', 'c74'); until(over('c74')); return [('time', bucket(time.time() - t)), ('log', log('c74')), ('props', show('c74'))]
@case
def c75_():
    """TimeoutStartFailureMode=: how a start that takes too long is ended"""
    x = []
    for mode in ('terminate', 'abort', 'kill'):
        units({'c75-' + mode: service('Type=notify\nExecStart=/opt/conf/bin/signals c75-%s TERM ABRT\nTimeoutStartSec=1\nTimeoutStartFailureMode=%s' % (mode, mode))})
        ctl('start', 'c75-' + mode); x.append((mode, log('c75-' + mode), show('c75-' + mode)))
    return x
@case
def c76_():
    """TimeoutStopFailureMode=: what follows a stop that takes too long"""
    x = []
    for mode in ('terminate', 'abort', 'kill'):
        units({'c76-' + mode: service('ExecStart=/opt/conf/bin/signals c76-%s TERM- ABRT\nTimeoutStopSec=1\nTimeoutStopFailureMode=%s' % (mode, mode))})
        ctl('start', 'c76-' + mode); waitlog('c76-' + mode, 1); s = ctl('stop', 'c76-' + mode); x.append((mode, bucket(s[3]), log('c76-' + mode), show('c76-' + mode)))
    return x
@case
def c77_():
    """RuntimeMaxSec=: ends a service that has run so long"""
    units({'c77': service('ExecStart=/opt/conf/bin/signals c77 TERM\nRuntimeMaxSec=1')})
    t = time.time(); ctl('start', 'c77'); until(over('c77')); return [('time', bucket(time.time() - t)), ('log', log('c77')), ('props', show('c77'))]
@case
def c78_():
    """RestartForceExitStatus= restarts where Restart= would not, by exit code and by signal"""
    x = []
    for code in ('42', 'SIGUSR1', '43'):
        u = 'c78-%s' % code.lower()
        units({u: service('ExecStart=/opt/conf/bin/flaky %s 1 %s\nRestartForceExitStatus=42 SIGUSR1' % (u, code))})
        ctl('start', u); waitlog(u, 2, 1.5); x.append((code, log(u), show(u))); ctl('stop', u)
    return x
@case
def c79_():
    """StandardInput=file:"""
    with open('/opt/conf/input', 'w') as f: f.write('first line\nsecond line\n')
    units({'c79': service('Type=oneshot\nStandardInput=file:/opt/conf/input\nExecStart=/bin/sh -c "cat >> /run/conf/c79.log"')})
    r = ctl('start', 'c79'); return [('start_rc', r[0]), ('log', log('c79'))]
@case
def c80_():
    """RuntimeDirectoryPreserve=: no, restart, yes"""
    x = []
    for keep in ('no', 'restart', 'yes'):
        u = 'c80-' + keep
        units({u: service('ExecStart=/bin/sleep 1000\nRuntimeDirectory=%s\nRuntimeDirectoryPreserve=%s' % (u, keep))})
        ctl('start', u); until(lambda: os.path.isdir('/run/' + u)); open('/run/%s/mark' % u, 'w').close()
        ctl('restart', u); marked = os.path.exists('/run/%s/mark' % u)
        ctl('stop', u); x.append((keep, 'after a restart', marked, 'after a stop', os.path.isdir('/run/' + u)))
    return x
@case
def c81_():
    """GuessMainPID=no: a forking service without a PID file has no main process"""
    units({'c81': service('Type=forking\nGuessMainPID=no\nExecStart=/opt/conf/bin/forker c81')})
    r = ctl('start', 'c81'); x = [('start_rc', r[0]), ('main', mainpid('c81')), ('props', show('c81'))]
    ctl('stop', 'c81'); return x + [('stopped', show('c81')), ('log', log('c81'))]
@case
def c82_():
    """PermissionsStartOnly=: User= is for ExecStart= alone"""
    units({'c82': service('Type=oneshot\nUser=nobody\nPermissionsStartOnly=yes\nExecStartPre=/opt/conf/bin/ids c82\nExecStart=/opt/conf/bin/ids c82\nExecStartPost=/opt/conf/bin/ids c82\nExecStopPost=/opt/conf/bin/ids c82')})
    open(RUN + '/c82.log', 'w').close(); os.chmod(RUN + '/c82.log', 0o666); ctl('start', 'c82'); return [('log', log('c82')), ('props', show('c82'))]
@case
def c83_():
    """Documentation= and IgnoreOnIsolate= as they are shown"""
    units({'c83': '[Unit]\nDocumentation=man:sleep(1) https://example.org/sleep\nIgnoreOnIsolate=yes\n[Service]\nExecStart=/bin/sleep 1000\n'})
    return [('shown', show('c83', 'Documentation,IgnoreOnIsolate'))]
@case
def c103_():
    """TimeoutSec=: one limit for the start and for the stop"""
    units({'c103-start': service('Type=notify\nExecStart=/opt/conf/bin/signals c103-start TERM\nTimeoutSec=1'),
           'c103-stop': service('ExecStart=/opt/conf/bin/signals c103-stop TERM-\nTimeoutSec=1')})
    s = ctl('start', 'c103-start'); x = [('start', int(s[0] != 0), bucket(s[3]), log('c103-start'), show('c103-start'))]
    ctl('start', 'c103-stop'); waitlog('c103-stop', 1); s = ctl('stop', 'c103-stop')
    return x + [('stop', s[0], bucket(s[3]), log('c103-stop'), show('c103-stop'))]
