#!/usr/bin/env python3
"""Writes .cargo/often.ld: the functions that a status, a start, a supervisor and a stop run through.

Usage: benches/often.py BINARY, a static release binary that still has its symbols:
CARGO_PROFILE_RELEASE_STRIP=none cargo build --release --target x86_64-unknown-linux-musl
Needs valgrind, strace, nm and root; works below a throw-away root. When: docs/decisions/03-static-binary.md.
"""
import ast, bisect, collections, os, pathlib, re, subprocess, sys, tempfile

HEAD = """/* What a status, a start, a supervisor and a stop run through, next to each other: fewer pages to map in each.
   Names without the hashes that differ from build to build; one that is gone is passed over. Made by
   benches/often.py. */
SECTIONS {
    .text.often : {
"""
TAIL = """    }
} INSERT BEFORE .text;
"""
amr = str(pathlib.Path(sys.argv[1]).resolve())
stage = pathlib.Path(tempfile.mkdtemp(prefix="amr-often-"))
root = stage / "root"
for folder in ["etc/init.d", "etc/systemd/system", "run", "var/log", "var/lock/subsys"]:
    (root / folder).mkdir(parents=True)
(root / "etc/os-release").write_text('ID="amzn"\nID_LIKE="rhel fedora"\n')
for name in ["one", "two"]:
    (root / f"etc/systemd/system/{name}.service").write_text("[Service]\nExecStart=/bin/sleep infinity\n")
    (root / f"etc/init.d/{name}").write_text("#!/usr/sbin/amr initd\n# chkconfig: 2345 95 20\n")


def call(name, verb, before=(), check=True):
    script = root / "etc/init.d" / name
    subprocess.run([*before, amr, "initd", script, verb], stdin=subprocess.DEVNULL, timeout=60, check=check,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={"PATH": "/bin:/usr/bin"})


def traced(what):
    return ["valgrind", "-q", "--tool=callgrind", "--dump-instr=yes", f"--callgrind-out-file={stage}/{what}"]


def supervisor():
    """One that is given the plan of `two`, as a command has written it."""
    log = stage / "plan"
    call("two", "start", ["strace", "-s", "100000", "-e", "trace=write", "-o", str(log)])
    call("two", "stop")
    plan = re.search(r'write\(\d+, ("\{\\"unit.*\}"), \d+\)', log.read_text()).group(1)
    (stage / "plan").write_bytes(ast.literal_eval("b" + plan))
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        for number, fd in ((30, os.open(log, os.O_RDONLY)), (31, writer)):
            os.dup2(fd, number)
        os.dup2(30, 3)
        os.dup2(31, 4)
        os.execvpe("valgrind", [*traced("supervise"), amr, "supervise", "--plan-fd", "3"], {"PATH": "/usr/bin:/bin"})
    os.close(writer)
    assert os.read(reader, 100) == b"started\n"
    call("two", "stop")
    os.waitpid(child, 0)


call("one", "start")
call("one", "status", traced("status"))
# It comes as far as the plan: valgrind has no way to start the program anew.
call("two", "start", traced("start"), check=False)
call("two", "start")
call("two", "stop", traced("stop"))
supervisor()
call("one", "stop")

# Every symbol by its address; and which addresses were in how many of the four.
lines = subprocess.run(["nm", "-S", "--defined-only", amr], capture_output=True, text=True, check=True).stdout
rows = [line.split() for line in lines.splitlines()]
symbols = sorted((int(r[0], 16), int(r[1], 16), r[3]) for r in rows if len(r) == 4 and r[2] in "tTwW")
starts = [address for address, _, _ in symbols]
runs, first = collections.Counter(), {}
for number, what in enumerate(["status", "start", "supervise", "stop"]):
    seen = set()
    for line in (stage / what).read_text().splitlines():
        if found := re.match(r"0x([0-9a-f]+) ", line):
            address = int(found.group(1), 16)
            start, size, _ = symbols[bisect.bisect_right(starts, address) - 1]
            if start <= address < start + max(size, 1):
                seen.add(start)
    for start in seen:
        runs[start] += 1
        first.setdefault(start, number)


def pattern(name):
    name = re.sub(r"17h[0-9a-f]{16}E", "17h*E", re.sub(r"\.\d+$", "", name))
    return re.sub(r"Cs[0-9A-Za-z]+_", "Cs*_", name)


# A pattern that brings more of other functions than of these is left out.
bytes_of = collections.defaultdict(dict)
for address, size, name in symbols:
    bytes_of[pattern(name)][address] = size
order = sorted(symbols, key=lambda s: (-runs[s[0]], first.get(s[0], 9), s[0]))
names = dict.fromkeys(pattern(name) for address, _, name in order if runs[address])
useful = lambda all: 2 * sum(s for a, s in all.items() if runs[a]) >= sum(all.values())
kept = [name for name in names if useful(bytes_of[name])]
target = pathlib.Path(__file__).resolve().parent.parent / ".cargo/often.ld"
target.write_text(HEAD + "".join(f"        *(.text.{name})\n" for name in kept) + TAIL)
print(f"{target}: {len(kept)} names")
subprocess.run(["rm", "-rf", stage], check=True)
