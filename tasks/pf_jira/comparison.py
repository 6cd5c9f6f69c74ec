"""What a poll saw against what the ledger knows. Pure: no I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from connectors.peopleforce.models import Task, record_hash
from core.ledger import Known, Sighting
from core.models import LinkState
from core.search import search_text
from core.waiting import LONGEST_WAIT

PUSH_MARGIN = timedelta(seconds=5)
"""What PeopleForce showed this soon after our own write may still be the past."""

TRACKED = frozenset(LinkState) - {LinkState.VANISHED}
"""States in which a task's disappearance from the open list asks something of us.

Also of what was given up: its issue may exist, and the task's completion is a change that deserves
another attempt. Of what was left out we want to know that nobody needs to ask for it any more.
"""


@dataclass
class Comparison:
    """The outcome of comparing a list of open tasks with the ledger."""

    sightings: list[Sighting] = field(default_factory=list)
    missing: dict[str, Known] = field(default_factory=dict)
    """Links that were open and are not in the list: completed, deleted or shifted away."""


def compare(
    tasks: Iterable[Task],
    known: Mapping[str, Known],
    *,
    began: datetime,
    start: date | None,
) -> Comparison:
    """Say which records are new or changed and which known open ones are missing.

    `known` holds at least all open links and those of the tasks given. `began` is when the reading
    of the list began: a record that we wrote to after that is left for the next poll, because the
    list may show it as it was before. Tasks created before `start` are left alone.
    """
    result = Comparison()
    seen: set[str] = set()
    for task in tasks:
        source_id = str(task.id)
        seen.add(source_id)
        link = known.get(source_id)
        if link is None and _before(task, start):
            continue
        if link is not None and pushed_since(link, began):
            continue
        record = task.to_record()
        seen_hash = record_hash(record)
        if link is None or _differs(link, seen_hash):
            result.sightings.append(sighting(task, link, record, seen_hash))
    result.missing = {
        source_id: link
        for source_id, link in known.items()
        if source_id not in seen
        and not link.completed
        and link.state in TRACKED
        and not pushed_since(link, began)
    }
    return result


def sighting(
    task: Task, link: Known | None, record: dict | None = None, seen_hash: str | None = None
) -> Sighting:
    """Give what the ledger writes down of a task."""
    record = record if record is not None else task.to_record()
    people = (task.assigned_to, task.associated_to)
    return Sighting(
        link_id=link.link_id if link else None,
        source_id=str(task.id),
        snapshot=record,
        seen_hash=seen_hash or record_hash(record),
        search_text=search_text(
            task.title, *(part for one in people if one for part in (one.full_name, one.email))
        ),
    )


def pushed_since(link: Known, began: datetime) -> bool:
    """Say whether we wrote to the task so late that a reading begun at `began` may not show it.

    A moment far ahead of the reading was written before the machine's clock was set back.
    """
    if link.pushed_at is None:
        return False
    return began - PUSH_MARGIN < link.pushed_at <= began + LONGEST_WAIT


def _differs(link: Known, seen_hash: str) -> bool:
    return link.seen_hash != seen_hash or link.state is LinkState.VANISHED or link.missing_scans > 0


def _before(task: Task, start: date | None) -> bool:
    if start is None:
        return False
    day = (task.created_at or task.starts_on or "")[:10]
    # A task without any date cannot be shown to be old, so it is taken.
    return day != "" and day < start.isoformat()
