"""The gateway behind real HTTP: in gunicorn as the product runs it, and in this process."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
import os
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest
import redis

import celeryconfig
from core import credentials
from core.database import get_engine, writing
from core.dispatch import publisher
from core.models import Role
from core.redis_client import get_prompt_redis, get_redis
from core.settings import ROOT, get_settings
from gateway.app import create_app
from sandbox.common.server import running
from tests.conftest import RedisServer, free_port, wait_until
from tests.support.migrated import migrate

if TYPE_CHECKING:
    from tests.gateway.browsing import Browser
    from tests.gateway.commanding import Office

# The vendor's own vector: https://developer.atlassian.com/cloud/jira/platform/webhooks/
VECTOR_SECRET = "It's a Secret to Everybody"
VECTOR_BODY = b"Hello World!"
VECTOR = "sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9"

NEXT_SECRET = "the-next-secret"
MAX_BYTES = 20_000
EVENT = {
    "webhookEvent": "jira:issue_updated",
    "issue": {"id": "10001", "key": "HR-7", "fields": {"summary": "Laptop for Zoriana Klymenko"}},
}

Header = tuple[str, str | bytes]


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Caller:
    """Somebody who speaks HTTP to the gateway, well or badly."""

    port: int

    def send(
        self, method: str, path: str, headers: Sequence[Header] = (), body: Any = b""
    ) -> Answer:
        """Send exactly these headers, doubled ones too; an iterable body is sent in chunks."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=20)
        with closing(connection):
            chunked = not isinstance(body, bytes)
            hosted = any(name.lower() == "host" for name, _ in headers)
            connection.putrequest(method, path, skip_host=hosted)
            for name, value in headers:
                connection.putheader(name, value)
            if chunked:
                connection.putheader("Transfer-Encoding", "chunked")
            else:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body, encode_chunked=chunked)
            answer = connection.getresponse()
            return Answer(answer.status, dict(answer.getheaders()), answer.read())

    def get(self, path: str, *headers: Header) -> Answer:
        return self.send("GET", path, headers)

    def deliver(
        self,
        payload: object = None,
        *,
        secret: str = VECTOR_SECRET,
        identifier: str = "delivery-1",
        **options: Any,
    ) -> Answer:
        """Deliver a webhook as Jira does; bytes are sent as they are."""
        body = payload if isinstance(payload, bytes) else json.dumps(payload or EVENT).encode()
        headers = [
            ("Content-Type", "application/json; charset=utf-8"),
            ("X-Hub-Signature", sign(body, secret)),
            ("X-Atlassian-Webhook-Identifier", identifier),
        ]
        return self.send("POST", "/webhooks/jira", headers, body, **options)


def sign(body: bytes, secret: str = VECTOR_SECRET) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def published(client: redis.Redis, queue: str = "pf_jira") -> list[dict[str, Any]]:
    """Give the messages that wait in a queue, each with its arguments decoded."""
    raw: Any = client.lrange(f"igw:{queue}", 0, -1)
    messages = [json.loads(text) for text in raw]
    for message in messages:
        message["args"] = json.loads(base64.b64decode(message["body"]))[0]
    return messages


class Gunicorn(Caller):
    """A gateway in processes of its own."""

    def __init__(self, folder: Path, redis_url: str, **settings: object) -> None:
        super().__init__(free_port())
        self.database = folder / "data" / "sandbox" / "gateway.db"
        self._log = folder / "gateway.log"
        self._seen = 0
        own = {
            "ENV_FILE": folder / "no.env",
            "DATA_DIR": folder / "data",
            "GATEWAY_PORT": self.port,
            "GATEWAY_WORKERS": 1,
            "REDIS_URL": redis_url,
            "JIRA_WEBHOOK_SECRETS": f"{VECTOR_SECRET}, {NEXT_SECRET}",
            "WEBHOOK_MAX_BYTES": MAX_BYTES,
            **{name.upper(): value for name, value in settings.items()},
        }
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("IGW_")}
        self.env = {**inherited, **{f"IGW_{name}": str(value) for name, value in own.items()}}

    def start(self) -> None:
        self._run("cli.main", "migrate").wait(60)
        self._process = self._run(
            "gunicorn", "--config", "python:gateway.gunicorn_config", "gateway.app:create_app()"
        )
        wait_until(self._answers, what="gunicorn to answer")
        self.new_lines()

    def processes(self) -> list[psutil.Process]:
        """Give gunicorn's master and its workers."""
        master = psutil.Process(self._process.pid)
        return [master, *master.children()]

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(40)

    def igw(self, *arguments: str) -> str:
        """Run a command of `igw` on this gateway's store, and give what it prints."""
        command = [sys.executable, "-m", "cli.main", *arguments]
        return subprocess.run(
            command, cwd=ROOT, env=self.env, check=True, capture_output=True, text=True, timeout=60
        ).stdout

    def _run(self, *arguments: str) -> subprocess.Popen[bytes]:
        with self._log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", *arguments], cwd=ROOT, env=self.env, stdout=log, stderr=log
            )

    def _answers(self) -> bool:
        assert self._process.poll() is None, self._log.read_text()
        try:
            return self.get("/healthz").status == 200
        except OSError:
            return False

    def new_lines(self) -> list[dict[str, Any]]:
        """Give what was logged since the last time."""
        # Lines are written in the background, in order: what came before this one is there with it.
        # gunicorn names the method that it cannot read; refusals of ours are not all logged.
        mark = f"mark-{time.monotonic_ns()}"
        with socket.create_connection(("127.0.0.1", self.port), 20) as connection:
            connection.sendall(f"{mark} / HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            connection.recv(100)
        wait_until(lambda: mark in self._log.read_text(), every=0.005, what="the log")
        lines = self._log.read_text().splitlines()
        new, self._seen = lines[self._seen :], len(lines)
        return [json.loads(line) for line in new if line.startswith("{") and mark not in line]

    def rows(self, columns: str = "*") -> list[Any]:
        with closing(sqlite3.connect(self.database)) as connection:
            return connection.execute(f"SELECT {columns} FROM deliveries ORDER BY id").fetchall()  # noqa: S608

    def forget(self) -> None:
        with closing(sqlite3.connect(self.database, timeout=10)) as connection, connection:
            connection.execute("DELETE FROM deliveries")


@pytest.fixture(scope="module")
def gunicorn(tmp_path_factory, redis_server) -> Iterator[Gunicorn]:
    gateway = Gunicorn(tmp_path_factory.mktemp("gateway"), redis_server)
    gateway.start()
    yield gateway
    gateway.stop()


@pytest.fixture
def gateway(gunicorn) -> Gunicorn:
    """The gateway in gunicorn, without deliveries and with nothing new in its log."""
    gunicorn.forget()
    gunicorn.new_lines()
    return gunicorn


@pytest.fixture
def own_gunicorn(tmp_path, redis_server) -> Iterator[Gunicorn]:
    """A gateway in gunicorn for one test alone."""
    gateway = Gunicorn(tmp_path, redis_server)
    gateway.start()
    yield gateway
    gateway.stop()


@pytest.fixture
def serve(redis_client, settings_env, monkeypatch) -> Iterator[Callable[..., Caller]]:
    """Serve a gateway from this process; keyword arguments are settings."""
    root = logging.getLogger()
    before = root.handlers[:], root.level
    served = []

    def start(**settings: object) -> Caller:
        settings_env.setenv("IGW_JIRA_WEBHOOK_SECRETS", VECTOR_SECRET)
        for name, value in settings.items():
            settings_env.setenv(f"IGW_{name.upper()}", str(value))
        get_settings.cache_clear()
        get_redis.cache_clear()
        get_prompt_redis.cache_clear()
        monkeypatch.setattr(celeryconfig, "broker_url", get_settings().resolved_broker_url)
        publisher.cache_clear()
        served.append(running(create_app()))
        # The app has the process's log to itself; the tests want to hear it as well.
        root.handlers[:] = before[0]
        return Caller(int(served[-1].__enter__().rpartition(":")[2]))

    yield start
    for server in served:
        server.__exit__(None, None, None)
    publisher.cache_clear()
    root.handlers[:] = before[0]
    root.setLevel(before[1])


@pytest.fixture
def dashboard(database, serve) -> Callable[..., Browser]:
    """Serve a gateway where anybody may log in, and give browsers that know nothing yet.

    Keyword arguments are settings, and count with the first browser.
    """
    served: list[Caller] = []

    def browser(**settings: object) -> Browser:
        # It stands on what is here.
        from tests.gateway.browsing import Browser  # noqa: PLC0415

        if not served:
            served.append(serve(**{"dev_login": "true", **settings}))
        return Browser(served[0])

    return browser


@pytest.fixture
def admin(dashboard) -> Browser:
    """The browser of an admin who is logged in."""
    browser = dashboard()
    browser.log_in("admin")
    return browser


@pytest.fixture
def office(serve) -> Iterator[Callable[..., Office]]:
    """Open the gateway; keyword arguments are settings."""
    # It stands on what is here.
    from tests.gateway.commanding import Office  # noqa: PLC0415

    opened: list[Office] = []

    def start(**settings: object) -> Office:
        caller = serve(**settings)
        migrate(get_settings())
        with writing() as session:
            key = credentials.create(session, "a test", Role.VIEWER, "pytest")
        opened.append(Office(caller, key))
        return opened[-1]

    yield start
    for one in opened:
        one.close()
    get_engine().dispose()


@pytest.fixture
def own_redis(tmp_path) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def asking() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as pool:
        yield pool
