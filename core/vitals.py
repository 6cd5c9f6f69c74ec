"""How the parts of the gateway are: everything is measured at once, and nothing is waited for."""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from core import broker, liveness, machine, reports, stores
from core.breaker import BreakerStatus, status_of
from core.clock import now
from core.database import reading
from core.domains import all_workers, load_domains
from core.lanes import oldest
from core.rate_limit import Budget, budget_of
from core.redis_client import get_prompt_redis
from core.settings import get_settings
from core.together import together

SECONDS = 2.0
"""How long a part may take to answer; people who look here want to know which one does not."""

DOCTOR = "doctor"
"""Name of the report that `igw doctor` leaves."""

PACKAGES = ("celery", "flask", "gunicorn", "kombu", "redis", "sqlalchemy")


@dataclass(frozen=True)
class Vendor:
    """Whether a vendor is asked, and how much of what it may be asked is taken."""

    name: str
    breaker: BreakerStatus
    per_second: float
    budget: Budget


@dataclass(frozen=True)
class Worker:
    """Whether a domain's work is done, and what waits for it."""

    domain: str
    canary: float | None
    """Seconds since its canary came back; None where none did yet."""
    late: bool
    queue: int
    """Messages in its queues."""


@dataclass(frozen=True)
class Vitals:
    """What was measured, by part; `NoAnswer` where a part gave none in time."""

    moment: datetime
    parts: Mapping[str, Any]
    versions: Mapping[str, str]


def read_vitals() -> Vitals:
    """Measure all parts side by side, within `SECONDS`."""
    data = get_settings().data_dir
    questions: dict[str, Callable[[], object]] = {
        "processes": lambda: machine.processes(data),
        "machine": lambda: machine.machine(data),
        "database": stores.database,
        "redis": stores.redis,
        "rabbitmq": broker.rabbitmq,
        "workers": _workers,
        "waiting": _waiting,
        "vendors": vendors,
        "doctor": lambda: reports.last(DOCTOR),
    }
    return Vitals(now(), together(questions, SECONDS), _versions())


def _workers() -> list[Worker]:
    get_prompt_redis().ping()
    lengths, ages = broker.queue_lengths(), liveness.ages()
    return [
        Worker(
            worker.name,
            seconds := ages[worker.name],
            late=seconds is not None and seconds > liveness.LATE_SECONDS,
            queue=sum(lengths[name] for name in worker.queues),
        )
        for worker in all_workers(load_domains())
    ]


def _waiting() -> dict[str, datetime | None]:
    with reading() as session:
        return oldest(session)


def vendors() -> list[Vendor]:
    """Ask Redis how each vendor stands; errors are redis-py's."""
    client, settings = get_prompt_redis(), get_settings()
    rates = {
        "peopleforce": settings.peopleforce_requests_per_second,
        "jira": settings.jira_requests_per_second,
    }
    return [
        Vendor(name, status_of(client, name), rate, budget_of(client, name, rate))
        for name, rate in rates.items()
    ]


def _versions() -> dict[str, str]:
    found = {"Python": platform.python_version()}
    for package in ("integration-gateway", *PACKAGES):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found
