"""How the gateway stands when Prometheus asks: read from the database, Redis and this machine.

Each part is asked beside the others and for a bounded time. One that gives no answer is missing,
and `igw_scrape_part_up` says so; the others are told all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from platform import python_version

from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from sqlalchemy import func, select

from core import machine, rule_states, stores
from core.breaker import BreakerState
from core.clock import now
from core.database import reading
from core.machine import MachineUse
from core.metrics.files import counted
from core.models import Alert, DeliveryState, LinkState
from core.settings import get_settings
from core.status import Status, read_status
from core.stores import RedisUse
from core.together import NoAnswer, together
from core.vitals import Vendor, vendors

SECONDS = 5.0
"""How long all parts may take; Prometheus by itself waits for 10."""


@dataclass(frozen=True)
class Gauge:
    """One value that is told of, or several that differ in their labels."""

    name: str
    text: str
    labels: tuple[str, ...] = ()

    def of(self, values: Mapping[tuple[str, ...], float | None]) -> Metric:
        """Give it with its values; None is no value."""
        family = GaugeMetricFamily(self.name, self.text, labels=self.labels)
        for labels, value in values.items():
            if value is not None:
                family.add_metric(labels, value)
        return family

    def one(self, value: float | None) -> Metric:
        """Give it with its only value."""
        return self.of({(): value})


BUILD = Gauge("igw_build_info", "Always 1; the versions are labels.", ("version", "python"))
PART_UP = Gauge("igw_scrape_part_up", "Whether a part of this page could be read.", ("part",))
REDIS_UP = Gauge("igw_redis_up", "Whether Redis answers.")
LINKS = Gauge("igw_links", "Tasks of PeopleForce by the state of their link.", ("state",))
LINKS_WAITING = Gauge("igw_links_waiting", "Links with work that is due, or will be.")
LINKS_RETRYING = Gauge("igw_links_retrying", "Of those, the ones that failed three times or more.")
DELIVERIES = Gauge("igw_deliveries", "Webhooks that are kept, by what came of them.", ("state",))
LETTERS = Gauge(
    "igw_dead_letters", "What waits for a person: failed, or held for a tripped rule.", ("kind",)
)
RULES = Gauge("igw_rules_tripped", "Rules that were taken out of force, as they no longer fit.")
ALERTS = Gauge("igw_alerts_open", "Troubles that people were told of and that are not over.")
OLDEST = Gauge(
    "igw_oldest_work_age_seconds", "How long the oldest work of a domain waits.", ("domain",)
)
QUEUE = Gauge("igw_queue_messages", "Messages that wait in a queue.", ("queue",))
UNACKNOWLEDGED = Gauge("igw_queue_unacknowledged_messages", "Messages that workers work on.")
CANARY = Gauge(
    "igw_canary_age_seconds", "Time since a worker's canary came back through beat.", ("worker",)
)
POLL_AGE = Gauge("igw_poll_age_seconds", "Time since the last poll of PeopleForce began.")
POLL_WELL = Gauge("igw_poll_succeeded", "Whether the last poll of PeopleForce came to its end.")
POLL_SECONDS = Gauge("igw_poll_duration_seconds", "How long the last poll of PeopleForce took.")
POLL_INTERVAL = Gauge("igw_poll_interval_seconds", "Time that should lie between two polls.")
POLL_PAUSED = Gauge("igw_poll_paused", "Whether somebody has paused the polls.")
BREAKER = Gauge(
    "igw_vendor_breaker_state",
    "1 for the state that a vendor's breaker is in.",
    ("vendor", "state"),
)
RATE = Gauge(
    "igw_vendor_rate_limit_calls_per_second", "Calls that a vendor may be asked.", ("vendor",)
)
RATE_USED = Gauge(
    "igw_vendor_rate_used_calls", "Calls that the rate limit has not forgotten yet.", ("vendor",)
)
RATE_LEFT = Gauge(
    "igw_vendor_rate_left_calls", "Calls that may be made at once; 0 in a pause.", ("vendor",)
)
PAUSED = Gauge(
    "igw_vendor_pause_seconds", "For how long nobody calls, as a vendor asked.", ("vendor",)
)
REDIS_MEMORY = Gauge("igw_redis_memory_bytes", "Memory that Redis uses.")
REDIS_LIMIT = Gauge("igw_redis_memory_limit_bytes", "Memory that Redis may use; 0: no limit.")
DISK_FREE = Gauge("igw_disk_free_bytes", "Room that is left on the disk of the data folder.")

GAUGES = [one for one in globals().values() if isinstance(one, Gauge)]
"""All that can be told of."""


def metrics() -> list[Metric]:
    """Give everything, what the processes counted included."""
    settings = get_settings()
    questions: dict[str, Callable[[], object]] = {
        "counters": lambda: counted(settings),
        "status": read_status,
        "troubles": _troubles,
        "vendors": lambda: list(_of_vendors(vendors())),
        "redis": stores.redis,
        "machine": lambda: machine.machine(settings.data_dir),
    }
    found = together(questions, SECONDS)
    told = [
        BUILD.of({(version("integration-gateway"), python_version()): 1}),
        PART_UP.of({(name,): not isinstance(it, NoAnswer) for name, it in found.items()}),
    ]
    for part in found.values():
        told += _told(part)
    return told


def _troubles() -> list[Metric]:
    with reading() as session:
        count = session.scalar(select(func.count()).where(Alert.resolved_at.is_(None)))
        return [RULES.one(len(rule_states.tripped(session))), ALERTS.one(count or 0)]


def _told(part: object) -> Iterable[Metric]:
    match part:
        case Status():
            return _of_status(part, now())
        case RedisUse():
            return _of_redis(part)
        case MachineUse():
            return [DISK_FREE.one(part.disk_free)]
        case list():
            return part
    return []


def _of_status(status: Status, moment: datetime) -> Iterator[Metric]:
    yield REDIS_UP.one(status.redis_answers)
    yield LINKS.of({(state.value,): status.links.get(state.value, 0) for state in LinkState})
    yield LINKS_WAITING.one(status.links_waiting)
    yield LINKS_RETRYING.one(status.links_retrying)
    yield DELIVERIES.of(
        {(state.value,): status.deliveries.get(state.value, 0) for state in DeliveryState}
    )
    yield LETTERS.of({("failed",): status.dead_letters, ("held",): status.held})
    yield OLDEST.of(
        {
            (domain,): max(0.0, (moment - since).total_seconds()) if since is not None else 0.0
            for domain, since in status.oldest.items()
        }
    )
    yield QUEUE.of({(queue,): count for queue, count in status.queues.items()})
    yield CANARY.of({(worker,): age for worker, age in status.canaries.items()})
    age = status.poll_age
    yield POLL_AGE.one(age.total_seconds() if age is not None else None)
    yield POLL_WELL.one("error" not in status.last_poll if status.last_poll is not None else None)
    yield POLL_SECONDS.one(status.last_poll["seconds"] if status.last_poll is not None else None)
    yield POLL_INTERVAL.one(status.poll_seconds)
    yield POLL_PAUSED.one(status.poll_paused)


def _of_redis(redis: RedisUse) -> Iterator[Metric]:
    yield UNACKNOWLEDGED.one(redis.unacknowledged)
    yield REDIS_MEMORY.one(redis.memory)
    yield REDIS_LIMIT.one(redis.memory_limit)


def _of_vendors(asked: list[Vendor]) -> Iterator[Metric]:
    yield BREAKER.of(
        {
            (vendor.name, state.value): vendor.breaker.state is state
            for vendor in asked
            for state in BreakerState
        }
    )
    yield RATE.of({(vendor.name,): vendor.per_second for vendor in asked})
    yield RATE_USED.of({(vendor.name,): vendor.budget.calls for vendor in asked})
    yield RATE_LEFT.of({(vendor.name,): _left(vendor) for vendor in asked})
    yield PAUSED.of({(vendor.name,): vendor.budget.paused_seconds for vendor in asked})


def _left(vendor: Vendor) -> float:
    if vendor.budget.paused_seconds:
        return 0.0
    return max(0.0, vendor.per_second - vendor.budget.calls)
