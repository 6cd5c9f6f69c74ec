"""What 64 open live pages cost the webhooks, in the same run, and what they cost in memory."""

from __future__ import annotations

import re
import socket
import threading
from contextlib import ExitStack, closing
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from http.cookies import SimpleCookie
from urllib.parse import urlencode

from bench.gateway import running_gateway
from bench.senders import Load, Order, Sent
from bench.tables import Spread, Table

STREAMS = 64
SENDERS = 4
SECONDS = 5.0
RUNS = 5


def measure() -> Table:
    """Compare five pairs: without pages, and with 64 of them; each line goes to each page."""
    pairs = []
    with running_gateway(dev_login="true") as gateway:
        cookie = log_in(gateway.port)
        Load(Order(gateway.port, SENDERS, seconds=2)).result()
        before = gateway.memory()
        for _ in range(RUNS):
            alone = Load(Order(gateway.port, SENDERS, SECONDS)).result()
            with ExitStack() as pages:
                for _ in range(STREAMS):
                    pages.callback(Page(gateway.port, cookie).close)
                one_more = _open(gateway.port, cookie)[1].status
                watched = Load(Order(gateway.port, SENDERS, SECONDS)).result()
                during = gateway.memory()
            pairs.append((alone, watched))
        after = gateway.memory()
    p99 = Spread([watched.percentile(0.99) / alone.percentile(0.99) for alone, watched in pairs], 2)
    rate = Spread([watched.rate / alone.rate for alone, watched in pairs], 2)
    return Table(
        f"Webhooks from {SENDERS} senders, alone and with {STREAMS} live pages open. {RUNS} pairs "
        f"of {SECONDS:.0f} s; median (least to most).",
        ("", "per second", "p50 ms", "p99 ms"),
        [
            _row("webhooks, alone", [pair[0] for pair in pairs]),
            _row(f"webhooks, {STREAMS} pages open", [pair[1] for pair in pairs]),
        ],
        (
            f"with pages open against alone: p99 x{p99}, rate x{rate}",
            f"one page more is answered {one_more}",
            f"gateway (PSS): {before:.0f} MB, {during:.0f} with the pages, {after:.0f} after",
        ),
    )


class Page:
    """A browser with the live log open, that shows only warnings, as somebody on watch does."""

    def __init__(self, port: int, cookie: str) -> None:
        """Open it, and read from now on."""
        self._connection, answer = _open(port, cookie)
        if answer.status != HTTPStatus.OK:
            raise SystemExit(f"the gateway gave {answer.status} instead of a stream")
        threading.Thread(target=self._read, args=(answer,), daemon=True).start()

    def _read(self, answer) -> None:  # noqa: ANN001 - HTTPResponse
        try:
            while answer.read1(65536):
                pass
        except (OSError, ValueError, HTTPException):
            return  # Closed, maybe in the middle of an event.

    def close(self) -> None:
        """Go away."""
        if self._connection.sock is not None:
            self._connection.sock.shutdown(socket.SHUT_RDWR)


def _open(port: int, cookie: str):  # noqa: ANN202 - the connection and its answer
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", "/log/stream?level=WARNING", headers={"Cookie": cookie})
    return connection, connection.getresponse()


def log_in(port: int) -> str:
    """Log in as a viewer and give the cookies; the gateway runs with `dev_login`."""
    with closing(HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        connection.request("GET", "/login")
        answer = connection.getresponse()
        cookies = SimpleCookie(answer.headers["Set-Cookie"])
        token = re.search(r'csrf[_-]token"[^>]*(?:value|content)="([^"]+)"', answer.read().decode())
        form = urlencode({"role": "viewer", "csrf_token": token[1] if token else ""})
        sent = "; ".join(f"{name}={morsel.value}" for name, morsel in cookies.items())
        kind = "application/x-www-form-urlencoded"
        connection.request(
            "POST", "/login/development", form, {"Cookie": sent, "Content-Type": kind}
        )
        answer = connection.getresponse()
        answer.read()
        for header in answer.headers.get_all("Set-Cookie", []):
            cookies.load(header)
    return "; ".join(f"{name}={morsel.value}" for name, morsel in cookies.items() if morsel.value)


def _row(name: str, runs: list[Sent]) -> list[object]:
    return [
        name,
        Spread([run.rate for run in runs]),
        Spread([run.percentile(0.5) for run in runs], 1),
        Spread([run.percentile(0.99) for run in runs], 1),
    ]
