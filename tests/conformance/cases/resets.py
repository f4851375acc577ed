# c101: what an empty assignment leaves of a directive. files/resets.tsv is made by tests/directives.rs from the table.
from words import case, ctl, sh, CTL, units
def three(section, name, value, base):
    """Units in which a directive is not set, set, and set and then empty."""
    other = '' if section == 'Service' else '[Service]\n' + base
    own = base if section == 'Service' else ''
    texts = {}
    for n, said in enumerate(('', '%s=%s\n' % (name, value), '%s=%s\n%s=\n' % (name, value, name))):
        texts['c101-%s-%s-%d' % (section.lower(), name.lower(), n)] = '[%s]\n%s%s%s' % (section, own, said, other)
    return texts
def values(names, prop):
    """Of each: what `show` says; of a check whether the unit runs; of [Install] whether it can be enabled."""
    if prop in ('Conditions', 'Asserts'):
        ctl('start', *names)
        prop = 'ActiveState'
    if prop == '': return [sh(*(CTL + ['is-enabled', name]))[1].strip() for name in names]
    blocks = ctl('show', '-p', 'Id', '-p', prop, *names)[1].strip().split('\n\n')
    # A default may be the unit's own name; lists of units come in any order.
    texts = ['\n'.join(l for l in block.split('\n') if not l.startswith('Id=')).replace(name + '.service', '<unit>')
             for name, block in zip(names, blocks)]
    return ['%s=%s' % (prop, ' '.join(sorted(text[len(prop) + 1:].split(' ')))) for text in texts]
@case
def c101_():
    """An empty assignment resets, keeps what was, or leaves something else: each directive of the table"""
    rows = [l.rstrip('\n').split('\t') for l in open('/opt/conf/resets.tsv')]
    texts = {}; all = []
    for section, name, value, prop in rows:
        base = 'ExecStart=/bin/true\n'
        if prop in ('Conditions', 'Asserts'): base += 'Type=oneshot\nRemainAfterExit=yes\n'
        own = three(section, name, value, '' if name == 'ExecStart' else base)
        texts.update(own); all.append(('%s %s' % (section, name), sorted(own), prop))
    units(texts)
    x = []
    for name, own, prop in all:
        unset, value, left = values(own, prop)
        x.append((name, 'untold' if unset == value else 'resets' if left == unset else 'keeps' if left == value else left.split('=', 1)[-1]))
    return x
