"""A stand-in for Elasticsearch: takes bulks, keeps their lines, and can be slow, blocked or broken.

It says a version that Filebeat 8.1.3 accepts, answers in one piece and sets TCP_NODELAY, so that what
is measured is Filebeat and not this.
"""

import http.server
import json
import socket
import socketserver
import struct
import threading
import time


class StandIn:
    """`mode`: ack, block, reset, or a status: 400, 429 or 503. `delay`: seconds before each answer."""

    def __init__(self, port=0):
        self.mode, self.delay = "ack", 0.0
        self.received, self.order, self.bulks = set(), [], 0
        self.lock = threading.Condition()
        owner = self

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True

            def handle_error(self, request, address):
                """A client that goes away in the middle is part of the tests."""

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = 1 << 16

            def setup(self):
                super().setup()
                self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

            def log_message(self, *_):
                pass

            def do_GET(self):
                self.answer(200, {"version": {"number": "8.1.3", "build_flavor": "default"}, "tagline": "You Know, for Search"})

            do_HEAD = do_GET

            def do_PUT(self):
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                self.answer(200, {"acknowledged": True})

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                owner.bulk(self, body)

            def answer(self, status, body):
                text = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("X-Elastic-Product", "Elasticsearch")
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(text)
                self.wfile.flush()

        self.server = Server(("127.0.0.1", port), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def set(self, mode, delay=0.0):
        with self.lock:
            self.mode, self.delay = mode, delay
            self.lock.notify_all()

    def bulk(self, handler, body):
        with self.lock:
            while self.mode == "block":
                self.lock.wait()
            mode, delay = self.mode, self.delay
        time.sleep(delay)
        if mode == "reset":
            handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            handler.connection.close()
            handler.close_connection = True
            return
        lines = [json.loads(line) for line in body.splitlines() if line]
        events = [line["message"] for line in lines if "message" in line]
        if mode == "503":
            handler.answer(503, {"error": "unavailable"})
            return
        status = int(mode) if mode in ("400", "429") else 201
        kind = "es_rejected_execution_exception" if status == 429 else "mapper_parsing_exception"
        error = {} if status == 201 else {"error": {"type": kind, "reason": "refused"}}
        items = [{"create": {"status": status, **error}} for _ in events]
        if status == 201:
            with self.lock:
                # Before it is acknowledged: what the shipper counts has arrived here.
                self.received.update(events)
                self.order.extend(events)
                self.bulks += 1
        handler.answer(200, {"took": 1, "errors": status != 201, "items": items})
