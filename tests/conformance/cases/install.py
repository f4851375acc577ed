# c138: what enable makes of [Install] where it asks for no runlevel, and what these links do.
import os
from words import SLEEP, UDIR, active, case, ctl, unit, units, until
def links():
    """Those of the case below the folder of units: name, text."""
    found = [os.path.join(d, n) for d, below, files in os.walk(UDIR) for n in below + files]
    return sorted((f[len(UDIR) + 1:], os.readlink(f)) for f in found if os.path.islink(f) and 'c138' in f)
def folders(): return sorted(n for n in os.listdir(UDIR) if n.startswith('c138') and n.endswith(('.wants', '.requires')))
def states(*names): return [(n,) + ctl('is-enabled', n)[:2] for n in names]
def listed(): return sorted(l.split()[:2] for l in ctl('list-unit-files', '--no-legend', 'c138*')[1].split('\n') if l)
def change(verb, *names): return (verb + ' ' + ' '.join(names), int(ctl(verb, *names)[0] != 0), links())
def up(*names): return lambda: all(s == 'active' for s in active(*names).values())
@case
def c138_():
    """[Install] with other units than runlevels' targets: links, states, and who is pulled in by which name"""
    def install(lines): return SLEEP + '[Install]\n' + lines
    base = 'c138-base.service'
    units({'c138': install('WantedBy=%s\nAlias=c138-name.service c138.service\nAlso=c138-also.service c138-t@.service\n' % base), 'c138-base': SLEEP,
        'c138-also': install('RequiredBy=%s\n' % base), 'c138-t@': install('DefaultInstance=one\nWantedBy=%s\n' % base),
        'c138-each@': install('WantedBy=c138-set@.target\nAlias=c138-all@.service\n'), 'c138-set@.target': '[Unit]\nDescription=%i\n', 'c138-named': install('Alias=c138-other.service\n'),
        'c138-only': install('Also=c138-named.service\n'), 'c138-set.target': '[Unit]\nDescription=one\n', 'c138-hand': install('WantedBy=c138-set.target\n'),
        # What is not done.
        'c138-no-one@': install('WantedBy=%s\n' % base), 'c138-kind': install('WantedBy=%s\nAlias=c138-kind.target\n' % base),
        'c138-taken': install('WantedBy=%s\nAlias=%s\n' % (base, base)), 'c138-lost': install('WantedBy=%s\nAlso=c138-nowhere.service\n' % base)})
    names = ('c138', 'c138-name', 'c138-also', 'c138-t@', 'c138-t@one', 'c138-t@two', 'c138-base', 'c138-only', 'c138-nowhere')
    x = [states(*names), listed(), change('enable', 'c138'), change('enable', 'c138'), states(*names), listed()]
    # Who is pulled in, and by which name.
    pulled = 'c138', 'c138-also', 'c138-t@one'; r = ctl('start', base); until(up(*pulled)); x.append(('start', r[0], active(base, *pulled)))
    r = ctl('stop', 'c138-also'); until(lambda: active(base)[base] == 'inactive'); x.append(('stop', r[0], active(base, *pulled))); ctl('stop', *pulled)
    r = ctl('start', 'c138-name'); x.append(('by name', r[0], active('c138', 'c138-name')))
    r = ctl('stop', 'c138-name'); x.append(('by name', r[0], active('c138')))
    # By the other name; by a list that has changed.
    x += [change('enable', 'c138-name'), change('disable', 'c138-name'), states('c138'), folders(), change('enable', 'c138')]
    unit('c138', install('RequiredBy=c138-set.target\nAlias=c138-new.service\n')); ctl('daemon-reload'); x.append(change('enable', 'c138')); x.append(change('reenable', 'c138'))
    ctl('start', 'c138-set.target'); until(up('c138')); x.append(active('c138', 'c138-set.target')); ctl('stop', 'c138', 'c138-set.target')
    x += [change('disable', 'c138', 'c138-also'), folders(), states(*[n for n in names if n != 'c138-name']), change('disable', 'c138-t@'), folders()]
    # Templates.
    x += [change('enable', 'c138-t@two'), states('c138-t@', 'c138-t@one', 'c138-t@two'), change('disable', 'c138-t@'), change('enable', 'c138-each@'), states('c138-each@', 'c138-each@a', 'c138-all@a')]
    ctl('start', 'c138-set@a.target'); until(up('c138-each@a')); x.append(active('c138-each@a', 'c138-all@a', 'c138-each@b')); ctl('stop', 'c138-each@a', 'c138-set@a.target')
    x += [change('disable', 'c138-each@'), change('enable', 'c138-each@a')]; ctl('disable', 'c138-each@a')
    # 252 forgets an instance's other name.
    os.path.islink(UDIR + '/c138-all@a.service') and os.unlink(UDIR + '/c138-all@a.service'); x += [links(), folders()]
    # Nothing but names, a link made by hand, and what cannot be.
    x += [change('enable', 'c138-only'), states('c138-only', 'c138-named', 'c138-other'), change('disable', 'c138-only'), states('c138-only', 'c138-named')]
    os.makedirs(UDIR + '/c138-base.service.wants'); os.symlink('../c138-hand.service', UDIR + '/c138-base.service.wants/c138-hand.service'); ctl('daemon-reload')
    x += [states('c138-hand'), change('disable', 'c138-hand'), folders()]
    # 252 leaves half of it where it fails.
    for u in ('c138-no-one@', 'c138-kind', 'c138-taken', 'c138-lost', 'c138-nowhere', 'c138-base'): x += [change('enable', u)[:2], change('disable', u)]
    return x
