#!/bin/bash
# Checks of what people read: the files that documents and comments name are there, the shipped units say to a real
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

# The same of sources, as comments and documents name them: from the top, from below src/, or by their last parts
# (`judge/glob.rs`); in backquotes a module without its ending, too (`unit/exec`).
modules=$(cd src && ls -d -- */ | tr -d / | paste -sd'|')
said() { git grep -hE '//[/!]? ' -- '*.rs' | grep -oE '//[/!]? .*'; git grep -hE '#' -- '*.sh' '*.toml' tests/all | grep -oE '#.*'; cat "${documents[@]}"; }
sources=$(git ls-files -- '*.rs')
named=$(said | grep -oE "[A-Za-z0-9_./-]*[a-z0-9_]\.rs\b|\b(src|crates)/[A-Za-z0-9_./-]*[a-z0-9_]|\`($modules)/[a-z0-9_/]+\`" | tr -d '`' | sort -u)
for f in $named; do case $f in *.c | *.h | *.go) continue;; esac   # the neighbours' own
    grep -qE "(^|/)${f//./\\.}$" <<< "$sources" || [ -e "$f" ] || [ -e "src/$f" ] || [ -e "src/$f.rs" ] ||
        wrong "'$f' is named and is no source: $(git grep -lF "$f" | head -2 | tr '\n' ' ')"; done
ok "$(echo "$named" | wc -l) names of sources looked at"

# Each decision is in their list, and no two have one number.
for f in docs/decisions/*.md; do f=${f##*/}
    [ "$f" = README.md ] || [ "$(grep -cF "* [$f]($f): " docs/decisions/README.md)" = 1 ] || wrong "docs/decisions/README.md has no line, or several, for '$f'"; done
for f in $(grep -oE '\]\([^)]*\)' docs/decisions/README.md | tr -d '()]'); do [ -e "docs/decisions/$f" ] || wrong "docs/decisions/README.md lists '$f', which is not there"; done
twice=$(cd docs/decisions && ls | grep -oE '^[0-9]+' | sort | uniq -d)
[ -z "$twice" ] || wrong "two decisions have the number $twice"

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
