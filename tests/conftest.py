"""Servers and settings for all tests: real ones, private to the run, on free ports."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NoReturn

import psycopg
import pytest
import redis
from hypothesis import HealthCheck, settings
from playwright.sync_api import Browser
from psycopg.sql import SQL, Identifier

from core import database as database_access
from core.database import get_engine
from core.redis_client import get_prompt_redis, get_redis
from core.settings import get_settings
from tests.support.migrated import migrate
from tests.support.rabbitmq import RabbitServer, rabbitmq_binary
from tests.support.visiting import chromium

# No clocks in tests: a busy machine is no finding.
settings.register_profile("gateway", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("gateway")

REQUIRED = os.environ.get("IGW_TEST_REQUIRE_SERVERS") == "1"


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores, four at most: many tests wait for processes of their own."""
    return min(len(os.sched_getaffinity(0)) + 1, 4)


def not_run(reason: str) -> NoReturn:
    """Name a suite as not run; where servers are required (CI), fail instead."""
    if REQUIRED:
        pytest.fail(f"IGW_TEST_REQUIRE_SERVERS is set, but {reason}")
    pytest.skip(reason)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(condition, seconds: float = 20.0, *, every: float = 0.1, what: str = ""):
    """Wait for a condition and give its value; fail with `what` was awaited."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            pytest.fail(f"not within {seconds:.0f} s: {what or condition}")
        time.sleep(every)


def redis_binary() -> str:
    """The server that the gateway would use: from PATH, else the wheel's."""
    return shutil.which("redis-server") or str(Path(sys.executable).with_name("redis-server"))


class RedisServer:
    """A Redis that tests may stop, freeze and start again."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._folder = folder

    def start(self) -> None:
        """Start it, empty, and return when it answers."""
        self.process = subprocess.Popen(
            [
                *(redis_binary(), "--port", str(self.port), "--bind", "127.0.0.1"),
                *("--dir", str(self._folder), "--save", "", "--maxmemory-policy", "noeviction"),
            ],
            stdout=subprocess.DEVNULL,
        )
        wait_until(self._answers, every=0.02, what="Redis to answer")

    def stop(self) -> None:
        self.process.send_signal(signal.SIGCONT)
        self.process.kill()
        self.process.wait(10)

    def _answers(self) -> bool:
        with redis.Redis.from_url(self.url) as client:
            try:
                return client.ping()
            except redis.ConnectionError:
                return False


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory) -> Iterator[str]:
    """The URL of a Redis of this run alone."""
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server.url
    server.stop()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, one for all tests, since Playwright starts once in a process.

    Each person has a window of their own in it.
    """
    try:
        with chromium() as browser:
            yield browser
    except FileNotFoundError as error:
        not_run(f"{error}: install Debian's package `chromium`")


@pytest.fixture
def settings_env(monkeypatch, tmp_path) -> Iterator[pytest.MonkeyPatch]:
    """An environment without the developer's own settings; caches start empty."""
    for name in list(os.environ):
        if name.startswith("IGW_") and not name.startswith("IGW_TEST_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("IGW_ENV_FILE", str(tmp_path / "no.env"))
    monkeypatch.setenv("IGW_DATA_DIR", str(tmp_path / "data"))
    # `create_app` says that its process is the gateway; the process of the tests is more than that.
    monkeypatch.setattr(database_access, "_patience", database_access.PATIENT_SECONDS)
    _forget()
    yield monkeypatch
    _forget()


def _forget() -> None:
    get_settings.cache_clear()
    get_redis.cache_clear()
    get_prompt_redis.cache_clear()


@pytest.fixture
def keep_logging() -> Iterator[None]:
    """Undo what an app does to the log of its process."""
    root = logging.getLogger()
    before = root.handlers[:], root.level
    yield
    root.handlers[:] = before[0]
    root.setLevel(before[1])


@pytest.fixture
def redis_client(redis_server, settings_env) -> Iterator[redis.Redis]:
    """The gateway's own client on an empty Redis."""
    settings_env.setenv("IGW_REDIS_URL", redis_server)
    _forget()
    client = get_redis()
    client.flushall()
    yield client
    client.close()


def postgresql_binaries() -> Path | None:
    """The folder with `initdb`, wherever Debian or the image keeps it."""
    found = shutil.which("initdb")
    if found:
        return Path(found).parent
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return versions[-1].parent if versions else None


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """The URL of a PostgreSQL cluster of this run alone, without its database's name."""
    binaries = postgresql_binaries()
    if binaries is None:
        not_run("no PostgreSQL on this machine (Debian: apt-get install postgresql)")
    # Not below pytest's own folder: each run of pytest closes that one to other users.
    folder = Path(tempfile.mkdtemp(prefix="igw-postgresql-"))
    # PostgreSQL refuses to run as root, so in containers its own user runs it.
    as_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    if as_user:
        if subprocess.run(["id", "postgres"], check=False, capture_output=True).returncode:
            not_run("PostgreSQL is here, but no user `postgres` to run it as")
        shutil.chown(folder, "postgres")
    port = free_port()
    cluster = folder / "cluster"
    subprocess.run(
        [*as_user, binaries / "initdb", "-D", cluster, "-U", "igw", "-A", "trust", "-N"],
        check=True,
        capture_output=True,
        cwd="/",
    )
    options = f"-p {port} -k '' -c listen_addresses=127.0.0.1 -c fsync=off"
    control = [*as_user, binaries / "pg_ctl", "-D", cluster, "-w"]
    subprocess.run(
        [*control, "-o", options, "-l", folder / "log", "start"],
        check=True,
        capture_output=True,
        cwd="/",
    )
    yield f"postgresql+psycopg://igw@127.0.0.1:{port}"
    subprocess.run([*control, "-m", "immediate", "stop"], check=True, capture_output=True, cwd="/")
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def rabbitmq_server(tmp_path_factory) -> Iterator[RabbitServer]:
    """A RabbitMQ of this run alone; who stops it starts it again."""
    with running_rabbitmq(tmp_path_factory.mktemp("rabbitmq")) as server:
        yield server


@contextmanager
def running_rabbitmq(folder: Path) -> Generator[RabbitServer]:
    """Run a RabbitMQ inside the block, or name the suite as not run where there is none."""
    binary = rabbitmq_binary()
    if binary is None:
        not_run("no RabbitMQ on this machine (Debian: apt-get install rabbitmq-server)")
    server = RabbitServer(folder, binary)
    server.start()
    yield server
    server.stop()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def database_url(request, settings_env, tmp_path) -> Iterator[str]:
    """The URL of an empty database; tests that take it run on SQLite and on PostgreSQL."""
    with ExitStack() as stack:
        if request.param == "sqlite":
            url = f"sqlite:///{tmp_path / 'gateway.db'}"
        else:
            server = request.getfixturevalue("postgresql_server")
            url = stack.enter_context(postgresql_schema(server))
        settings_env.setenv("IGW_DATABASE_URL", url)
        _forget()
        yield url


@contextmanager
def postgresql_schema(server: str) -> Generator[str]:
    """Give the URL of a schema of its own; a new database would be a copy of 7 MB each time."""
    name = f"t{time.monotonic_ns()}"
    plain = f"{server.replace('+psycopg', '')}/postgres"
    with psycopg.connect(plain, autocommit=True) as admin:
        admin.execute(SQL("CREATE SCHEMA {}").format(Identifier(name)))
        yield f"{server}/postgres?options=-csearch_path%3D{name}"
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
        admin.execute(SQL("DROP SCHEMA {} CASCADE").format(Identifier(name)))


@pytest.fixture
def default_rule() -> bool:
    """Whether a new database has a rule; a file of tests may say otherwise."""
    return True


@pytest.fixture
def database(database_url, default_rule) -> Iterator[str]:
    """A migrated database, on SQLite and on PostgreSQL."""
    migrate(get_settings(), default_rule=default_rule)
    yield database_url
    get_engine().dispose()
