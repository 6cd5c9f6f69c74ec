"""What 64 open live pages cost the webhooks, in the same run, and what they cost in memory."""

from __future__ import annotations

import re
import socket
import threading
from contextlib import ExitStack, closing
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from http.cookies import SimpleCookie
from statistics import median
from urllib.parse import urlencode

import psutil

from bench.gateway import running_gateway
from bench.senders import Load, Order, Sent

STREAMS = 64
SENDERS = 4
SECONDS = 5.0
RUNS = 5


def measure() -> None:
    """Print both, and the ratio of p99 as the median of five pairs; each line goes to each page."""
    pairs = []
    with running_gateway(dev_login="true") as port:
        cookie = _log_in(port)
        Load(Order(port, SENDERS, seconds=2)).result()
        before = _memory(port)
        for _ in range(RUNS):
            alone = Load(Order(port, SENDERS, SECONDS)).result()
            with ExitStack() as pages:
                for _ in range(STREAMS):
                    pages.callback(_Page(port, cookie).close)
                one_more = _open(port, cookie)[1].status
                watched = Load(Order(port, SENDERS, SECONDS)).result()
                during = _memory(port)
            pairs.append((alone, watched))
        after = _memory(port)
    print(f"{'':<26} {'per second':>10} {'p50 ms':>8} {'p99 ms':>8}")
    _print("webhooks, alone", [pair[0] for pair in pairs])
    _print(f"webhooks, {STREAMS} pages open", [pair[1] for pair in pairs])
    ratio = median(watched.percentile(0.99) / alone.percentile(0.99) for alone, watched in pairs)
    rate = median(watched.rate / alone.rate for alone, watched in pairs)
    print(f"with pages open against alone: p99 x{ratio:.2f}, rate x{rate:.2f}")
    print(f"one page more is answered {one_more}")
    print(
        f"PSS of the gateway: {before:.0f} MB, {during:.0f} MB with the pages, {after:.0f} MB after"
    )


class _Page:
    """A browser with the live log open, that shows only warnings, as somebody on watch does."""

    def __init__(self, port: int, cookie: str) -> None:
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
        if self._connection.sock is not None:
            self._connection.sock.shutdown(socket.SHUT_RDWR)


def _open(port: int, cookie: str):  # noqa: ANN202 - the connection and its answer
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", "/log/stream?level=WARNING", headers={"Cookie": cookie})
    return connection, connection.getresponse()


def _log_in(port: int) -> str:
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


def _memory(port: int) -> float:
    """Give the proportional set size of gunicorn's processes, in MB."""
    [master] = [
        one
        for one in psutil.Process().children()
        if any(at.laddr.port == port for at in one.net_connections("tcp") if at.status == "LISTEN")
    ]
    processes = [master, *master.children()]
    return sum(one.memory_full_info().pss for one in processes) / 1_000_000


def _print(name: str, runs: list[Sent]) -> None:
    print(
        f"{name:<26} {median(run.rate for run in runs):>10.0f} "
        f"{median(run.percentile(0.5) for run in runs):>8.1f} "
        f"{median(run.percentile(0.99) for run in runs):>8.1f}"
    )
