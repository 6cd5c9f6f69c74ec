"""A stand-in for Seq's ingestion over real HTTP, which can be in any mood.

Source: https://docs.datalust.co/docs/posting-raw-events
"""

from __future__ import annotations

import http.server
import json
import threading

from tests.conftest import free_port


class Seq:
    """Takes events when it is `up`; what it took is in `events`."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/seq"
        self.events: list[dict] = []
        self.requests: list = []
        self.status = 201
        self.headers: dict[str, str] = {}
        self.poison = ""
        self.most_bytes = 10**9
        self.gate = threading.Event()
        self.gate.set()
        self._server: http.server.ThreadingHTTPServer | None = None

    def up(self) -> None:
        seq = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                seq.requests.append((self.path, dict(self.headers), body))
                seq.gate.wait(30)
                self.send_response(seq.verdict(body))
                for name, value in seq.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            do_GET = do_POST  # noqa: N815 - the name that the library looks for

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def verdict(self, body: bytes) -> int:
        if self.status != 201:
            return self.status
        if len(body) > self.most_bytes:
            return 413
        if self.poison and self.poison.encode() in body:
            return 400
        self.events += [json.loads(line) for line in body.splitlines()]
        return 201

    def down(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    @property
    def numbers(self) -> list[int]:
        return [event["number"] for event in self.events]
