"""How much was done in the last day, and how long work had to wait, in quarters of an hour.

The counts are made from the activity and the deliveries, once a minute and for the newest quarters
alone, and set as they are found. So a page reads a few hundred rows however much was done, whoever
does the work writes nothing more for it, and counting twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from core import lanes
from core.clock import now
from core.domains import load_domains
from core.models import Activity, Delivery, Measurement

BUCKET = timedelta(minutes=15)
DAY = timedelta(hours=24)

KEEP = timedelta(days=7)
"""How long measurements are kept: a page shows a day, and after a weekend somebody may ask."""

WAIT = "wait"
"""The longest that work had waited at any look within the quarter, in seconds."""

TO_JIRA = tuple(
    f"activity:{action}"
    for action in ("created", "adopted", "updated", "issue_completed", "issue_reopened")
)
TO_PEOPLEFORCE = ("activity:task_completed", "activity:task_reopened")
WEBHOOKS = ("delivery:done", "delivery:ignored", "delivery:dead")
GIVEN_UP = ("activity:given_up", "delivery:dead")
HELD = ("activity:held",)


@dataclass(frozen=True)
class Point:
    """A sum over one quarter of an hour; `value` is None where nobody measured."""

    at: datetime
    value: int | None


def bucket(moment: datetime) -> datetime:
    """Give the beginning of the quarter of an hour that a moment is in. Pure."""
    seconds = int(BUCKET.total_seconds())
    return datetime.fromtimestamp(int(moment.timestamp()) // seconds * seconds, UTC)


def measure(session: Session) -> None:
    """Bring the measurements up to now; after a pause, for the day that a page shows.

    The wait is written in each run, a wait of 0 too: a quarter without any row is one in which
    nobody measured.
    """
    moment = now()
    present = bucket(moment)
    last = session.scalar(select(func.max(Measurement.at)))
    earliest = present - DAY + BUCKET
    # One quarter more: a row has the moment at which its transaction began.
    first = max(earliest, last - BUCKET) if last is not None else earliest
    known = {
        (row.at, row.domain, row.name): row
        for row in session.scalars(select(Measurement).where(Measurement.at >= first))
    }
    for at in _buckets(first, present):
        for domain, name, count in _counts(session, at):
            _set(session, known, (at, domain, name), count)
    for domain, since in lanes.oldest(session).items():
        waited = int((moment - since).total_seconds()) if since is not None else 0
        before = known.get((present, domain, WAIT))
        _set(
            session,
            known,
            (present, domain, WAIT),
            max(0, waited, before.value if before is not None else 0),
        )
    session.execute(delete(Measurement).where(Measurement.at < present - KEEP))


def last_day(session: Session) -> list[Measurement]:
    """Give what was measured in the last 24 hours, the present quarter included."""
    first = bucket(now()) - DAY + BUCKET
    return list(session.scalars(select(Measurement).where(Measurement.at >= first)))


def series(
    rows: Sequence[Measurement], names: Collection[str], moment: datetime, *, highest: bool = False
) -> list[Point]:
    """Give a day's points that end at `moment`: the sum of some measurements, of all domains. Pure.

    With `highest`, the highest of them: a wait is no sum.
    """
    measured = {row.at for row in rows}
    values: dict[datetime, list[int]] = {}
    for row in rows:
        if row.name in names:
            values.setdefault(row.at, []).append(row.value)
    combine = max if highest else sum
    present = bucket(moment)
    return [
        Point(at, combine(values.get(at, [0])) if at in measured else None)
        for at in _buckets(present - DAY + BUCKET, present)
    ]


def _buckets(first: datetime, last: datetime) -> Iterator[datetime]:
    while first <= last:
        yield first
        first += BUCKET


def _counts(session: Session, at: datetime) -> Iterator[tuple[str, str, int]]:
    actions = session.execute(
        select(Activity.domain, Activity.action, func.count())
        .where(Activity.at >= at, Activity.at < at + BUCKET)
        .group_by(Activity.domain, Activity.action)
    )
    for domain, action, count in actions:
        yield domain, f"activity:{action}", count
    outcomes = session.execute(
        select(Delivery.source, Delivery.state, func.count())
        .where(Delivery.finished_at >= at, Delivery.finished_at < at + BUCKET)
        .group_by(Delivery.source, Delivery.state)
    )
    owners = {hook.source: domain.name for domain in load_domains() for hook in domain.webhooks}
    found: dict[tuple[str, str], int] = {}
    for source, state, count in outcomes:
        key = owners.get(source, source), f"delivery:{state.value}"
        found[key] = found.get(key, 0) + count
    for (domain, name), count in found.items():
        yield domain, name, count


_Key = tuple[datetime, str, str]


def _set(session: Session, known: dict[_Key, Measurement], key: _Key, value: int) -> None:
    row = known.get(key)
    if row is not None:
        row.value = value
        return
    at, domain, name = key
    known[key] = Measurement(at=at, domain=domain, name=name, value=value)
    session.add(known[key])
