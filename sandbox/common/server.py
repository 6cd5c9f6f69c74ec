"""Serve a stand-in over HTTP on this machine, with connections that stay open between calls."""

from __future__ import annotations

import io
import ipaddress
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Generator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any, cast

from flask import Flask
from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler
from werkzeug.test import run_wsgi_app

_IDLE_SECONDS = 60.0
_DRAIN_SECONDS = 3.0


class _KeepAliveHandler(WSGIRequestHandler):
    """Answer several requests on one connection, as the vendors' servers do.

    Werkzeug's own handler closes the connection after every answer, because it cannot know where
    an unread request body ends. Here each body is read whole before the application runs, so the
    next request line is always where it is looked for, and a client that means to reuse its
    connections can be seen to do so.
    """

    protocol_version = "HTTP/1.1"
    timeout = _IDLE_SECONDS
    wbufsize = -1  # Head and body leave in one packet; unbuffered they are two.
    disable_nagle_algorithm = True

    def run_wsgi(self) -> None:
        self.wfile.flush()  # A "100 Continue" may wait here, and the client waits for it.
        environ = self.make_environ()
        try:
            environ["wsgi.input"] = io.BytesIO(self._read_body(environ))
        except (ValueError, OSError):
            self.close_connection = True
            self._answer("400 Bad Request", [("Content-Length", "0")], b"")
            return
        try:
            chunks, status, headers = run_wsgi_app(self.server.app, environ, buffered=True)
            body = b"".join(chunks)
        except Exception:  # noqa: BLE001 - a server answers 500, whatever the application raised.
            traceback.print_exc(file=sys.stderr)
            body = b""
            status, headers = "500 Internal Server Error", [("Content-Length", "0")]
        self._answer(status, list(headers), body)

    def _read_body(self, environ: dict[str, Any]) -> bytes:
        if environ.get("wsgi.input_terminated"):
            return environ["wsgi.input"].read()
        length = int(environ.get("CONTENT_LENGTH") or 0)
        if length < 0:
            raise ValueError("negative Content-Length")
        return self.rfile.read(length)

    def _answer(self, status: str, headers: list[tuple[str, str]], body: bytes) -> None:
        code, _, reason = status.partition(" ")
        self.send_response(int(code), reason)
        names = {name.lower(): value for name, value in headers}
        for name, value in headers:
            self.send_header(name, value)
        bodiless = self.command == "HEAD" or int(code) in (204, 304)
        if "content-length" not in names and not bodiless:
            self.send_header("Content-Length", str(len(body)))
        elif not bodiless and len(body) < int(names["content-length"]):
            # A body cut short on purpose: only closing tells the client that no more comes.
            self.close_connection = True
        if self.close_connection or cast("_Server", self.server).stopping:
            self.close_connection = True
            self.send_header("Connection", "close")
        self.end_headers()
        if not bodiless:
            self.wfile.write(body)

    def finish(self) -> None:
        """Close the connection; that the client, or a fault, was faster is no error."""
        with suppress(OSError):
            super().finish()

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Keep quiet: the gateway logs every call it makes, and one log of them is enough."""


class _Server(ThreadedWSGIServer):
    """A threaded server that ends its open connections when it is stopped."""

    def __init__(self, host: str, port: int, app: Flask) -> None:
        self.stopping = False
        self._connections: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__(host, port, app, _KeepAliveHandler)

    def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401
        with self._lock:
            self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:  # noqa: ANN401
        with self._lock:
            self._connections.discard(request)
        super().shutdown_request(request)

    def close_connections(self) -> None:
        """Let answers under way leave, then close what is open.

        Without this a stopped server would go on answering on connections opened before, and
        nobody could try an outage in one process.
        """
        self._hang_up(socket.SHUT_RD)
        give_up_at = time.monotonic() + _DRAIN_SECONDS
        while self._connections and time.monotonic() < give_up_at:
            time.sleep(0.005)
        self._hang_up(socket.SHUT_RDWR)

    def _hang_up(self, how: int) -> None:
        with self._lock:
            connections = list(self._connections)
        for connection in connections:
            try:
                connection.shutdown(how)
            except OSError:
                continue  # The client was faster.


def is_loopback(host: str) -> bool:
    """Say whether a host name or address means this machine itself."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def serve(app: Flask, host: str, port: int) -> None:
    """Serve `app` until SIGTERM or SIGINT, then finish the answers under way and return.

    Call it from the main thread, which alone may receive signals. Raises ValueError when `host`
    is not a loopback address, and ends the process with a clear line when the port is taken.
    """
    if not is_loopback(host):
        # The control API has no password; nobody else may reach it.
        raise ValueError(
            f"the sandbox listens on this machine only, and {host!r} is not a loopback address:"
            " use 127.0.0.1"
        )
    server = _Server(host, port, app)

    def stop(_signal: int, _frame: FrameType | None) -> None:
        # shutdown() waits for the loop below, so it cannot run in the loop's own thread.
        server.stopping = True
        threading.Thread(target=server.shutdown, daemon=True).start()

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        server.serve_forever(poll_interval=0.1)
    finally:
        server.close_connections()
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def running(app: Flask) -> Generator[str]:
    """Serve `app` on a free port from a thread and yield its base URL without a final slash."""
    server = _Server("127.0.0.1", 0, app)
    thread = threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
    )
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.stopping = True
        server.shutdown()
        thread.join()
        server.close_connections()
