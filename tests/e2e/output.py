"""The output of a Filebeat that goes down with its host: a stand-in for Elasticsearch that outlives it.

usage: output.py PORT FOLDER

`FOLDER/mode` says how it answers ("ack 0.1": acknowledge, 0.1 s before each answer; "block"), now and
whenever it changes. Each line that it takes is appended to `FOLDER/received`. SIGTERM ends it.
"""

import os
import signal
import sys
import threading

sys.path.insert(0, os.path.dirname(__file__))
from elasticsearch import StandIn  # noqa: E402

TICK = 0.05


def main():
    port, folder = int(sys.argv[1]), sys.argv[2]
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    output = StandIn(port)
    kept, mode = 0, None
    with open(os.path.join(folder, "received"), "a") as received:
        while True:
            last = ended.wait(TICK)
            with open(os.path.join(folder, "mode")) as file:
                asked = file.read().split()
            # Half written: the next look has it all.
            if asked and asked != mode:
                mode = asked
                output.set(mode[0], float(mode[1]) if len(mode) > 1 else 0.0)
            with output.lock:
                new, kept = output.order[kept:], len(output.order)
            received.writelines(line + "\n" for line in new)
            received.flush()
            if last:
                return


main()
