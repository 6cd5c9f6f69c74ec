"""Whether each process of the stack answers, asked the way its users ask."""

from __future__ import annotations

import http.client
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from cli.stack import worker_name
from core.domains import Domain, all_workers
from core.errors import GatewayError
from core.settings import ROOT, Settings, VendorMode

_TIMEOUT = 2.0

Probe = Callable[[], bool]


class StartError(GatewayError):
    """A process of the stack did not start; the message shows what it said."""


def redis_answers(port: int) -> bool:
    """Say whether our own Redis answers PING; not yet while it loads its data."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=_TIMEOUT) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(64).startswith(b"+PONG")
    except OSError:
        return False


def http_answers(url: str) -> bool:
    """Say whether a GET of `url` is answered 200."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=_TIMEOUT)
    try:
        connection.request("GET", parts.path)
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def probes(settings: Settings) -> dict[str, Probe]:
    """Give one question per process that listens on a port, by the process's name."""
    urls = {
        "gateway": f"{settings.gateway_url}/healthz",
        "flower": f"http://127.0.0.1:{settings.flower_port}/flower/healthcheck",
    }
    if settings.mode is VendorMode.SANDBOX:
        for vendor, port in (
            ("jira", settings.sandbox_jira_port),
            ("peopleforce", settings.sandbox_peopleforce_port),
        ):
            urls[f"sandbox-{vendor}"] = f"http://127.0.0.1:{port}/_control/calls"
    found: dict[str, Probe] = {name: _http_probe(url) for name, url in urls.items()}
    if settings.embedded_redis:
        found["redis"] = lambda: redis_answers(settings.redis_port)
    return found


def _http_probe(url: str) -> Probe:
    return lambda: http_answers(url)


class WorkersAnswering:
    """Whether every worker answers Celery's ping.

    A process of its own asks, and ends once all have answered: Celery and all the tasks would
    otherwise stay in the memory of `igw up` for as long as it runs.
    """

    def __init__(self, domains: Sequence[Domain]) -> None:
        self.names = {worker_name(worker) for worker in all_workers(domains)}
        self._child = subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, "-m", "cli.workers", *(it.name for it in all_workers(domains))],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def __call__(self) -> bool:
        """Say whether all have answered; `StartError` when they cannot be asked."""
        if self._child.poll():
            said, _ = self._child.communicate()
            raise StartError("The workers cannot be asked whether they answer:\n" + said.strip())
        return self._child.returncode == 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._child.kill()
        self._child.communicate()
