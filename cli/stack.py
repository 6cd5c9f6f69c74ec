"""What the running gateway consists of: a description that `cli.supervision` brings to life."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

from core.domains import Domain, Worker, all_workers
from core.settings import Settings, VendorMode, contradictions, variable

MARK = "IGW_STACK_DATA_DIR"
"""Environment variable by which every process of a stack can be recognised as such."""


class Stage(IntEnum):
    """The order in which processes start; they stop in reverse.

    Whoever brings in work stops before those who do it: beat, so that no tick is sent, and the
    gateway, so that no webhook comes in; then workers finish what they have; then the stand-ins
    that they speak to; Redis last, because everybody needs it.
    """

    REDIS = 10
    SANDBOX = 20
    WORKERS = 30
    FLOWER = 40
    GATEWAY = 50
    BEAT = 60


@dataclass(frozen=True)
class Process:
    """One supervised process.

    `stop_seconds` is how long it may take to end after SIGTERM before it is killed.
    `signal_children` sends that SIGTERM to its children too, for programs that do not pass it on.
    """

    name: str
    stage: Stage
    command: tuple[str, ...]
    stop_seconds: int
    signal_children: bool = True

    @property
    def full_name(self) -> str:
        """The name that supervisord knows it by, `group:name`."""
        return f"{self.stage.name.lower()}:{self.name}"


@dataclass(frozen=True)
class Port:
    """A port that the stack listens on, and the setting that moves it."""

    host: str
    number: int
    setting: str


class Places:
    """Where a stack keeps its files, all below the data folder."""

    def __init__(self, data_dir: Path) -> None:
        self.data = data_dir
        self.run = data_dir / "run"
        self.logs = data_dir / "logs"
        self.redis = data_dir / "redis"
        self.sandbox = data_dir / "sandbox"
        self.lock = self.run / "up.lock"
        self.redis_config = self.run / "redis.conf"
        self.supervisor_config = self.run / "supervisord.conf"

    @property
    def folders(self) -> tuple[Path, ...]:
        """The folders that must exist before anything starts, outermost first."""
        return (self.data, self.run, self.logs, self.redis, self.sandbox)

    def log(self, process: str) -> Path:
        """Give the log file of one process."""
        return self.logs / f"{process}.log"


# A Celery worker finishes the tasks it has ("warm shutdown"). After 80 s at the latest a task gets
# the exception of its soft limit (celeryconfig.py) and puts its work back, so nothing that behaves
# is killed here; what is killed all the same was not acknowledged, and is delivered again.
_WORKER_STOP_SECONDS = 90
# gunicorn lets requests finish for 30 s (see gateway/gunicorn_config.py), then ends its workers.
_GATEWAY_STOP_SECONDS = 35
# Redis writes its append-only file to the disk before it ends.
_REDIS_STOP_SECONDS = 30
_STOP_SECONDS = 10


def describe(
    settings: Settings, domains: Sequence[Domain], redis_server: Path | None
) -> list[Process]:
    """Give every process of the stack, in the order of starting.

    `redis_server` is the binary to use, None when the settings name a Redis elsewhere.
    """
    places = Places(settings.data_dir)
    processes = []
    if redis_server is not None:
        processes.append(_redis(redis_server, places))
    if settings.mode is VendorMode.SANDBOX:
        processes += _sandbox(settings, places)
    processes += [_worker(it, settings.worker_concurrency) for it in all_workers(domains)]
    return [*processes, _flower(settings), _gateway(), _beat()]


def ports(settings: Settings) -> list[Port]:
    """Give every port that must be free before the stack can start."""
    fields = ["gateway_port", "flower_port"]
    if settings.mode is VendorMode.SANDBOX:
        fields += ["sandbox_peopleforce_port", "sandbox_jira_port"]
    if settings.embedded_redis:
        fields.append("redis_port")
    hosts = {"gateway_port": settings.gateway_host}
    return [
        Port(hosts.get(field, "127.0.0.1"), getattr(settings, field), variable(field))
        for field in fields
    ]


def environment(settings: Settings) -> dict[str, str]:
    """Give what the processes need in their environment besides what `igw up` itself inherited.

    Secrets travel this way, not in the commands or in supervisord's file: other users of the
    machine can read a command line.
    """
    variables = {
        MARK: str(settings.data_dir),
        "IGW_DATA_DIR": str(settings.data_dir),
        "PYTHONUNBUFFERED": "1",
    }
    if settings.dev_login is None and login_for_all(settings):
        variables["IGW_DEV_LOGIN"] = "true"
    if settings.mode is VendorMode.SANDBOX:
        jira = settings.jira
        secret = settings.webhook_secrets("jira_webhook_secrets")[0].decode()
        variables |= {
            "SANDBOX_JIRA_EMAIL": jira.email,
            "SANDBOX_JIRA_TOKEN": jira.api_token.get_secret_value(),
            "SANDBOX_JIRA_WEBHOOK_URL": f"{settings.gateway_url}/webhooks/jira",
            "SANDBOX_JIRA_WEBHOOK_SECRET": secret,
            "SANDBOX_PEOPLEFORCE_API_KEY": settings.peopleforce.api_key.get_secret_value(),
            "SANDBOX_PEOPLEFORCE_JIRA_URL": jira.base_url,
        }
    return variables


def login_for_all(settings: Settings) -> bool:
    """Say whether the dashboard may be tried without a password, where nobody decided about it.

    Nothing real is behind it, and nobody but this machine is meant to reach it.
    """
    trying = settings.model_copy(update={"dev_login": True})
    return settings.mode is VendorMode.SANDBOX and not contradictions(trying)


def redis_config(settings: Settings) -> str:
    """Give the configuration of the gateway's own Redis.

    The broker's messages must survive a restart (append-only file) and may not be thrown away to
    make room (noeviction). Snapshots would only repeat what the append-only file holds.
    """
    folder = str(Places(settings.data_dir).redis).replace("\\", "\\\\").replace('"', '\\"')
    return "\n".join(
        (
            "bind 127.0.0.1",
            f"port {settings.redis_port}",
            f'dir "{folder}"',
            "daemonize no",
            "appendonly yes",
            "appendfsync everysec",
            "maxmemory-policy noeviction",
            'save ""',
            "",
        )
    )


def _python(*arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", *arguments)


def _redis(binary: Path, places: Places) -> Process:
    return Process(
        "redis", Stage.REDIS, (str(binary), str(places.redis_config)), _REDIS_STOP_SECONDS
    )


def _sandbox(settings: Settings, places: Places) -> list[Process]:
    return [
        Process(
            f"sandbox-{vendor}",
            Stage.SANDBOX,
            _python(f"sandbox.{vendor}", "--port", str(port), "--data-dir", str(places.sandbox)),
            _STOP_SECONDS,
        )
        for vendor, port in (
            ("jira", settings.sandbox_jira_port),
            ("peopleforce", settings.sandbox_peopleforce_port),
        )
    ]


def _worker(worker: Worker, concurrency: int) -> Process:
    return Process(
        worker_name(worker),
        Stage.WORKERS,
        _python(
            "celery", "-A", "tasks", "worker",
            "--queues", ",".join(worker.queues),
            "--hostname", f"{worker.name}@%h",
            "--concurrency", str(concurrency),
            "--without-gossip", "--without-mingle",
        ),
        _WORKER_STOP_SECONDS,
        # SIGTERM ends a pool process in the middle of its task; the worker must ask it nicely.
        signal_children=False,
    )  # fmt: skip


def worker_name(worker: Worker) -> str:
    """Give the name of a worker among the processes."""
    return f"worker-{worker.name}"


def _flower(settings: Settings) -> Process:
    return Process(
        "flower",
        Stage.FLOWER,
        _python(
            "celery", "-A", "tasks", "flower",
            "--address=127.0.0.1", f"--port={settings.flower_port}",
            "--max-tasks=2000", "--persistent=False",
        ),
        _STOP_SECONDS,
    )  # fmt: skip


def _gateway() -> Process:
    return Process(
        "gateway",
        Stage.GATEWAY,
        _python(
            "gunicorn", "--config", "python:gateway.gunicorn_config", "gateway.app:create_app()"
        ),
        _GATEWAY_STOP_SECONDS,
        # gunicorn's master passes the signal on, and tells its workers only once.
        signal_children=False,
    )


def _beat() -> Process:
    return Process(
        "beat",
        Stage.BEAT,
        _python("celery", "-A", "tasks", "beat", "--pidfile="),
        _STOP_SECONDS,
    )
