"""The scenarios of filebeat.sh. One line for each, and the exit code 1 if one failed."""

import concurrent.futures
import os
import signal
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(__file__))
import filebeat_proof  # noqa: E402
from filebeat_host import (  # noqa: E402
    AMR, CANNOT_TELL, CONFIG, DEAD, DRAINED, GAVE_UP, LOST, SETTLED, Failed, Host,
)


def idle(host):
    host.warm()
    begin = time.monotonic()
    host.finish(host.start(), DRAINED)
    if time.monotonic() - begin > 2:
        raise Failed("an idle drain took more than 2 s")


def steady(host):
    host.warm()

    def writer():
        for _ in range(30):
            host.write("a.log", 20)
            time.sleep(0.1)

    thread = threading.Thread(target=writer)
    thread.start()
    # While lines are written the shipper is behind nearly always; where it is not, all of those
    # that were there had arrived.
    while thread.is_alive():
        before = set(host.written)
        if host.once() == DRAINED and not before <= host.es.received:
            raise Failed("said drained while lines were missing")
    host.finish(host.start(), DRAINED)
    thread.join()


def backlog(host):
    host.warm()
    host.es.set("ack", 0.01)
    host.write("a.log", 20_000)
    host.write("b.log", 5_000)
    host.finish(host.start(), DRAINED)


def blocked_then_released(host):
    host.warm()
    host.es.set("block")
    host.write("a.log", 500)
    drain = host.start()
    time.sleep(3)
    if drain.poll() is not None:
        raise Failed("the drain did not wait for a blocked output")
    host.es.set("ack")
    host.finish(drain, DRAINED)


def blocked_to_the_deadline(host):
    host.warm()
    host.es.set("block")
    host.write("a.log", 5_000)
    host.finish(host.start(4), GAVE_UP)


def killed(host):
    host.warm()
    host.es.set("block")
    host.write("a.log", 5_000)
    drain = host.start()
    host.filebeat.kill()
    host.filebeat.wait()
    host.finish(drain, DEAD)


def rotated_inside(host):
    host.warm()
    host.es.set("block")
    host.write("a.log", 3_000)
    drain = host.start()
    (host.logs / "a.log").rename(host.logs / "a.log.1")
    host.write("a.log", 300)
    time.sleep(2)
    host.es.set("ack")
    host.finish(drain, DRAINED)


def rotated_out(host):
    host.warm()
    host.es.set("block")
    host.write("a.log", 3_000)
    drain = host.start(20)
    (host.logs / "a.log").rename(host.dir / "out/a.log")
    time.sleep(2)
    host.es.set("ack")
    host.finish(drain, DRAINED, LOST, GAVE_UP, CANNOT_TELL)


def truncated(host):
    host.warm()
    host.es.set("block")
    host.write("a.log", 3_000)
    drain = host.start(20)
    time.sleep(1)
    os.truncate(host.logs / "a.log", 0)
    time.sleep(1)
    host.es.set("ack")
    host.finish(drain, LOST)


def deleted(host):
    host.warm()
    host.es.set("block")
    host.write("a.log", 3_000)
    drain = host.start(20)
    time.sleep(1)
    (host.logs / "a.log").unlink()
    time.sleep(2)
    host.es.set("ack")
    host.finish(drain, DRAINED, LOST, GAVE_UP, CANNOT_TELL)


def removed_before(host):
    """Lines of a file that is gone when the drain begins are in the shipper's memory alone."""
    host.warm("keep.log")
    host.es.set("block")
    host.write("a.log", 500)
    time.sleep(5)
    (host.logs / "a.log").unlink()
    time.sleep(3)
    code = host.once()
    if code in (DRAINED, SETTLED):
        raise Failed(f"said {code}, and {host.missing()} lines are missing")
    host.finish(host.start(5), CANNOT_TELL, GAVE_UP, LOST)


def changed_after_start(host):
    """What runs has not read the configuration that is there now."""
    host.warm()
    time.sleep(2.5)
    host.config.write_text(host.config.read_text() + "# changed\n")
    asked = [AMR, "drain", "filebeat", "--once", "--quiet", "--registry", host.dir / "data/registry"]
    code = subprocess.run(asked, capture_output=True).returncode
    if code != CANNOT_TELL:
        raise Failed(f"said {code} of a configuration that the process has not read")


def no_newline(host):
    host.warm()
    host.write("a.log", 10, end="\nthe last line is not finished")
    host.finish(host.start(), DRAINED)


def broken(mode):
    def scenario(host):
        host.warm()
        host.es.set(mode)
        host.write("a.log", 500)
        drain = host.start()
        time.sleep(3)
        host.es.set("ack")
        host.finish(drain, DRAINED)

    return scenario


def unit_logs(host):
    """As amr's own unit logs rotate: UNIT.log becomes UNIT.1.log, and the glob still finds it."""
    host.warm("app.log")
    drain = None
    for turn in range(3, 0, -1):
        host.write("app.log", 400)
        if drain is None:
            drain = host.start()
        for number in range(3 - turn, 0, -1):
            (host.logs / f"app.{number}.log").rename(host.logs / f"app.{number + 1}.log")
        (host.logs / "app.log").rename(host.logs / "app.1.log")
        host.write("app.log", 50)
        time.sleep(0.5)
    # It may have been drained between two rotations, with all that was there then.
    drain.communicate(timeout=120)
    host.finish(host.start(), DRAINED)


def terminated(host):
    host.warm()
    host.es.set("block")
    host.write("a.log", 5_000)
    drain = host.start()
    time.sleep(0.5)
    begin = time.monotonic()
    drain.send_signal(signal.SIGTERM)
    out = host.finish(drain, GAVE_UP)
    took = time.monotonic() - begin
    if "gave up" not in out or took > 0.5:
        raise Failed(f"SIGTERM took {took:.2f} s: {out}")


SCENARIOS = {
    "idle": idle, "steady": steady, "backlog": backlog, "blocked-then-released": blocked_then_released,
    "blocked-to-the-deadline": blocked_to_the_deadline, "killed": killed, "rotated-inside": rotated_inside,
    "rotated-out": rotated_out, "truncated": truncated, "deleted": deleted, "no-newline": no_newline,
    "429": broken("429"), "503": broken("503"), "reset": broken("reset"), "unit-logs": unit_logs,
    "terminated": terminated, "removed-before": removed_before, "changed-after-start": changed_after_start,
    **filebeat_proof.SCENARIOS,
}


def run(case):
    name, kind = case
    host = Host(kind, **getattr(SCENARIOS[name], "setup", {}))
    begin = time.monotonic()
    try:
        SCENARIOS[name](host)
        verdict = "ok"
    except (Failed, subprocess.TimeoutExpired) as error:
        verdict = f"FAILED: {error}"
    finally:
        host.close()
    lines = f"{len(host.written)} lines written, {len(host.es.received)} received"
    print(f"{verdict:3} {name} ({kind}): {lines}, {time.monotonic() - begin:.1f} s", flush=True)
    return verdict == "ok"


def main():
    names = sys.argv[3:] or list(SCENARIOS)
    cases = [(name, kind) for name in names for kind in getattr(SCENARIOS[name], "kinds", CONFIG)]
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        results = list(pool.map(run, cases))
    print(f"{sum(results)} of {len(results)} scenarios hold")
    sys.exit(0 if results and all(results) else 1)


main()
