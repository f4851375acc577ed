# The words in which cases are written: the program under test, the log of a case, what a unit shows.
from __future__ import print_function
import os, re, subprocess, time
CTL = os.environ.get('CONF_SYSTEMCTL', 'systemctl').split()
UDIR = os.environ.get('CONF_UNITDIR', '/etc/systemd/system')
RUN = '/run/conf'
BIN = '/opt/conf/bin/'
# By number: what runs the case and says what it observed. Those of `first` are given the unit of their number.
C = {}
def case(f): C[f.__name__.split('_')[0]] = f; return f
def sh(*a):
    p = subprocess.Popen(list(a), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    o, e = p.communicate()
    return p.returncode, o.decode('utf-8', 'replace'), e.decode('utf-8', 'replace')
def ctl(verb, *a):
    t = time.time(); rc, o, e = sh(*(CTL + [verb] + list(a)))
    return rc, o, e, time.time() - t
def bucket(s):
    for lim in (0.8, 1.8, 2.8, 3.8, 5.8, 9):
        if s < lim: return '<%s' % lim
    return '>=9'
def log(tag):
    try: return [re.sub('[0-9a-f]{32}', '<ID128>', l) for l in open(RUN + '/%s.log' % tag).read().strip().split('\n')]
    except IOError: return []
def show(unit, props='ActiveState,SubState,Result,ExecMainStatus'):
    rc, o, e, _ = ctl('show', unit, *sum([['-p', p] for p in props.split(',')], []))
    d = dict(l.split('=', 1) for l in o.split('\n') if '=' in l)
    return ' '.join('%s=%s' % (p, d.get(p, '?')) for p in props.split(','))
def alive(pid):
    try:
        os.kill(int(pid), 0)
        return open('/proc/%s/stat' % pid).read().split(')')[1].split()[0] != 'Z'
    except Exception: return False
def readpid(f):
    try: return int(open(f).read().strip())
    except Exception: return 0
def mainpid(unit):
    rc, o, e, _ = ctl('show', unit, '-p', 'MainPID'); return int(o.strip().split('=')[1] or 0)
def hit(unit, number):
    """A signal for the main process. Where there is none, 0 would be the group of the whole run."""
    pid = mainpid(unit)
    if pid: os.kill(pid, number)
def waitlog(tag, n, t=5):
    end = time.time() + t
    while time.time() < end and len([x for x in log(tag) if x]) < n: time.sleep(0.05)
def prop(unit, name):
    rc, o, e, _ = ctl('show', unit, '-p', name)
    return o.strip().split('=', 1)[1] if '=' in o else '?'
def active(*units): return dict((u, prop(u, 'ActiveState')) for u in units)
def until(holds, t=5):
    """Waits for a condition; what is observed afterwards says whether it came."""
    end = time.time() + t
    while time.time() < end and not holds(): time.sleep(0.05)
def unit(name, text):
    """Writes a unit file; one is a service that says no kind."""
    path = os.path.join(UDIR, name if '.' in name else name + '.service')
    if not os.path.isdir(os.path.dirname(path)): os.makedirs(os.path.dirname(path))
    with open(path, 'w') as f: f.write(text)
    return path
def units(texts):
    """Writes units, and makes them known."""
    for name in texts: unit(name, texts[name])
    ctl('daemon-reload')
SLEEP = '[Service]\nExecStart=/bin/sleep 1000\n'
