#!/bin/bash
# Checks of what people read: the files that the documents name are there, the shipped units say to a real
# systemd what systemd/README.md lists and nothing else, the init scripts are what the generator prints, and
# no text speaks of a machine of its authors.
set -uo pipefail
cd "$(dirname "$0")/.."
bad=0
wrong() { echo "not ok - $*"; bad=1; }
ok() { echo "ok - $*"; }

# 1. Files that documents, comments and scripts name with a path of ours are there.
documents=(README.md CHANGELOG.md CONTRIBUTING.md SECURITY.md docs/*.md docs/decisions/*.md systemd/README.md)
folders='docs|src|crates|tests|systemd|initd|rc-links|benches|fuzz'
named=$({ grep -ohE "\`($folders)/[A-Za-z0-9_./@-]*\`" "${documents[@]}" | tr -d '`'
          grep -ohE "\]\(($folders)/[A-Za-z0-9_./@-]*\)" "${documents[@]}" | tr -d '()]'
          git grep -ohE "\b(docs|tests)/[A-Za-z0-9_./-]*\.(md|sh|rs|py|tsv|svg|dot)\b" -- '*.rs' '*.sh' '*.toml' '*.md' tests/all .ci
        } | sort -u)
for f in $named; do case $f in *NAME* | *AREA*) continue;; esac
    [ -e "$f" ] || [ -e "tests/${f#tests/}" ] || wrong "'$f' is named and is not there: $(git grep -lF "$f" | head -2 | tr '\n' ' ')"; done
ok "$(echo "$named" | wc -l) names of files looked at"

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

# 3. No text speaks of unfinished work, and none of a folder that only its authors have: an absolute path begins with
#    one that a host has (or that a document defines as an example).
leak=$(git grep -nE 'TODO|FIXME' -- . ':!tests/docs.sh' ':!tests/data' | head -5)
[ -z "$leak" ] || wrong "$leak"
known='not|path|bin|boot|dev|etc|home|lab|lib|lib64|mnt|no|nonexistent|opt|proc|root|run|sbin|srv|sys|tmp|usr|var'
foreign=$({ git grep -nhE '/' -- '*.md' '*.sh' '*.toml' systemd initd rc-links tests/all .ci ':!tests/data'
            git grep -nhE '//[/!]? .*/' -- '*.rs' | grep -oE '//.*'; } |
    grep -oE "(^|[ \`'(=:])/[a-z]+/[A-Za-z0-9_.]+" | sed -E 's/^[^/]*//' | grep -vE "^/($known)/" | sort | uniq -c)
[ -z "$foreign" ] || wrong "paths that no host has:
$foreign"

# 4. Shell is well formed.
for f in tests/*.sh tests/e2e/*.sh tests/e2e/hostile/*.sh tests/e2e/amrbox tests/all .ci/run; do bash -n "$f" || wrong "$f"; done
ok "shell scripts parse"
exit $bad
