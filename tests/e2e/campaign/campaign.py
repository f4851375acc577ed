"""The campaign of lost supervisors and failing calls, inside the lab (campaign.sh is the way in).

Each case: a start, stop or restart of a service, and SIGKILL in the place of one system call of the command, of the
supervisor or of a child before exec; or one such call that fails. Then what is seen must be true, a start must bring
exactly one process, and a stop must leave none."""

import argparse
import itertools
import os
import random
import re
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(__file__))
import errors

AMR = "/usr/sbin/amr"
SCRIPT = "/etc/init.d/web"
UNIT = "/etc/systemd/system/web.service"
LOCK = "/run/lock/subsys/web"
STEADY = "/usr/local/bin/steady"
OPERATIONS = ["start", "stop", "restart"]
TIMES = "TimeoutStartSec=2\nTimeoutStopSec=3\n"
UNITS = {
    "simple": f"ExecStart={STEADY}\n",
    "notify": f"Type=notify\n{TIMES}User=svc\nRuntimeDirectory=web\nExecStartPre=/bin/true\nExecStart={STEADY}\n"
    "ExecStop=/bin/true\n",
    "forking": f"Type=forking\n{TIMES}PIDFile=/run/web-own.pid\nExecStart={STEADY} fork /run/web-own.pid\n",
    "private": f"Type=notify\n{TIMES}User=svc\nPrivateTmp=yes\nRestart=always\nRestartSec=0\nExecStart={STEADY}\n"
    "ExecStopPost=/bin/true\n",
}
TRACKINGS = {"group": "", "kin": "no-cgroup"}
ROLES = {"c": "command", "s": "supervisor", "k": "child"}


def call_names():
    """Number to name, of this machine's kernel."""
    with open("/usr/include/x86_64-linux-gnu/asm/unistd_64.h") as header:
        return {int(n): name for name, n in re.findall(r"#define __NR_(\w+) (\d+)", header.read())}


NAMES = call_names()
NUMBERS = {name: number for number, name in NAMES.items()}


def run(*argv, limit=12):
    """Exit code ('hangs' after the limit) and what was said."""
    try:
        done = subprocess.run(argv, capture_output=True, timeout=limit, stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired:
        return "hangs", ""
    return done.returncode, (done.stdout + done.stderr).decode("utf8", "replace").strip()


def initd(verb):
    return run(AMR, "initd", SCRIPT, verb)


def processes():
    """Those of the service and the supervisors that have not ended."""
    services, supervisors = [], []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/stat") as stat:
                if stat.read().rsplit(")", 1)[1].split()[0] in "ZX":
                    continue
            program = os.readlink(f"/proc/{pid}/exe")
            with open(f"/proc/{pid}/cmdline", "rb") as words:
                second = (words.read().split(b"\0") + [b""])[1]
        except (OSError, IndexError):
            continue
        # In a mount namespace of its own the path begins elsewhere.
        if program.endswith("/steady"):
            services.append(int(pid))
        elif program == AMR and second == b"supervise":
            supervisors.append(int(pid))
    return services, supervisors


def show():
    code, said = run(AMR, "show", "-p", "ActiveState,SubState,MainPID,Result", "web")
    return {"code": code, **dict(line.split("=", 1) for line in said.splitlines() if "=" in line)}


def settled(limit=3.5):
    """What is said once it does not change any more, or at the end of the time."""
    end, last = time.monotonic() + limit, None
    while True:
        now = (show(), processes())
        if now == last and now[0].get("ActiveState") not in ("activating", "deactivating"):
            return now
        if time.monotonic() > end:
            return now
        last = now
        time.sleep(0.02)


def clean():
    """Nothing is left of the unit."""
    for _ in range(50):
        services, supervisors = processes()
        if not services and not supervisors:
            break
        for pid in supervisors + services:
            try:
                os.kill(pid, 9)
            except ProcessLookupError:
                pass
        time.sleep(0.01)
    subprocess.run(
        f"rm -rf /run/amr-supervise {LOCK} /run/web.pid /run/web-own.pid /run/web /var/log/amr-units/*;"
        " find /sys/fs/cgroup -mindepth 1 -depth -type d -name '*web*' -exec rmdir {} + 2>/dev/null",
        shell=True,
    )


class Setting:
    """One operation on one kind of unit."""

    def __init__(self, turn, operation, unit, tracking):
        self.turn, self.operation, self.unit, self.tracking = turn, operation, unit, tracking

    def __str__(self):
        return f"{self.operation} {self.unit} {self.tracking}"

    def enter(self):
        os.environ["AMR_FEATURES"] = TRACKINGS[self.tracking]
        text = f"[Unit]\nStartLimitIntervalSec=0\n[Service]\n{UNITS[self.unit]}"
        if not os.path.exists(UNIT) or open(UNIT).read() != text:
            with open(UNIT, "w") as file:
                file.write(text)

    def before(self):
        """The supervisor that is there before the operation."""
        if self.operation == "start":
            return []
        for _ in range(3):
            code, said = initd("start")
            services, supervisors = processes()
            if code == 0 and len(services) == 1 and len(supervisors) == 1:
                return ["-p", str(supervisors[0])]
            clean()
        sys.exit(f"cannot set up '{self}': {code} {said} {services} {supervisors}")

    def inject(self, fault, *options):
        """Exit code, what was said, and the injector's log."""
        log = "/tmp/inject.log"
        if os.path.exists(log):
            os.unlink(log)
        words = ["/lab/bin/inject", *self.before(), *options, "-l", log, *fault, AMR, "initd", SCRIPT, self.operation]
        code, said = run(*words, limit=40)
        return code, said, open(log).read() if os.path.exists(log) else ""

    def calls(self):
        """The calls of each role in their order: the name, and whether others can see that it was made."""
        self.enter()
        clean()
        _, _, log = self.inject(["count"], "-s", "700")
        clean()
        made = {role: [] for role in ROLES}
        for role, _, nr, effect in (line.split() for line in log.splitlines()):
            if role in made:
                made[role].append((NAMES.get(int(nr), nr), effect == "1"))
        return made

    def cases(self, gaps):
        """All faults of this setting: a kill before the first call and after each that others can see (between two
        of these nothing changes); a failure of the first and the last of the calls with the same name, in which the
        possible errors take turns."""
        for role, calls in self.calls().items():
            after = [n + 2 for n, (_, effect) in enumerate(calls) if effect]
            yield from (Case(self, ["kill", role, str(n)]) for n in [1, *after])
            for turn, name in enumerate(sorted({name for name, _ in calls})):
                wanted = errors.of(name)
                if wanted is None:
                    gaps.add(name)
                for n in sorted({1, sum(name == other for other, _ in calls)}) if wanted else ():
                    word, number = wanted[(turn + n + self.turn) % len(wanted)]
                    yield Case(self, ["fail", role, str(NUMBERS[name]), str(n), str(number)], word)


class Case:
    """One fault."""

    def __init__(self, setting, fault, word=""):
        self.setting, self.fault, self.word = setting, fault, word

    @property
    def kills(self):
        return self.fault[0] == "kill"

    def __str__(self):
        role = ROLES[self.fault[1]]
        if self.kills:
            return f"{self.setting}: kill {role} at {self.fault[2]}"
        return f"{self.setting}: {role}'s {NAMES[int(self.fault[2])]} {self.fault[3]} {self.word}"

    def run(self):
        """Was it hit, and what is wrong afterwards?"""
        self.setting.enter()
        code, said, log = self.setting.inject(self.fault)
        hit = re.search(r"HIT (\d+)", log)
        wrong = list(self.truth(code))
        lived = processes()[0]
        wrong += self.recovery(lived)
        if wrong:
            clean()
            where = f" ({NAMES.get(int(hit[1]))})" if hit and self.kills else ""
            print(f"BAD {self}{where}: code {code}: {'; '.join(wrong)} | {said[-160:]!r}", flush=True)
        return bool(hit), wrong

    def truth(self, code):
        """What is said against what is."""
        seen, (services, supervisors) = settled()
        state, locked = seen.get("ActiveState"), os.path.exists(LOCK)
        self.state = state
        if code in (124, "hangs"):
            yield "HANGS"
        if seen["code"] != 0:
            yield f"SHOW exits with {seen['code']}"
        if len(services) > 1:
            yield f"TWO {services}"
        if state in ("inactive", "failed") and services:
            yield f"ORPHAN {state}, {services} lives"
        if state == "active" and not services:
            yield "LIE active, none lives"
        # Without a supervisor it may be unknown, which is 0.
        known = [*services, *([] if supervisors else [0])]
        if state == "active" and services and int(seen.get("MainPID") or 0) not in known:
            yield f"WRONG PID {seen.get('MainPID')} {services}"
        if state in ("activating", "deactivating"):
            yield f"STUCK {state} {seen.get('SubState')} {services} {supervisors}"
        if code == 0 and self.setting.operation in ("start", "restart") and not services and not self.kills:
            yield "FALSE OK none lives"
        if code == 0 and self.setting.operation == "stop" and services:
            yield f"FALSE OK {services} lives"
        if state == "active" and services and supervisors and not locked:
            yield "NO LOCK"
        if state in ("inactive", "failed") and supervisors and locked:
            yield "LOCK LEFT"

    def recovery(self, lived):
        """A start brings exactly one, which lived before if that was not to be stopped; a stop leaves none."""
        code, said = initd("start")
        seen, (services, supervisors) = settled()
        if code or len(services) != 1 or len(supervisors) != 1 or seen.get("ActiveState") != "active":
            yield f"START {code} {seen.get('ActiveState')} {services} {supervisors} {said[-150:]!r}"
        elif not os.path.exists(LOCK):
            yield "START no lock"
        elif self.setting.operation == "start" and self.state == "active" and len(lived) == 1 and services != lived:
            yield f"KILLED what lived {lived}, now {services}"
        code, said = initd("status")
        if code:
            yield f"STATUS {code} {said[-150:]!r}"
        code, said = initd("stop")
        end = time.monotonic() + 1
        while any(processes()) and time.monotonic() < end:
            time.sleep(0.005)
        services, supervisors = processes()
        if code or services or supervisors or os.path.exists(LOCK):
            yield f"STOP {code} {services} {supervisors} lock {os.path.exists(LOCK)} {said[-150:]!r}"
        code, said = initd("status")
        if code != 3:
            yield f"STATUS after stop {code} {said[-150:]!r}"


class Tally:
    """Counts, by setting and by kind of fault."""

    def __init__(self):
        self.rows = {}

    def add(self, case, hit, wrong):
        row = self.rows.setdefault((str(case.setting), case.kills), [0, 0, 0])
        for i, count in enumerate((True, hit, bool(wrong))):
            row[i] += count

    def print(self):
        print(f"{'setting':30} {'kills':>7} {'hit':>6} {'bad':>5}   {'fails':>7} {'hit':>6} {'bad':>5}")
        for setting in dict.fromkeys(s for s, _ in self.rows):
            kills, fails = (self.rows.get((setting, k), [0, 0, 0]) for k in (True, False))
            print(f"{setting:30} {kills[0]:7} {kills[1]:6} {kills[2]:5}   {fails[0]:7} {fails[1]:6} {fails[2]:5}")
        both = [[sum(row[i] for (_, k), row in self.rows.items() if k == kills) for i in range(3)] for kills in (True, False)]
        print(f"kills: {both[0][1]} of {both[0][0]} hit, {both[0][2]} not recovered; "
              f"failing calls: {both[1][1]} of {both[1][0]} hit, {both[1][2]} not recovered")
        return both[0][2] + both[1][2]


def options():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, help="a random order; else all in order")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="no case begins after this time")
    parser.add_argument("--only", default="", help="a pattern that the case's name matches")
    parser.add_argument("--part", default="1/1", help="I/N: each N-th case from the I-th on")
    parser.add_argument("--setting", default="", help="a pattern that the setting matches")
    return parser.parse_args()


def main():
    wanted, began, gaps, tally = options(), time.monotonic(), set(), Tally()
    os.makedirs(os.path.dirname(LOCK), exist_ok=True)
    subprocess.run(["cp", "/lab/bin/steady", STEADY], check=True)
    subprocess.run("useradd -r -M -d /nonexistent -s /usr/sbin/nologin svc 2>/dev/null", shell=True)
    with open(SCRIPT, "w") as script:
        script.write("#!/usr/sbin/amr initd\n# chkconfig: 2345 90 10\n# description: x\n")
    os.chmod(SCRIPT, 0o755)
    every = itertools.product(OPERATIONS, UNITS, TRACKINGS)
    settings = [Setting(turn, *each) for turn, each in enumerate(every)]
    settings = [s for s in settings if re.search(wanted.setting, str(s))]
    if wanted.seed is not None:
        random.seed(wanted.seed)
        random.shuffle(settings)
    cases = [case for setting in settings for case in setting.cases(gaps) if re.search(wanted.only, str(case))]
    if wanted.seed is not None:
        random.shuffle(cases)
    part, parts = map(int, wanted.part.split("/"))
    cases = cases[part - 1 :: parts]
    print(f"{len(cases)} cases of {len(settings)} settings", flush=True)
    for case in cases:
        if time.monotonic() - began > wanted.seconds:
            break
        tally.add(case, *case.run())
    bad = tally.print()
    if gaps:
        print(f"errors.py says nothing about: {' '.join(sorted(gaps))}")
    clean()
    print(f"{time.monotonic() - began:.0f} s")
    return 1 if bad or gaps else 0


def as_init():
    """As the first process of a host: what nobody waits for is reaped, by another process than the one that asks
    how its own children ended."""
    campaign = os.fork()
    if campaign == 0:
        sys.exit(main())
    while True:
        pid, status = os.wait()
        if pid == campaign:
            sys.exit(os.waitstatus_to_exitcode(status))


as_init()
