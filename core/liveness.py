"""Whether the gateway does its work: a canary per worker goes through beat, queue, worker and back.

A ping says that a process is there. The age of a canary says that beat sends, that the broker
carries, and that the worker takes and finishes something.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from core.breaker import BreakerStatus
from core.domains import all_workers, load_domains
from core.redis_client import NAMESPACE, get_prompt_redis, get_redis

EVERY_SECONDS = 60.0

LATE_SECONDS = 180.0
"""Two canaries may be lost or wait behind a long task; a third one that is missing is no chance."""

DOWN_FOR = timedelta(minutes=5)
"""How long a vendor may be down before people hear of it: most outages end by themselves."""

STORE_KEPT_SECONDS = 600
"""How long it is known that the database took no webhook: people hear of it once it takes their
alert, which may be minutes later."""

_STORE = f"{NAMESPACE}store_refused"
_CANARIES = f"{NAMESPACE}canaries"
_BEATS = f"{NAMESPACE}beats"
_BEATS_KEPT = 3600

# A canary's beat: when it was first and last heard of. Two beats are told from one that was started
# anew by the older being heard of again after the younger began.
_NOTE = """
local clock = redis.call('TIME')
local now = clock[1] + clock[2] / 1000000
redis.call('HSET', KEYS[1], ARGV[1], string.format('%.3f', now))
redis.call('HSETNX', KEYS[2], ARGV[2] .. ' first', string.format('%.3f', now))
redis.call('HSET', KEYS[2], ARGV[2] .. ' last', string.format('%.3f', now))
redis.call('EXPIRE', KEYS[2], ARGV[3])
return 1
"""


@dataclass(frozen=True)
class Trouble:
    """Something that does not do its work; `cause` is what makes two alerts about it one."""

    cause: str
    title: str
    text: str


def note(worker: str, beat: str) -> None:
    """Note that a worker's canary arrived, sent by `beat`: its name, as Celery gives it."""
    get_redis().eval(_NOTE, 2, _CANARIES, _BEATS, worker, beat, _BEATS_KEPT)


def ages() -> dict[str, float | None]:
    """Give the seconds since each worker's last canary; None where there was none yet."""
    client = get_redis()
    known = cast("dict[str, str]", client.hgetall(_CANARIES))
    moment = _now()
    return {
        worker.name: max(0.0, moment - float(known[worker.name])) if worker.name in known else None
        for worker in all_workers(load_domains())
    }


def beats() -> list[str]:
    """Give the beats that send at the same time; more than one is one too many."""
    known = cast("dict[str, str]", get_redis().hgetall(_BEATS))
    names = {field.rpartition(" ")[0] for field in known}
    times = {name: (float(known[f"{name} first"]), float(known[f"{name} last"])) for name in names}
    return beats_at_once(times, _now())


def beats_at_once(times: Mapping[str, tuple[float, float]], moment: float) -> list[str]:
    """Give the beats that overlap, from when each was first and last heard of. Pure.

    A beat that ended when the next one began, as in a restart, does not count.
    """
    alive = {name: span for name, span in times.items() if moment - span[1] < LATE_SECONDS}
    youngest = max((first for first, _ in alive.values()), default=0.0)
    return sorted(name for name, (_, last) in alive.items() if last >= youngest)


def note_store_refused(why: str) -> None:
    """Note that the database did not take a webhook; raises `redis.RedisError` within seconds."""
    get_prompt_redis().set(_STORE, why, ex=STORE_KEPT_SECONDS)


def store_refused() -> Trouble | None:
    """Say that senders were sent away lately because the database took nothing."""
    why = get_redis().get(_STORE)
    if why is None:
        return None
    return Trouble(
        "store",
        "Webhooks were refused: the database took nothing",
        f"The gateway answered them with 503 because of this: {why}. Jira sends each of them again "
        "a few times; what it gives up is found by the nightly sweep. See `igw doctor` for the "
        "room on the disk, and data/logs/gateway.log for how often and since when.",
    )


def troubles(known: Mapping[str, float | None], up_for: float) -> list[Trouble]:
    """Say what does not do its work, from the canaries' ages. Pure.

    `up_for` is for how many seconds the asker has been running: what it never heard of has had no
    longer to come.
    """
    late = {
        worker: age if age is not None else up_for
        for worker, age in known.items()
        if (age if age is not None else up_for) > LATE_SECONDS
    }
    if late and len(late) == len(known):
        minutes = round(min(late.values()) / 60)
        return [
            Trouble(
                "canaries:all",
                "Beat sends nothing",
                f"No scheduled work was done for {minutes} minutes: no poll, no retry, no alert. "
                "Beat hangs or is not running; nothing is lost, and all of it is caught up "
                "afterwards. Restart the gateway (or the process `beat`), and see its log in "
                "data/logs/beat.log.",
            )
        ]
    return [
        Trouble(
            f"canaries:{worker}",
            f"The worker {worker} does not do its work",
            f"Its last canary came back {round(age / 60)} minutes ago; those of other workers do. "
            f"Work for {worker} waits in its queue, and nothing is lost. See `igw status` and "
            f"data/logs/worker-{worker}.log; restart the process `worker-{worker}`.",
        )
        for worker, age in late.items()
    ]


def two_beats(names: list[str]) -> Trouble | None:
    """Say that beat runs twice. Pure."""
    if len(names) < 2:  # noqa: PLR2004 - twice
        return None
    return Trouble(
        "beats",
        "Beat runs more than once",
        f"{', '.join(names)} send at the same time. No work is done twice for it, since each turn "
        "is taken once; but one of them is left over from a deployment. Stop all but one.",
    )


def vendors_down(breakers: Iterable[BreakerStatus], moment: datetime) -> list[Trouble]:
    """Say which vendors have not answered for so long that people should know. Pure."""
    return [
        Trouble(
            f"vendor_down:{it.vendor}",
            f"{it.vendor.capitalize()} does not answer",
            f"No call to {it.vendor} succeeded since {it.since:%Y-%m-%d %H:%M} UTC. It is asked "
            "again every minute; all work with it waits, and nothing is lost. See whether it is "
            "down for everybody; if it is not, `igw doctor` says what keeps the gateway from it.",
        )
        for it in breakers
        if it.since is not None and moment - it.since > DOWN_FOR
    ]


CAUSES = ("canaries:", "beats", "vendor_down:", "store")
"""How the causes begin under which this module's troubles are told."""


def _now() -> float:
    seconds, micros = get_redis().time()
    return seconds + micros / 1e6
