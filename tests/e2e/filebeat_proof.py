"""Scenarios of filebeat.sh: what an exit code of 0 needs, and alarms that are none, rebuilt from public reports."""

import gzip
import os
import shutil
import socket
import subprocess
import threading
import time

from filebeat_host import (
    CANNOT_TELL, DRAINED, GAVE_UP, LOST, SETTLED, STALLED, Failed,
)

GOOD = (DRAINED, SETTLED)
SCENARIOS = {}


def scenario(name, *kinds, **setup):
    def mark(run):
        run.setup = setup
        if kinds:
            run.kinds = kinds
        SCENARIOS[name] = run
        return run

    return mark


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def waits(drain, seconds, what):
    time.sleep(seconds)
    if drain.poll() is not None:
        raise Failed(f"the drain ended with {drain.returncode}, {what}")


def released(host, drain, seconds=3, what="though the output is blocked"):
    """It waits for an output that is blocked, and is through when that is not any more."""
    waits(drain, seconds, what)
    host.es.set("ack")
    host.finish(drain, DRAINED)


@scenario("another-name", executable="shipper-8.1.3")
def another_name(host):
    """Who holds the lock is the shipper, whatever its executable is called."""
    host.warm()
    host.es.set("block")
    host.write("a.log", 500)
    released(host, host.watch())


@scenario("by-a-link")
def by_a_link(host):
    """The registry is named through a link."""
    host.warm()
    host.es.set("block")
    host.write("a.log", 500)
    (host.dir / "link").symlink_to(host.dir / "data")
    released(host, host.watch(registry=host.dir / "link/registry"))


SLOW = """filebeat.inputs:
- type: log
  paths: ['{dir}/logs/*.log']
  scan_frequency: 45s
"""


@scenario("slow-scan", "log", inputs=SLOW)
def slow_scan(host):
    """A new file is found at the next scan, which comes later than by default."""
    host.warm()
    host.write("new.log", 30)
    host.finish(host.watch(150), DRAINED)


@scenario("lost-and-others", "filestream")
def lost_and_others(host):
    """One file that is lost does not end the wait for the others."""
    host.warm("k.log")
    host.es.set("block")
    host.write("k.log", 300)
    host.write("a.log", 50)
    time.sleep(4)
    drain = host.watch(12)
    time.sleep(1)
    (host.logs / "a.log").unlink()
    waits(drain, 6, "though lines of another file are on their way")
    host.finish(drain, LOST)


@scenario("removed-and-shipped", "filestream")
def removed_and_shipped(host):
    """Lines of a removed file come through: it is not lost for sure."""
    host.warm("k.log")
    host.es.set("block")
    host.write("k.log", 300)
    host.write("a.log", 50)
    time.sleep(4)
    drain = host.watch(100)
    time.sleep(1)
    (host.logs / "a.log").unlink()
    time.sleep(3)
    host.es.set("ack")
    host.finish(drain, DRAINED, CANNOT_TELL)


@scenario("queue-on-disk", queue="queue.disk.max_size: 100MB\n")
def queue_on_disk(host):
    """It acknowledges to the inputs what has not left the host (elastic/beats#16676)."""
    host.write("a.log", 20)
    host.until("the first lines arrive", lambda: host.missing() == 0)
    host.es.set("block")
    host.write("a.log", 500)
    time.sleep(6)
    code, text = host.look()
    if code != CANNOT_TELL or "queue on disk" not in text:
        raise Failed(f"said {code}: {text}")
    drain = host.watch(30)
    waits(drain, 3, "though its queue is not empty")
    host.es.set("ack")
    host.finish(drain, DRAINED)


RELOAD = "filebeat.config.inputs: {path: '{dir}/inputs.d/*.yml', reload.enabled: true, reload.period: 2s}\n"


@scenario("reloaded", "log", inputs=RELOAD)
def reloaded(host):
    """An input comes while the drain waits, and the shipper takes it up."""
    folder = host.dir / "inputs.d"
    folder.mkdir()
    (folder / "a.yml").write_text(host.fill("- type: log\n  paths: ['{dir}/logs/*.log']\n  scan_frequency: 1s\n"))
    host.write("a.log", 20)
    host.until("the first lines arrive", lambda: host.missing() == 0)
    host.es.set("block")
    host.write("a.log", 300)
    drain = host.watch()
    time.sleep(2)
    other = "- type: filestream\n  id: b\n  paths: ['{dir}/logs/*.txt']\n  prospector.scanner.check_interval: 15s\n"
    (folder / "b.yml").write_text(host.fill(other))
    time.sleep(5)
    host.write("n.txt", 40)
    host.es.set("ack")
    host.finish(drain, DRAINED)


@scenario("taken-away", "log", inputs="filebeat.config.inputs: {path: '{dir}/inputs.d/*.yml'}\n")
def taken_away(host):
    """An input whose file is taken away goes on until the shipper is started anew, and nothing that is left is newer."""
    folder = host.dir / "inputs.d"
    folder.mkdir()
    for name, ending in (("a", "log"), ("b", "txt")):
        text = f"- type: log\n  paths: ['{{dir}}/logs/*.{ending}']\n  scan_frequency: 4s\n"
        (folder / f"{name}.yml").write_text(host.fill(text))
    host.stop()
    host.run()
    host.write("b.txt", 20)
    host.warm()
    host.until("nothing is in doubt", lambda: host.look()[0] == DRAINED)
    time.sleep(2.5)
    (folder / "b.yml").rename(folder / "b.yml.off")
    host.write("new.txt", 20)
    code, text = host.look()
    if code != CANNOT_TELL or f"'{folder}'; restart the shipper" not in text:
        raise Failed(f"said {code}: {text}")
    host.until("the input that was taken away ships a new file", lambda: host.missing() == 0)
    host.stop()
    host.run()
    host.until("a restart has cleared the doubt", lambda: host.look()[0] == DRAINED)


WORDS = [
    "-E", "filebeat.inputs.1.type=log", "-E", "filebeat.inputs.1.paths.0={dir}/logs/*.txt",
    "-E", "filebeat.inputs.1.scan_frequency=10s",
]


@scenario("by-words", "log", words=WORDS)
def by_words(host):
    """An input that the command line names."""
    host.warm()
    host.write("new.txt", 30)
    host.look()
    host.finish(host.watch(), DRAINED)


@scenario("elsewhere", "log")
def elsewhere(host):
    """It lives in another mount namespace, where its paths lead to other folders."""
    host.warm()
    host.stop()
    for name in ("other-data", "other-logs"):
        (host.dir / name).mkdir()
    host.es.set("block")
    with open(host.dir / "other-logs/c.log", "w") as file:
        for number in range(600):
            host.written.append(f"line {number} of a container")
            file.write(host.written[-1] + "\n")
    binds = f"mount --make-rprivate / && mount --bind {host.dir}/other-data {host.dir}/data && " \
        f"mount --bind {host.dir}/other-logs {host.dir}/logs && exec \"$@\""
    host.run("unshare", "-m", "sh", "-c", binds, "sh")
    time.sleep(4)
    code, text = host.look()
    if code not in (CANNOT_TELL, GAVE_UP):
        raise Failed(f"said {code}: {text}")


@scenario("in-a-container", "log")
def in_a_container(host):
    """The host has no such folder as its registry lies in: it is found, and judged, by its process."""
    host.stop()
    (host.dir / "inside").mkdir()
    mounts = f"mount --make-rprivate / && mount -t tmpfs none {host.dir}/inside && exec \"$@\""
    host.run("unshare", "-m", "sh", "-c", mounts, "sh", data="inside/data")
    host.write("a.log", 20)
    host.until("the first lines arrive", lambda: host.missing() == 0)
    host.until("it is found to be drained", lambda: host.found()["verdict"] == "drained")
    if host.found()["positions"] != f"{host.dir}/inside/data/registry":
        raise Failed(f"another registry: {host.found()}")
    host.es.set("block")
    host.write("a.log", 300)
    time.sleep(3)
    if host.found()["verdict"] in ("drained", "settled"):
        raise Failed(f"said of {host.missing()} missing lines: {host.found()}")


@scenario("dropped", "log", more="http: {enabled: true, port: {port}}\n".replace("{port}", str(free_port())))
def dropped(host):
    """The output refuses events, and the shipper drops them: that is said."""
    host.es.set("400")
    host.write("a.log", 120)
    host.written.clear()
    host.until("all is dropped", lambda: host.look()[0] == DRAINED)
    _, text = host.look()
    if "refused and dropped 120 events" not in text:
        raise Failed(f"it is not said: {text}")


@scenario("counters-by-a-socket", "log", more='http: {enabled: true, host: "unix://{dir}/stats.sock"}\n')
def counters_by_a_socket(host):
    """The same, with counters that are told on a socket."""
    dropped(host)


CLOSED = """filebeat.inputs:
- type: filestream
  id: one
  paths: ['{dir}/logs/*.log']
  prospector.scanner.check_interval: 1s
  close.reader.after_interval: 4s
"""


@scenario("closed-in-the-middle", "filestream", inputs=CLOSED)
def closed_in_the_middle(host):
    """A reader that was closed in the middle of a file which nobody writes to."""
    host.es.set("ack", 0.3)
    host.write("a.log", 20_000)
    old = time.time() - 900
    os.utime(host.logs / "a.log", (old, old))
    time.sleep(15)
    host.es.set("ack")
    time.sleep(4)
    if not host.missing():
        raise Failed("it was read to its end, which shows nothing")
    host.look()
    host.finish(host.watch(45), GAVE_UP, STALLED)


@scenario("frozen", "log")
def frozen(host):
    """What a log daemon writes after the start is not waited for, and that is said."""
    host.warm()
    daemon = host.dir / "rsyslogd"
    daemon.write_text(f"#!/bin/bash\nexec 3>>{host.logs}/a.log\nfor i in {{1..300}}; do echo \"late $i\" >&3; sleep 0.1; done\n")
    daemon.chmod(0o755)
    host.es.set("block")
    writer = subprocess.Popen([daemon])
    try:
        time.sleep(1)
        drain = host.watch()
        time.sleep(4)
        host.es.set("ack")
        out = host.finish(drain, DRAINED)
        last = subprocess.run([host.asked()[0], "drain", "--last", "--reports", host.reports], capture_output=True, text=True)
        for text in (out, last.stdout):
            if "since the drain began are not waited for" not in text:
                raise Failed(f"it is not said: {text}")
    finally:
        writer.kill()
        writer.wait()


TCP = free_port()
NETWORK = "filebeat.inputs:\n- type: tcp\n  host: '127.0.0.1:{port}'\n- type: log\n  paths: ['{dir}/logs/*.log']\n  scan_frequency: 1s\n"


@scenario("from-the-network", "log", inputs=NETWORK.replace("{port}", str(TCP)))
def from_the_network(host):
    """Lines of an input that reads no files are in the queue."""
    host.write("a.log", 20)
    host.until("the first lines arrive", lambda: host.missing() == 0)
    time.sleep(1)
    host.es.set("block")
    with socket.create_connection(("127.0.0.1", TCP)) as line:
        for number in range(300):
            host.written.append(f"net line {number}")
            line.sendall((host.written[-1] + "\n").encode())
    time.sleep(2)
    code, text = host.look()
    if code != CANNOT_TELL or "tcp" not in text:
        raise Failed(f"said {code}: {text}")


def rename(host, turn):
    (host.logs / "a.log").rename(host.logs / f"a.log.{turn}")


def compress(host, turn):
    """As logrotate does with `delaycompress`: the one before the last."""
    rename(host, turn)
    before = host.logs / f"a.log.{turn - 2}"
    if before.exists():
        with open(before, "rb") as plain, gzip.open(host.dir / f"out/a.{turn}.gz", "wb") as packed:
            shutil.copyfileobj(plain, packed)
        before.unlink()


def copy_and_truncate(host, turn):
    shutil.copy(host.logs / "a.log", host.dir / f"out/a.log.{turn}")
    os.truncate(host.logs / "a.log", 0)


def on_disk(host):
    """The lines that are where the shipper takes them."""
    return {line for file in host.logs.iterdir() for line in file.read_text().split("\n")}


def rotating(rotate):
    """A writer of numbered lines whose file is rotated, and look upon look: where one says 0, no line may be
    missing that is on disk where the shipper takes it, or that comes later all the same."""

    def run(host):
        host.warm()
        lock, over = threading.Lock(), threading.Event()

        def writer():
            for turn in range(1, 8):
                for _ in range(8):
                    with lock:
                        host.write("a.log", 5)
                    time.sleep(0.1)
                # Every second time the shipper is through before it rotates.
                time.sleep(2.5 * (turn % 2))
                with lock:
                    rotate(host, turn)
                    if rotate is not copy_and_truncate:
                        host.write("a.log", 1)
                if rotate is copy_and_truncate:
                    # One look cannot know of a file that has grown past its position before the shipper looks.
                    time.sleep(3)
                    with lock:
                        host.write("a.log", 1)
                time.sleep(2.5)
            over.set()

        thread = threading.Thread(target=writer)
        thread.start()
        claims, looks, unshipped = [], 0, set()
        while not over.is_set():
            with lock:
                before = set(host.written)
            code = subprocess.run(host.asked("--once", "--quiet"), capture_output=True).returncode
            looks += 1
            if code in GOOD:
                with lock:
                    missing = before - host.es.received
                    claims.append(missing)
                    unshipped |= missing & on_disk(host)
        thread.join()
        host.watch().communicate(timeout=120)
        if unshipped:
            raise Failed(f"{len(unshipped)} lines were on disk and missing when a look said 0, as '{min(unshipped)}'")
        late = set().union(*claims) & host.es.received
        if late:
            raise Failed(f"{len(late)} lines came after a look had said 0, as '{min(late)}'")
        if not claims:
            raise Failed(f"none of {looks} looks said 0, which shows nothing")

    return run


for how in (rename, compress, copy_and_truncate):
    scenario("rotating-" + how.__name__.replace("_", "-"))(rotating(how))
