"""A host for the scenarios of filebeat.sh: a folder with logs, a real Filebeat, and where it ships to."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(__file__))
from elasticsearch import StandIn  # noqa: E402

AMR, FILEBEAT = os.path.abspath(sys.argv[1]), sys.argv[2]
DRAINED, SETTLED, CANNOT_TELL, STALLED, GAVE_UP, DEAD, LOST = 0, 10, 11, 12, 13, 14, 15

CONFIG = {
    "log": """
- type: log
  paths: ['{glob}']
  scan_frequency: 1s
  backoff: 1s
  max_backoff: 1s
""",
    "filestream": """
- type: filestream
  id: one
  paths: ['{glob}']
  prospector.scanner.check_interval: 1s
  backoff.init: 1s
  backoff.max: 1s
""",
}


class Failed(Exception):
    pass


MEMORY = "queue.mem: {events: 1024, flush.min_events: 50, flush.timeout: 100ms}\n"


class Host:
    """A folder with logs, a Filebeat that ships them, and the stand-in that it ships them to.

    `inputs` in place of those of the kind, `more` for the end of the configuration, `words` for the command line,
    with `{dir}` for the folder; `queue` in place of one in memory; `executable` for its name.
    """

    def __init__(self, kind, inputs=None, more="", words=(), queue=MEMORY, executable=None):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="amr-filebeat-"))
        self.logs, self.reports = self.dir / "logs", self.dir / "reports"
        for folder in (self.logs, self.reports, self.dir / "out"):
            folder.mkdir()
        self.es = StandIn()
        self.written = []
        self.config = self.dir / "filebeat.yml"
        inputs = inputs or "filebeat.inputs:" + CONFIG[kind].replace("{glob}", f"{self.logs}/*.log*")
        self.config.write_text(
            self.fill(inputs) + "setup.template.enabled: false\nsetup.ilm.enabled: false\n" + queue + self.fill(more)
            + f"output.elasticsearch: {{hosts: ['127.0.0.1:{self.es.port}'], bulk_max_size: 50, backoff.max: 1s}}\n"
        )
        self.config.chmod(0o600)
        self.executable, self.words = FILEBEAT, [self.fill(word) for word in words]
        if executable:
            self.executable = self.dir / executable
            shutil.copy(FILEBEAT, self.executable)
        self.run()

    def fill(self, text):
        return text.replace("{dir}", str(self.dir))

    def run(self, *before, data="data"):
        self.filebeat = subprocess.Popen(
            [*before, self.executable, "-c", self.config, "--path.home", self.dir, "--path.data", self.dir / data,
             "--path.logs", self.dir / "own", *self.words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def stop(self):
        self.filebeat.terminate()
        self.filebeat.wait()

    def close(self):
        self.es.set("ack")
        self.filebeat.kill()
        self.filebeat.wait()
        self.es.server.shutdown()
        shutil.rmtree(self.dir)

    def write(self, name, count, end="\n"):
        with open(self.logs / name, "a") as file:
            for _ in range(count):
                line = f"line {len(self.written)} of {name}"
                self.written.append(line)
                file.write(line + "\n")
            file.write(end.removeprefix("\n"))

    def missing(self):
        return len(set(self.written) - self.es.received)

    def until(self, what, condition, limit=60):
        end = time.monotonic() + limit
        while not condition():
            if time.monotonic() > end:
                raise Failed(f"waited in vain until {what}")
            time.sleep(0.02)

    def warm(self, name="a.log", count=20):
        """The first lines arrive: the shipper knows the file."""
        self.write(name, count)
        self.until("the first lines arrive", lambda: self.missing() == 0)
        self.until("they are acknowledged", lambda: self.once() == DRAINED)

    def amr(self, *options):
        """As an operator asks who names the configuration as well."""
        return self.asked("--config", self.config, *options)

    def asked(self, *options, registry=None):
        registry = registry or self.dir / "data/registry"
        return [AMR, "drain", "filebeat", "--registry", registry, "--reports", self.reports, *options]

    def once(self):
        return subprocess.run(self.amr("--once", "--quiet"), capture_output=True).returncode

    def look(self, *options, registry=None):
        """Code and text of one look at what really runs."""
        done = subprocess.run(self.asked("--once", *options, registry=registry), capture_output=True, text=True)
        code = done.returncode
        if code in (DRAINED, SETTLED) and self.missing():
            raise Failed(f"said {code}, and {self.missing()} lines are missing: {done.stdout}")
        return code, done.stdout + done.stderr

    def found(self):
        """What a look that names no registry says of this Filebeat."""
        looked = subprocess.run([AMR, "drain", "filebeat", "--once", "--json", "--reports", self.reports], capture_output=True)
        shippers = json.loads(looked.stdout)["shippers"]
        own = [shipper for shipper in shippers if self.filebeat.pid in shipper["pids"]]
        if len(own) != 1:
            raise Failed(f"found {len(own)} of it: {shippers}")
        return own[0]

    def start(self, timeout=60, *options):
        """A drain that has taken its first look."""
        return self.wait(self.amr("--timeout", f"{timeout}s", *options))

    def watch(self, timeout=60, *options, registry=None):
        """A drain of what really runs."""
        return self.wait(self.asked("--timeout", f"{timeout}s", *options, registry=registry))

    def wait(self, command):
        drain = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        line = drain.stdout.readline()
        if "waiting" not in line:
            raise Failed(f"amr said {line!r}")
        return drain

    def finish(self, drain, *expected):
        out, _ = drain.communicate(timeout=120)
        code = drain.returncode
        # The promise, whatever was expected.
        if code == DRAINED and self.missing():
            raise Failed(f"said drained, and {self.missing()} lines are missing")
        if code not in expected:
            raise Failed(f"code {code}, not {expected}: {out.strip()}")
        # Not by name: two drains of one second are told apart by their pids, which begin anew at some time.
        newest = max(self.reports.glob('drain-*.json'), key=lambda path: path.stat().st_mtime_ns)
        report = json.loads(newest.read_text())
        if report["code"] != code or report["stage"] != "final":
            raise Failed(f"the report says {report['stage']} {report['code']}, the code is {code}")
        return out
