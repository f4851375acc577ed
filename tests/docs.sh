#!/bin/bash
# Checks of what people read: the files that the documents name are there, the shipped units say to a real
# systemd what systemd/README.md lists and nothing else, the init scripts are what the generator prints, and
# no text speaks of a machine of its authors.
set -uo pipefail
cd "$(dirname "$0")/.."
bad=0
wrong() { echo "not ok - $*"; bad=1; }
ok() { echo "ok - $*"; }

# 1. Files that documents name in backquotes with a path of ours.
named=$(grep -ohE '`(docs|src|crates|tests|systemd|initd|rc-links|benches)/[A-Za-z0-9_./@-]*`' README.md CHANGELOG.md docs/*.md systemd/README.md rc-links/README.md 2>/dev/null | tr -d '`' | sort -u)
for f in $named; do [ -e "$f" ] || wrong "a document names '$f', which is not there"; done
ok "$(echo "$named" | wc -l) names of files in documents looked at"

# 2. The shipped units under the systemd of this host.
if command -v systemd-analyze >/dev/null; then
    version=$(systemd-analyze --version | awk 'NR==1{print $2}')
    dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT
    cp systemd/*.service "$dir"/
    # the programs themselves are the operator's: they need not be on this host
    sed -i -E 's,^(ExecStart|ExecStop|ExecReload)=/[^ ]*,\1=/bin/true,' "$dir"/*.service
    said=$(SYSTEMD_LOG_TARGET=console systemd-analyze verify "$dir"/*.service 2>&1 | grep -F "$dir" | sed -E "s,^$dir/([a-z0-9-]+)\.service:[0-9]+: ,\1: ," | sort -u)
    listed=$(sed -n '/^systemd 252/,/^systemd 2[0-9][0-9] [^(]/p' systemd/README.md | sed -nE 's/^\| ([a-z0-9, -]+) \| `(.*)` \|.*/\1: \2/p' | while IFS= read -r line; do
        units=${line%%: *}; note=${line#*: }
        for u in ${units//,/ }; do echo "$u: $note"; done
    done | sort -u)
    if [ "$version" = 252 ]; then
        if [ "$said" = "$listed" ]; then ok "systemd 252 says what systemd/README.md lists"
        else wrong "systemd 252 says otherwise than systemd/README.md lists"; diff <(echo "$listed") <(echo "$said"); fi
    else
        echo "# left out: notes of systemd 252 (this host has $version)"
    fi
else
    echo "# left out: notes of systemd (no systemd-analyze here)"
fi

# 3. No text speaks of its authors' machines or of unfinished work.
leak=$(git grep -nE '/work/(main|wt|shared|briefs)|TODO|FIXME' -- . ':!tests/docs.sh' ':!tests/data' | head -5)
[ -z "$leak" ] || wrong "$leak"

# 4. Shell is well formed.
for f in tests/*.sh tests/e2e/*.sh tests/e2e/amrbox tests/all .ci/run; do bash -n "$f" || wrong "$f"; done
ok "shell scripts parse"
exit $bad
