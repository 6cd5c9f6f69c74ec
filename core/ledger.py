"""The ledger: which PeopleForce task is which Jira issue, and what is still to be done.

Work on a link goes through `claim`, so that one process at a time works on one record. A link has
work waiting while `due_at` is set; whoever sets it publishes, and `take_due` publishes again what
was lost on the way.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import and_, func, insert, or_, select, true, update
from sqlalchemy.orm import Session

from core.clock import now
from core.models import Link, LinkState
from core.waiting import LONGEST_WAIT, has_come, is_free, unlocked

T = TypeVar("T")

REPUBLISH = timedelta(seconds=45)
"""How long published work may wait in the queue before it is sent again."""

SOON = timedelta(seconds=3)
"""Waits that `take_due`, which is called every ten seconds, would make much longer."""

CHUNK = 500
"""Ids in one statement; SQLite takes 32,766 parameters at most, other builds fewer."""


@dataclass(frozen=True, slots=True)
class Known:
    """What a poll needs to know of a link to see whether its task changed."""

    link_id: int
    source_id: str
    state: LinkState
    completed: bool
    seen_hash: str
    missing_scans: int
    pushed_at: datetime | None
    has_issue: bool


@dataclass(frozen=True, slots=True)
class Sighting:
    """A source record as a poll saw it: new where `link_id` is None."""

    link_id: int | None
    source_id: str
    snapshot: Mapping[str, Any]
    seen_hash: str
    search_text: str


_KNOWN = (
    Link.id,
    Link.source_id,
    Link.state,
    Link.completed,
    Link.seen_hash,
    Link.missing_scans,
    Link.pushed_at,
    Link.issue_id.is_not(None),
)


def known_open(session: Session, source: str) -> dict[str, Known]:
    """Give the links whose task was open when last seen, by source id.

    One query over the index of open links; the many completed ones are not touched.
    """
    rows = session.execute(select(*_KNOWN).where(Link.source == source, Link.completed.is_(False)))
    return {row[1]: Known(*row) for row in rows}


def known_among(session: Session, source: str, source_ids: Collection[str]) -> dict[str, Known]:
    """Give the links of these source ids, whatever their state."""
    found: dict[str, Known] = {}
    for chunk in chunks(sorted(source_ids)):
        rows = session.execute(
            select(*_KNOWN).where(Link.source == source, Link.source_id.in_(chunk))
        )
        found.update((row[1], Known(*row)) for row in rows)
    return found


def seen_completed(session: Session, link_ids: Collection[int]) -> set[int]:
    """Give those of some links whose newest snapshot shows the task as completed."""
    completed = Link.snapshot["completed"].as_boolean()
    found: set[int] = set()
    for chunk in chunks(sorted(link_ids)):
        found.update(session.scalars(select(Link.id).where(Link.id.in_(chunk), completed)))
    return found


def note_sightings(
    session: Session,
    source: str,
    sightings: Iterable[Sighting],
    *,
    unless_pushed_since: datetime | None = None,
) -> list[int]:
    """Write new and changed records down as waiting work and give their link ids.

    A record that we changed at the source after `unless_pushed_since` is left out: what was seen of
    it may be from before that change. So is one that we may have changed without hearing so: what
    was seen may be our own work, and whoever asked for it comes back to it. This is asked here, in
    the transaction that writes, because the change may have been made after the sightings were
    compared with the ledger.
    """
    moment = now()
    new: list[dict[str, Any]] = []
    changed: list[dict[str, Any]] = []
    for sighting in sightings:
        values = {
            "snapshot": dict(sighting.snapshot),
            "seen_hash": sighting.seen_hash,
            "search_text": sighting.search_text,
            "due_at": moment + REPUBLISH,
            "attempts": 0,
            "missing_scans": 0,
            "updated_at": moment,
        }
        if sighting.link_id is None:
            new.append(
                {
                    **values,
                    "source": source,
                    "source_id": sighting.source_id,
                    "state": LinkState.PENDING,
                    "completed": False,
                    "waiting_since": moment,
                    "created_at": moment,
                }
            )
        else:
            changed.append({"id": sighting.link_id, **values})
    ids: list[int] = []
    if new:
        ids.extend(session.scalars(insert(Link).returning(Link.id), new))
    if changed and unless_pushed_since is not None:
        links = session.execute(
            select(Link.id, Link.pushed_at, Link.intent_at, Link.issue_id)
            .where(Link.id.in_([row["id"] for row in changed]))
            .order_by(Link.id)
            .with_for_update()
        )
        ours = {
            link.id
            for link in links
            if _pushed_since(link.pushed_at, unless_pushed_since)
            or (link.issue_id is not None and _unanswered(link.intent_at))
        }
        changed = [row for row in changed if row["id"] not in ours]
    if changed:
        moved = [row["id"] for row in changed]
        for chunk in chunks(moved):
            # By itself: an UPDATE of many rows with values of their own takes no expression.
            statement = update(Link).where(Link.id.in_(chunk)).values(Link.due(moment + REPUBLISH))
            session.execute(statement, execution_options={"synchronize_session": False})
        session.execute(update(Link), changed)
        ids.extend(moved)
    return sorted(ids)


def _pushed_since(pushed_at: datetime | None, moment: datetime) -> bool:
    # What lies in the future was written before the clock was set back.
    return pushed_at is not None and moment < pushed_at <= now()


def _unanswered(intent_at: datetime | None) -> bool:
    """Say whether a write to the source was begun whose answer somebody still waits for.

    Each attempt writes a new intent, and no attempt waits longer for the next one. Where nobody
    comes back to it, because a person skipped it for instance, what is seen is believed again.
    """
    return intent_at is not None and now() - LONGEST_WAIT < intent_at <= now()


def claim(
    session: Session,
    ids: Sequence[int],
    owner: str,
    lease: timedelta,
    *,
    only_waiting: bool = False,
) -> list[Link]:
    """Take the links that nobody else is working on; `only_waiting` leaves out finished ones.

    `owner` is the Celery task's id: the same message, delivered again after its worker died, takes
    its own claims over at once. Others wait until the lease has run out. What somebody writes at
    this moment is left to him: he publishes after his commit, or took the work himself.
    """
    moment = now()
    free = or_(is_free(Link.claimed_until, moment), Link.claimed_by == owner)
    wanted = Link.due_at.is_not(None) if only_waiting else true()
    taken = session.scalars(
        update(Link)
        .where(Link.id.in_(unlocked(select(Link.id).where(Link.id.in_(ids), free, wanted))))
        .values(claimed_by=owner, claimed_until=moment + lease, updated_at=Link.updated_at)
        .returning(Link),
        execution_options={"populate_existing": True},
    )
    return sorted(taken, key=lambda link: link.id)


def held(session: Session, link_id: int, owner: str) -> Link | None:
    """Give a claimed link as it is now, locked; None where the claim has gone to somebody else.

    Between the claim and this moment a poll may have written a newer snapshot.
    """
    return session.scalar(
        select(Link).where(Link.id == link_id, Link.claimed_by == owner).with_for_update()
    )


def take_due(session: Session, limit: int = CHUNK) -> list[int]:
    """Give the links whose work is due to be published again, and move their next turn on."""
    moment = now()
    due = (
        select(Link.id)
        .where(has_come(Link.due_at, moment), is_free(Link.claimed_until, moment))
        .order_by(Link.due_at)
        .limit(limit)
    )
    taken = session.scalars(
        update(Link)
        .where(Link.id.in_(unlocked(due)))
        .values(**Link.due(moment + REPUBLISH), updated_at=Link.updated_at)
        .returning(Link.id)
    )
    return sorted(taken)


def hurry(session: Session, link_ids: Collection[int]) -> list[int]:
    """Make due what was postponed of some links, and give their ids, to be published at once.

    What nobody has tried yet is on its way already, and what comes back within seconds needs no
    help.
    """
    moment = now()
    hurried = session.scalars(
        update(Link)
        .where(
            Link.id.in_(link_ids),
            Link.due_at > moment + SOON,
            Link.attempts > 0,
            is_free(Link.claimed_until, moment),
        )
        .values(**Link.due(moment + REPUBLISH), updated_at=Link.updated_at)
        .returning(Link.id)
    )
    return sorted(hurried)


def by_issue(session: Session, issue_ids: Collection[str]) -> list[Link]:
    """Give the links of these Jira issues."""
    found: list[Link] = []
    for chunk in chunks(sorted(issue_ids)):
        found.extend(session.scalars(select(Link).where(Link.issue_id.in_(chunk))))
    return found


def open_issues(session: Session, source: str, after: int, limit: int) -> list[tuple[int, str]]:
    """Give links and issue ids of tasks that are open on both sides, by id, from after `after`."""
    rows = session.execute(
        select(Link.id, Link.issue_id)
        .where(
            Link.source == source,
            Link.completed.is_(False),
            Link.issue_id.is_not(None),
            Link.id > after,
        )
        .order_by(Link.id)
        .limit(limit)
    )
    return [(link_id, issue_id) for link_id, issue_id in rows if issue_id is not None]


def find(session: Session, source: str, word: str) -> Link | None:
    """Find a link by its task's id or its issue's key."""
    # The source in both halves: asked once for both, SQLite reads all links of the source.
    by_id = and_(Link.source == source, Link.source_id == word)
    by_key = and_(Link.source == source, Link.issue_key == word.upper())
    return session.scalar(select(Link).where(or_(by_id, by_key)).limit(1))


def count_by_state(session: Session) -> dict[str, int]:
    """Count the links in each state."""
    rows = session.execute(select(Link.state, func.count()).group_by(Link.state))
    return {state.value: count for state, count in rows}


def chunks(items: Sequence[T]) -> Iterator[Sequence[T]]:
    """Cut a sequence into parts that fit into one statement."""
    for start in range(0, len(items), CHUNK):
        yield items[start : start + CHUNK]
