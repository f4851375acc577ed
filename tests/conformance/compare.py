#!/usr/bin/env python3
# compare.py RECORDED AMR [SYSTEMD]: what was observed in one run, case by case.
#   A booted systemd does what was recorded of it; AMR_BLESS=1 records it anew.
#   amr does what systemd does, but for the cases that `differs` lists, each with its reason: neither more nor fewer.
import json, os, sys
HERE = os.path.dirname(os.path.abspath(__file__))
read = lambda path: json.load(open(path))
recorded, amr = read(sys.argv[1]), read(sys.argv[2])
number = lambda case: int(case[1:])
def tell(case, said):
    """Where two observations part."""
    for whose, x in said: print('#   %s %s: %s' % (case, whose, json.dumps([y for y in x or [] if any(y not in (z or []) for _, z in said)])))
failed = []
if len(sys.argv) > 3:
    systemd = read(sys.argv[3])
    if os.environ.get('AMR_BLESS'):
        json.dump(systemd, open(sys.argv[1], 'w'), indent=1, sort_keys=True)
        recorded = systemd
    for case in sorted(set(recorded) | set(systemd), key=number):
        if recorded.get(case) != systemd.get(case):
            tell(case, [('recorded', recorded.get(case)), ('systemd', systemd.get(case))])
            failed.append('%s: systemd does not do what was recorded of it' % case)
else: systemd = recorded
listed = dict(line.strip().split(' ', 1) for line in open(HERE + '/differs') if not line.startswith('#'))
for case in sorted(set(systemd) | set(amr) | set(listed), key=number):
    same = systemd.get(case) == amr.get(case)
    if same == (case in listed):
        tell(case, [('systemd', systemd.get(case)), ('amr', amr.get(case))])
        failed.append('%s: amr does as systemd 252; tests/conformance/differs says otherwise' % case if same
                      else '%s: amr does not do as systemd 252' % case)
for line in failed: print('not ok - ' + line)
print('%sok - %d cases, of which %d differ for a known reason' % ('not ' if failed else '', len(systemd), len(listed)))
sys.exit(bool(failed))
