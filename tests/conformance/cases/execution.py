# c360 and up: scheduling, standard descriptors, terminals, logs, credentials, directories and environment, from inside.
import base64, json, os, pty, re, shutil, socket, subprocess, threading, time
from words import CTL, RUN, UDIR, alive, case, ctl, hit, log, prop, sh, show, unit, units, until, waitlog
def inside(tag, many, script, props, more=''):
    """What a script says in units with these lines, and what `show` says of them."""
    x = []
    for n, lines in enumerate(many):
        u = '%s-%d' % (tag, n)
        units({u: "[Service]\nType=oneshot\n%s\n%sExecStart=/bin/sh -c '{ %s; } >> /run/conf/%s.log 2>&1'\n" % (lines, more, script, u)})
        ctl('start', u); x.append((lines, log(u), show(u), show(u, props)))
    return x
@case
def c360_():
    """CPUSchedulingPolicy=, CPUSchedulingPriority=, CPUSchedulingResetOnFork=: each policy, priorities out of its range, in either order"""
    return inside('c360', ('', 'CPUSchedulingPolicy=batch', 'CPUSchedulingPolicy=idle\nCPUSchedulingPriority=3', 'CPUSchedulingPolicy=other\nCPUSchedulingResetOnFork=yes', 'CPUSchedulingResetOnFork=yes', 'CPUSchedulingPolicy=3',
        'CPUSchedulingPolicy=batch\nCPUSchedulingPolicy=', 'CPUSchedulingPolicy=nonsense', 'CPUSchedulingPriority=0', 'CPUSchedulingPriority=5', 'CPUSchedulingPolicy=batch\nCPUSchedulingPriority=0\nCPUSchedulingPriority='),
        'perl -e "print syscall(145, 0), chr(10)"', 'CPUSchedulingPolicy,CPUSchedulingPriority,CPUSchedulingResetOnFork')
@case
def c361_():
    """The real-time policies: what is shown, and what becomes of the start"""
    x = []
    for n, lines in enumerate(('CPUSchedulingPolicy=fifo', 'CPUSchedulingPolicy=rr\nCPUSchedulingPriority=7', 'CPUSchedulingPolicy=fifo\nCPUSchedulingPriority=100', 'CPUSchedulingPriority=7\nCPUSchedulingPolicy=rr', 'CPUSchedulingPolicy=rr\nCPUSchedulingPriority=7\nCPUSchedulingPolicy=batch', 'CPUSchedulingPolicy=fifo\nCPUSchedulingPriority=')):
        u = 'c361-%d' % n; units({u: '[Service]\nExecStart=/bin/true\n%s\n' % lines}); x.append((lines, show(u, 'CPUSchedulingPolicy,CPUSchedulingPriority')))
    return x
@case
def c362_():
    """CoredumpFilter=: names, numbers, sums, what is none"""
    return inside('c362', ('', 'CoredumpFilter=default private-file-backed', 'CoredumpFilter=elf-headers', 'CoredumpFilter=0x13', 'CoredumpFilter=13 private-dax', 'CoredumpFilter=elf-headers\nCoredumpFilter=shared-huge', 'CoredumpFilter=elf-headers\nCoredumpFilter=',
        'CoredumpFilter=all', 'CoredumpFilter=nonsense', 'CoredumpFilter=elf-headers nonsense'), 'cat /proc/self/coredump_filter', 'CoredumpFilter')
@case
def c363_():
    """Personality=: what uname tells"""
    return inside('c363', ('', 'Personality=x86', 'Personality=x86-64', 'Personality=arm', 'Personality=nonsense', 'Personality=x86\nPersonality=', 'Personality=x86\nLockPersonality=yes'), 'uname -m', 'Personality')
@case
def c364_():
    """TimerSlackNSec=: units of time, infinity, what is none"""
    return inside('c364', ('', 'TimerSlackNSec=1000', 'TimerSlackNSec=2us', 'TimerSlackNSec=1ms 5ns', 'TimerSlackNSec=1.5us', 'TimerSlackNSec=0', 'TimerSlackNSec=infinity', 'TimerSlackNSec=3us\nTimerSlackNSec=', 'TimerSlackNSec=nonsense', 'TimerSlackNSec=7 s'),
        'perl -e "print syscall(157, 30, 0, 0, 0, 0), chr(10)"', 'TimerSlackNSec')
@case
def c365_():
    """StandardInputText= and StandardInputData=: alone, together, with other inputs, reset; escapes and specifiers"""
    return inside('c365', ('StandardInputText=one', 'StandardInputText=one\nStandardInputText=  two\\tthree %n %%', 'StandardInput=data\nStandardInputData=Zm9v\nStandardInputData=YmFy', 'StandardInputText=a\nStandardInputData=Yg==\nStandardInputText=c',
        'StandardInputText=one\nStandardInputText=', 'StandardInput=null\nStandardInputText=one', 'StandardInput=data', 'StandardInput=file:/etc/hostname\nStandardInputText=one', 'StandardInputData=!!', 'StandardInputText=\\q', 'StandardInputText="quoted"', 'StandardInputData=Zm 9v'),
        'cat; readlink /proc/self/fd/0 | sed s/.*deleted.*/data/', 'StandardInput,StandardInputData')
@case
def c366_():
    """Where the standard descriptors lead: what is inherited, from where, and what the control commands get"""
    x = []
    for n, lines in enumerate(('', 'StandardOutput=inherit', 'StandardOutput=inherit\nStandardError=null', 'StandardOutput=null', 'StandardOutput=null\nStandardError=inherit', 'StandardError=journal\nStandardOutput=null', 'StandardInput=file:/etc/hostname\nStandardOutput=inherit',
        'StandardInputText=x\nStandardOutput=inherit', 'StandardInput=socket', 'StandardInput=socket\nStandardOutput=socket', 'StandardOutput=socket', 'StandardInput=null\nStandardOutput=file:/run/conf/c366.out\nStandardError=file:/run/conf/c366.out',
        'StandardOutput=journal\nStandardError=journal', 'StandardOutput=syslog\nStandardError=kmsg', 'StandardOutput=syslog+console', 'StandardOutput=kmsg+console', 'StandardOutput=nonsense', 'StandardInput=nonsense', 'StandardOutput=null\nStandardOutput=')):
        u = 'c366-%d' % n; say = '/opt/conf/bin/streams %s ' % u
        units({u: '[Service]\nType=oneshot\nRemainAfterExit=yes\n%s\nExecStartPre=%spre\nExecStart=%smain\nExecStartPost=%spost\nExecStop=%sstop\n' % (lines, say, say, say, say)})
        ctl('start', u); ctl('stop', u); x.append((lines, log(u), show(u), show(u, 'StandardInput,StandardOutput,StandardError')))
    return x
@case
def c367_():
    """Descriptors that nobody passes: fd, fd:NAME"""
    x = []
    for n, lines in enumerate(('StandardInput=fd:x', 'StandardOutput=fd:x', 'StandardError=fd', 'StandardInput=fd', 'StandardInput=fd:a:b', 'StandardOutput=fd:')):
        u = 'c367-%d' % n; units({u: '[Service]\nType=oneshot\n%s\nExecStart=/opt/conf/bin/say %s ran\n' % (lines, u)})
        r = ctl('start', u); x.append((lines, int(r[0] != 0), log(u), show(u), show(u, 'StandardInput,StandardOutput,StandardError,StandardInputFileDescriptorName,StandardOutputFileDescriptorName,StandardErrorFileDescriptorName')))
    return x
TTY = '''#!/bin/sh
# tty TAG WORD: whose terminal it has
{ echo "$2"; tty | sed s,/dev/pts/.*,terminal,; stat -L -c "%%u %%a" %(path)s; ps -o tty= -p $$ | sed s,pts/.*,controlling,; echo "TERM=${TERM-<unset>}"; stty size < %(path)s; } >> /run/conf/$1.log 2>&1
'''
@case
def c368_():
    """StandardInput=tty and its kin with TTYPath=: controlling terminal, owner, size, TERM, what other commands get"""
    x = []
    for n, lines in enumerate(('StandardInput=tty', 'StandardInput=tty\nUser=nobody\nTTYRows=33\nTTYColumns=111', 'StandardInput=tty-force\nTTYReset=yes', 'StandardInput=tty-fail\nStandardOutput=null', 'StandardOutput=tty', 'StandardInput=null\nTTYVHangup=yes\nTTYVTDisallocate=yes', 'StandardInput=tty\nTTYVHangup=yes')):
        u = 'c368-%d' % n; master, slave = pty.openpty(); path = os.ttyname(slave); open('/opt/conf/bin/' + u, 'w').write(TTY % {'path': path}); os.chmod('/opt/conf/bin/' + u, 0o755)
        say = '/opt/conf/bin/streams %s ' % u; os.chmod(path, 0o620)
        units({u: '[Service]\nType=oneshot\nRemainAfterExit=yes\nTTYPath=%s\n%s\nExecStartPre=%spre\nExecStart=/opt/conf/bin/%s %s main\nExecStart=%smain\nExecStartPost=%spost\n' % (path, lines, say, u, u, say, say)})
        ctl('start', u); ctl('stop', u); s = os.stat(path)
        x.append((lines, log(u), show(u), show(u, 'TTYReset,TTYVHangup,TTYVTDisallocate'), 'after', '%d:%d %o' % (s.st_uid, s.st_gid, s.st_mode & 0o7777)))
        os.close(slave); os.close(master)
    return x
@case
def c369_():
    """A terminal that another session has: tty waits for it, tty-fail does not, tty-force takes it"""
    x = []
    for how in ('tty-fail', 'tty-force', 'tty'):
        u = 'c369-' + how; pid, master = pty.fork()
        if pid == 0: os.execv('/bin/sh', ['sh', '-c', 'trap "" HUP; exec sleep 1000'])
        until(lambda: b'sleep' in open('/proc/%d/cmdline' % pid, 'rb').read()); path = os.ttyname(os.open(os.readlink('/proc/%d/fd/0' % pid), os.O_RDWR | os.O_NOCTTY))
        units({u: '[Service]\nTTYPath=%s\nStandardInput=%s\nStandardOutput=null\nExecStart=/bin/sh -c "echo $$(tty | sed s,/dev/pts/.*,terminal,) >> /run/conf/%s.log; exec sleep 1000"\n' % (path, how, u)})
        ctl('start', u); time.sleep(1); x.append((how, log(u), show(u)))
        os.kill(pid, 9); os.waitpid(pid, 0)
        if how == 'tty': waitlog(u, 1, 4); x.append(('then', log(u)))
        ctl('stop', u); os.close(master)
    return x
class Told(threading.Thread):
    """What syslog is told of a unit: by journald, whom 252 tells; by amr at /dev/log."""
    def __init__(self, u):
        threading.Thread.__init__(self); self.u = u; self.got = []; self.own = None; self.daemon = True
        if CTL[0] != 'systemctl':
            if os.path.lexists('/dev/log'): os.unlink('/dev/log')
            self.own = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); self.own.bind('/dev/log'); self.start()
        else: self.cursor = sh('journalctl', '-n', '0', '--show-cursor', '--no-pager')[1].split('cursor: ')[1].strip()
    def run(self):
        while True:
            m = self.own.recv(65536)
            if m == b'end': return
            self.got.append(m.decode('utf-8', 'replace'))
    def lines(self):
        """facility, level, identifier, text"""
        time.sleep(.5)
        if self.own:
            self.own.sendto(b'end', '/dev/log'); self.join(5); self.own.close(); os.unlink('/dev/log'); x = []
            for m in self.got:
                f = re.match('<([0-9]+)>([^:[]*)(\\[[0-9]+\\])?: (.*)', m, re.S); x.append((int(f.group(1)) >> 3, int(f.group(1)) & 7, f.group(2), f.group(4)))
            return x
        sh('journalctl', '--sync'); x = []
        for l in sh('journalctl', '--after-cursor', self.cursor, '-u', self.u, '-o', 'json', '--no-pager')[1].splitlines():
            e = json.loads(l)
            if e.get('_TRANSPORT') == 'stdout': x.append((int(e.get('SYSLOG_FACILITY', -1)), int(e['PRIORITY']), e.get('SYSLOG_IDENTIFIER'), e.get('MESSAGE')))
        return x
SPEAK = "printf '%%s\\\\n' plain '<3>bad' '<7>chatter' ' spaced  ' '' '<9>odd' '<3' 'last'"
@case
def c370_():
    """What syslog is told: identifier, facility, level, and whether a line's own mark counts"""
    x = []
    for n, lines in enumerate(('', 'SyslogIdentifier=me', 'SyslogIdentifier=%N-x', 'SyslogFacility=local3\nSyslogLevel=warning', 'SyslogLevelPrefix=no', 'SyslogLevel=debug\nSyslogLevelPrefix=no\nSyslogFacility=authpriv', 'SyslogFacility=nonsense\nSyslogLevel=nonsense\nSyslogIdentifier=a\nSyslogIdentifier=', 'SyslogLevel=3', 'SyslogFacility=4')):
        u = 'c370-%d' % n; told = Told(u)
        units({u: '[Service]\nType=oneshot\nStandardOutput=syslog\n%s\nExecStart=/bin/sh -c "%s"\n' % (lines, SPEAK)})
        ctl('start', u); x.append((lines, told.lines(), show(u), show(u, 'StandardOutput,SyslogIdentifier,SyslogFacility,SyslogLevel,SyslogLevelPrefix,SyslogPriority,LogLevelMax')))
    return x
@case
def c371_():
    """LogLevelMax= and the rate limit: what is shown"""
    x = []
    for n, lines in enumerate(('LogLevelMax=err', 'LogLevelMax=7', 'LogLevelMax=nonsense', 'LogLevelMax=err\nLogLevelMax=', 'LogRateLimitIntervalSec=1h\nLogRateLimitBurst=3', 'LogRateLimitBurst=x\nLogRateLimitIntervalSec=y', 'LogRateLimitIntervalSec=90\nLogRateLimitBurst=7', 'LogRateLimitIntervalSec=infinity')):
        u = 'c371-%d' % n; units({u: '[Service]\nType=oneshot\n%s\nExecStart=/bin/true\n' % lines}); x.append((lines, show(u, 'LogLevelMax,LogRateLimitIntervalUSec,LogRateLimitBurst')))
    return x
CRED = '''#!/bin/sh
# credentials TAG WORD: the folder of credentials, from inside
{ echo "$2 ${CREDENTIALS_DIRECTORY-<unset>}"; [ -n "$CREDENTIALS_DIRECTORY" ] && {
for d in $CREDENTIALS_DIRECTORY; do for f in $d/*; do [ -e "$f" ] && echo "$(basename $f)=$(od -An -c $f | tr -d '\\n ')"; done; done
touch $CREDENTIALS_DIRECTORY/x 2>/dev/null && echo can write; grep -c " $CREDENTIALS_DIRECTORY " /proc/mounts; }; echo arg $3; } >> /run/conf/$1.log 2>&1
'''
def credentials(tag, many, command=''):
    open('/opt/conf/bin/credentials', 'w').write(CRED); os.chmod('/opt/conf/bin/credentials', 0o755); x = []
    for n, lines in enumerate(many):
        u = '%s-%d' % (tag, n)
        units({u: '[Service]\nType=oneshot\nRemainAfterExit=yes\n%s\nExecStart=/opt/conf/bin/credentials %s main %%d\n%s' % (lines, u, command.replace('TAG', u))})
        ctl('start', u); d = '/run/credentials/%s.service' % u
        seen = sorted(('%s %o %d' % (os.path.relpath(f, d), os.stat(f).st_mode & 0o7777, os.stat(f).st_uid)) for f in [d] + [d + '/' + f for f in (os.listdir(d) if os.path.isdir(d) else [])] if os.path.exists(f))
        running = show(u); ctl('reload', u); ctl('stop', u)
        x.append((lines, log(u), running, seen, 'left', os.path.exists(d), show(u)))
    return x
def sources():
    for d in ('/opt/conf/cred', '/opt/conf/cred/dir', '/opt/conf/cred/dir/sub', '/etc/credstore', '/run/credstore', '/usr/lib/credstore'):
        if not os.path.isdir(d): os.makedirs(d)
    for f, text in (('/opt/conf/cred/one', 'secret one'), ('/opt/conf/cred/two', 'two\n'), ('/opt/conf/cred/dir/a', 'A'), ('/opt/conf/cred/dir/sub/b', 'B'), ('/etc/credstore/stored', 'of etc'), ('/run/credstore/stored', 'of run'), ('/run/credstore/ran', 'run'), ('/usr/lib/credstore/vendor', 'vendor')):
        with open(f, 'w') as o: o.write(text)
        os.chmod(f, 0o600)
@case
def c372_():
    """LoadCredential=: files, folders, what is missing, where a name alone is looked for; for root and a user"""
    sources()
    return credentials('c372', ('LoadCredential=a:/opt/conf/cred/one', 'User=nobody\nLoadCredential=a:/opt/conf/cred/one\nLoadCredential=b:/opt/conf/cred/two', 'LoadCredential=a:/nonexistent', 'LoadCredential=a:/nonexistent\nSetCredential=a:default', 'LoadCredential=d:/opt/conf/cred/dir', 'LoadCredential=stored',
        'LoadCredential=ran\nLoadCredential=vendor\nLoadCredential=x:stored', 'LoadCredential=missing', 'LoadCredential=a:/opt/conf/cred/one\nLoadCredential=a:/opt/conf/cred/two', 'LoadCredential=a:/opt/conf/cred/one\nLoadCredential=', 'LoadCredential=%N:/opt/conf/cred/one', 'LoadCredential=a:relative/path', 'LoadCredential=a b:/opt/conf/cred/one', 'LoadCredential=a/b:/opt/conf/cred/one'))
@case
def c373_():
    """SetCredential=: escapes, specifiers, the last of a name, beside LoadCredential=, what is none"""
    sources()
    return credentials('c373', ('SetCredential=a:text', 'SetCredential=a:one\\ntwo\\x41\nUser=nobody', 'SetCredential=a:%n', 'SetCredential=%N:x', 'SetCredential=a:1\nSetCredential=a:2\nSetCredential=b:', 'SetCredential=a:1\nLoadCredential=a:/opt/conf/cred/one', 'SetCredential=a:1\nSetCredential=', 'SetCredential=a', 'SetCredential=a/b:1', 'SetCredential=a:x:y', 'SetCredential=a: spaced ', 'SetCredential=a:"q"'))
@case
def c374_():
    """Which commands of a unit see credentials, and what show says of them"""
    sources()
    x = credentials('c374', ('SetCredential=a:1', 'User=nobody\nSetCredential=a:1'), ''.join('%s=/opt/conf/bin/credentials TAG %s\n' % (k, k) for k in ('ExecCondition', 'ExecStartPre', 'ExecStartPost', 'ExecReload', 'ExecStop', 'ExecStopPost')) + 'ExecStartPre=+/opt/conf/bin/credentials TAG plus\n')
    units({'c374-s': '[Service]\nExecStart=/bin/true\nLoadCredential=a:/b\nLoadCredential=c\nSetCredential=d:secret\n'})
    return x + [sorted(l for l in ctl('show', 'c374-s', '-p', p)[1].strip().split('\n')) for p in ('LoadCredential', 'SetCredential')]
def folders(*roots):
    """What lies below, with mode, owner and where links lead."""
    x = []
    for top in roots:
        for d, ds, fs in [(os.path.dirname(top), [], [os.path.basename(top)])] if os.path.lexists(top) else []: pass
        todo = [top]
        while todo:
            p = todo.pop(0)
            if os.path.islink(p): x.append('%s -> %s' % (p, os.readlink(p)))
            elif os.path.lexists(p):
                s = os.lstat(p); x.append('%s %o %d:%d' % (p, s.st_mode & 0o7777, s.st_uid, s.st_gid))
                if os.path.isdir(p): todo += sorted(p + '/' + f for f in os.listdir(p))
    return x
@case
def c375_():
    """Directories with links (a:b): of each kind, nested, several, in the way, for a user; what stays after the stop"""
    x = []; tops = ['%s/c375%s' % (d, e) for d in ('/run', '/var/lib', '/var/cache', '/var/log', '/etc') for e in ('', '-link', '-two')] + ['/run/c375-deep']
    for n, lines in enumerate(('RuntimeDirectory=c375:c375-link', 'StateDirectory=c375:c375-link CacheDirectory', 'StateDirectory=c375:c375-link:x', 'StateDirectory=c375:c375-link c375:c375-two', 'User=nobody\nRuntimeDirectory=c375/a/b:c375-link', 'RuntimeDirectory=c375:c375-deep/in/it',
        'CacheDirectory=c375:c375-link\nCacheDirectoryMode=0700', 'LogsDirectory=c375:c375-link', 'ConfigurationDirectory=c375:c375-link', 'RuntimeDirectory=c375:../x', 'RuntimeDirectory=c375:/abs', 'RuntimeDirectory=c375:', 'RuntimeDirectory=:c375', 'RuntimeDirectory=c375 c375:c375-link')):
        for t in tops:
            if os.path.islink(t): os.unlink(t)
            elif os.path.isdir(t): shutil.rmtree(t)
        u = 'c375-%d' % n; units({u: '[Service]\nType=oneshot\nRemainAfterExit=yes\n%s\nExecStart=/opt/conf/bin/envdump %s RUNTIME_DIRECTORY STATE_DIRECTORY\n' % (lines, u)})
        ctl('start', u); now = folders(*tops); said = show(u, 'Result,RuntimeDirectory,StateDirectory,CacheDirectory'); ctl('stop', u)
        x.append((lines, now, log(u), said, folders(*tops)))
    for t in tops:
        if os.path.islink(t): os.unlink(t)
        elif os.path.isdir(t): shutil.rmtree(t)
    os.makedirs('/var/lib/c375-link'); units({'c375-w': '[Service]\nType=oneshot\nStateDirectory=c375:c375-link\nExecStart=/opt/conf/bin/say c375-w ran\n'})
    ctl('start', 'c375-w'); return x + [('in the way', log('c375-w'), show('c375-w'), folders('/var/lib/c375', '/var/lib/c375-link'))]
@case
def c376_():
    """RuntimeDirectoryPreserve=: over a stop, a restart, an automatic restart"""
    x = []
    for how in ('no', 'restart', 'yes', 'nonsense'):
        u = 'c376-' + how; d = '/run/' + u
        units({u: '[Service]\nRuntimeDirectory=%s\nRuntimeDirectoryPreserve=%s\nRestart=on-failure\nRestartSec=300ms\nExecStart=/bin/sh -c "[ -e %s/f ] && echo kept >> /run/conf/%s.log || echo new >> /run/conf/%s.log; touch %s/f; exec sleep 1000"\n' % (u, how, d, u, u, d)})
        ctl('start', u); waitlog(u, 1); ctl('restart', u); waitlog(u, 2); hit(u, 9); waitlog(u, 3, 3); ctl('stop', u)
        x.append((how, log(u), os.path.exists(d), show(u, 'RuntimeDirectoryPreserve'))); shutil.rmtree(d, True)
    return x
@case
def c377_():
    """Modes and owners of all directories: nested names, several, the umask, a user and its group, what was there before"""
    x = []; tops = ['%s/c377' % d for d in ('/run', '/var/lib', '/var/cache', '/var/log', '/etc')]
    for n, (lines, before) in enumerate((('StateDirectory=c377/a/b', None), ('User=nobody\nStateDirectory=c377/a/b c377/c\nStateDirectoryMode=0750', None), ('User=nobody\nGroup=games\nCacheDirectory=c377\nCacheDirectoryMode=02770', None), ('UMask=0077\nLogsDirectory=c377/x', None),
        ('User=nobody\nConfigurationDirectory=c377/x', None), ('User=nobody\nStateDirectory=c377\nStateDirectoryMode=0700', 0o755), ('StateDirectory=c377', 0o700), ('User=nobody\nRuntimeDirectory=c377/deep\nRuntimeDirectoryMode=0711', 0o755), ('StateDirectory=c377 c377/a', None), ('StateDirectory=/abs', None), ('StateDirectory=../up', None), ('StateDirectory=c377/../x', None), ('StateDirectory=./c377', None))):
        for t in tops: shutil.rmtree(t, True)
        if before is not None:
            for t in tops: os.makedirs(t); os.chmod(t, before); open(t + '/f', 'w').close(); os.chmod(t + '/f', 0o640)
        u = 'c377-%d' % n; units({u: '[Service]\nType=oneshot\nRemainAfterExit=yes\n%s\nExecStart=/opt/conf/bin/envdump %s RUNTIME_DIRECTORY STATE_DIRECTORY CACHE_DIRECTORY LOGS_DIRECTORY CONFIGURATION_DIRECTORY\n' % (lines, u)})
        ctl('start', u); now = folders(*tops); ctl('stop', u); x.append((lines, before, now, log(u), show(u), folders('/run/c377')))
    return x
@case
def c378_():
    """The whole environment of each kind of command: a good run, a failed one, a user's, one with a watchdog"""
    script = "[ \"$1\" = fail ] && { shift; rc=5; }; { echo \"$2:\"; env | sed -e 's/^\\(.*PID\\)=[0-9]*$/\\1=<pid>/' -e 's/^\\(INVOCATION_ID\\|JOURNAL_STREAM\\)=.*/\\1=<some>/' -e 's,^NOTIFY_SOCKET=.*,NOTIFY_SOCKET=<some>,' | grep -v -e ^PWD= -e ^SHLVL= -e ^OLDPWD= -e ^_= -e ^JOURNAL_STREAM= | sort; } >> /run/conf/$1.log; exit ${rc-0}"
    open('/opt/conf/bin/whole-env', 'w').write('#!/bin/sh\n' + script + '\n'); os.chmod('/opt/conf/bin/whole-env', 0o755); x = []
    kinds = ('ExecCondition', 'ExecStartPre', 'ExecStart', 'ExecStartPost', 'ExecReload', 'ExecStop', 'ExecStopPost')
    for n, (lines, fails) in enumerate((('', ''), ('', 'ExecStart'), ('User=nobody\nRuntimeDirectory=c378\nStateDirectory=c378 c378/x\nLogsDirectory=c378\nConfigurationDirectory=c378\nCacheDirectory=c378', ''), ('NotifyAccess=all\nWatchdogSec=1h\nPIDFile=/run/c378.pid', ''), ('Environment=A=1 B=2\nUnsetEnvironment=B INVOCATION_ID\nPassEnvironment=PATH A NOSUCH', 'ExecStartPre'), ('NotifyAccess=exec', ''), ('NotifyAccess=main', ''), ('Group=games', ''))):
        u = 'c378-%d' % n
        say = lambda k: '%s=/opt/conf/bin/whole-env %s%s %s\n' % (k, 'fail ' if k == fails else '', u, k)
        units({u: '[Service]\nType=oneshot\nRemainAfterExit=yes\n%s\n%s' % (lines, ''.join(map(say, kinds)))})
        ctl('start', u); ctl('reload', u); ctl('stop', u); x.append((lines, fails, log(u), show(u)))
    units({'c378-k': '[Service]\nExecStart=/bin/sleep 1000\n' + ''.join('%s=/opt/conf/bin/whole-env c378-k %s\n' % (k, k) for k in ('ExecStartPost', 'ExecReload', 'ExecStop', 'ExecStopPost'))})
    ctl('start', 'c378-k'); ctl('reload', 'c378-k'); hit('c378-k', 9); waitlog('c378-k', 20, 3); time.sleep(.3); x.append(('killed', log('c378-k'), show('c378-k'))); return x
@case
def c379_():
    """ExecSearchPath=: which program is found, what PATH is, beside Environment= and an environment file; a prefix; what is missing"""
    for d, word in (('/opt/conf/p1', 'one'), ('/opt/conf/p2', 'two')):
        if not os.path.isdir(d): os.makedirs(d)
        open(d + '/c379-prog', 'w').write('#!/bin/sh\necho %s $0 PATH=$PATH >> /run/conf/$1.log\n' % word); os.chmod(d + '/c379-prog', 0o755)
    open('/opt/conf/c379.env', 'w').write('PATH=/of/file:/usr/bin:/bin\n'); x = []
    for n, lines in enumerate(('ExecSearchPath=/opt/conf/p1:/opt/conf/p2:/usr/bin:/bin', 'ExecSearchPath=/opt/conf/p2:/usr/bin\nExecSearchPath=/opt/conf/p1', 'ExecSearchPath=/opt/conf/p2:/bin\nEnvironment=PATH=/mine:/bin', 'ExecSearchPath=/opt/conf/p1:/bin\nEnvironmentFile=/opt/conf/c379.env', 'ExecSearchPath=/nonexistent', 'ExecSearchPath=relative:/opt/conf/p1', 'ExecSearchPath=/opt/conf/p1\nExecSearchPath=', 'ExecSearchPath=/opt/%N/p1:/opt/conf/p1', 'PassEnvironment=PATH\nExecSearchPath=/opt/conf/p1:/bin')):
        u = 'c379-%d' % n; units({u: '[Service]\nType=oneshot\n%s\nExecStart=c379-prog %s\n' % (lines, u)})
        r = ctl('start', u); x.append((lines, int(r[0] != 0), log(u), show(u), show(u, 'ExecSearchPath,PassEnvironment')))
    return x
@case
def c380_():
    """Environment files with specifiers in their names, patterns, and beside PassEnvironment= and UnsetEnvironment="""
    for f, text in (('c380-1', 'A=1\nB=1\n'), ('c380-2', 'A=2\n'), ('c380-3', 'C=3\n')): open('/opt/conf/%s.env' % f, 'w').write(text)
    x = []
    for n, lines in enumerate(('EnvironmentFile=/opt/conf/%p-1.env', 'EnvironmentFile=/opt/conf/c380-*.env', 'EnvironmentFile=/opt/conf/c380-2.env\nEnvironmentFile=/opt/conf/c380-1.env', 'EnvironmentFile=-/opt/conf/nope.env\nEnvironmentFile=/opt/conf/c380-3.env\nEnvironment=C=unit', 'EnvironmentFile=/opt/conf/c380-1.env\nUnsetEnvironment=A=2 B', 'EnvironmentFile=/opt/conf/c380-1.env\nEnvironmentFile=', 'Environment=A=%n "B=two words" C=\nEnvironment=A=', 'PassEnvironment=A/B 1X', 'UnsetEnvironment=1X A=', 'Environment=1X=1 A')):
        u = 'c380-%d' % n; units({u: '[Service]\nType=oneshot\n%s\nExecStart=/opt/conf/bin/envdump %s A B C\n' % (lines.replace('%p-1', 'c380-1') if n else lines.replace('%p', 'c380'), u)})
        ctl('start', u); x.append((lines, log(u), show(u), show(u, 'Environment,EnvironmentFiles,PassEnvironment,UnsetEnvironment').replace('=?', '=')))
    return x
