"""Replays as people ask for them: done once for each nonce, audited, and published.

A single record is made due at once. Of many, the row is written and a worker does it piece by
piece, so that whoever asked can watch and nobody's request lasts for thousands of records.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import audit, dead_letters, replay_once
from core.database import writing
from core.dead_letters import Letters
from core.dispatch import DELIVERIES_AT_ONCE, LINKS_AT_ONCE, publish, publish_batches
from core.models import Delivery, Link, Replay
from core.replay import Replayed, replay_delivery, replay_link, replay_some

DOMAIN, SYNC = "pf_jira", "pf_jira.sync"
"""The domain whose records the ledger holds, and its task that takes links."""

TASK = "ops.replay"
"""The worker's task that goes through with a replay of many."""

ACTION = "replayed"
"""The audit's word for it."""


@dataclass(frozen=True)
class Request:
    """Who wants a replay, and the nonce by which it is known if it is asked for again."""

    author: str
    nonce: str


def replay_record(link: Link, asked: Request) -> Replay | None:
    """Try a task again; give the replay that did it before, where the nonce is known already.

    Raises `core.replay_once.NonceTakenError` where the nonce was used for something else.
    """
    what = f"task {link.source_id}"
    with writing() as session:
        known = _begun_before(session, what, asked)
        if known is None:
            replay_link(session, DOMAIN, link)
    if known is None:
        publish(SYNC, [link.id])
    return known


def replay_webhook(delivery: Delivery, asked: Request) -> Replay | None:
    """Work on a webhook again; as `replay_record`. Its topic must have a task."""
    what = f"delivery {delivery.id}"
    with writing() as session:
        known = _begun_before(session, what, asked)
        if known is None:
            replay_delivery(session, delivery)
    if known is None:
        publish(delivery.task or "", [delivery.id])
    return known


def _begun_before(session: Session, what: str, asked: Request) -> Replay | None:
    row = replay_once.begin(session, asked.nonce, what, asked.author)
    if row.finished_at is not None:
        return row
    audit.note(session, asked.author, ACTION, what, after={"nonce": asked.nonce})
    replay_once.finish(session, row.id)
    return None


def begin_many(what: str, wanted: Letters, asked: Request) -> int:
    """Have a worker try many dead letters again, and give the replay's id, to be watched by.

    Only the letters that are open now are meant. Asked for again with the nonce, it is the same
    replay. Raises as `replay_record` does.
    """
    with writing() as session:
        last = dead_letters.last_of(session, wanted)
        row = replay_once.begin(session, asked.nonce, what, asked.author, last)
        if row.wanted is None and row.finished_at is None:
            wanted = replace(wanted, up_to=last)
            row.wanted, row.total = wanted.as_json(), dead_letters.count_open(session, wanted)
            why = f"{row.total:,} dead letters"
            audit.note(session, asked.author, ACTION, what, after={"nonce": asked.nonce}, why=why)
        replay_id = row.id
    publish(TASK, replay_id)
    return replay_id


def go_on(replay_id: int) -> None:
    """Make due what is left of a replay, piece by piece, and publish it.

    Safe to run twice, also at once: a letter that was replayed is not open any more, and the
    replay's row is locked while a piece is done.
    """
    while True:
        with writing() as session:
            row = session.scalar(select(Replay).where(Replay.id == replay_id).with_for_update())
            if row is None or row.wanted is None or row.finished_at is not None:
                return
            replayed = Replayed()
            letters = replay_some(session, Letters.from_json(row.wanted), replayed)
            row.done += letters
            if not letters:
                replay_once.finish(session, row.id)
        publish_all(replayed)
        if not letters:
            return


def publish_all(replayed: Replayed) -> None:
    """Publish what was made due."""
    publish_batches(SYNC, replayed.links, LINKS_AT_ONCE)
    for task, ids in replayed.deliveries.items():
        publish_batches(task, ids, DELIVERIES_AT_ONCE)


def unfinished(session: Session, limit: int = 10) -> list[int]:
    """Give the replays that a worker has still to go through with, the oldest first."""
    rows = select(Replay.id).where(Replay.finished_at.is_(None), Replay.wanted.is_not(None))
    return list(session.scalars(rows.order_by(Replay.id).limit(limit)))
