"""Trying again what was given up: the work becomes due, and the usual way takes it from there."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from sqlalchemy import update
from sqlalchemy.orm import Session

from core import activity, dead_letters
from core.clock import now
from core.database import reading, writing
from core.dead_letters import EVERY, Letters
from core.models import DeadLetter, DeadLetterState, Delivery, DeliveryState, Link, LinkState

AT_ONCE = 500
"""Letters in one transaction: writers wait for milliseconds, not for the whole replay."""


@dataclass
class Replayed:
    """What was made due: the ids of links, and those of deliveries by the task that takes them."""

    links: list[int] = field(default_factory=list)
    deliveries: dict[str, list[int]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.links) + sum(len(ids) for ids in self.deliveries.values())


def replay_letters(wanted: Letters = EVERY) -> Replayed:
    """Make due whatever some open dead letters are about.

    Opens transactions of its own, so that thousands of letters do not hold up the others. What
    fails again meanwhile is a new letter, and is left alone.
    """
    replayed = Replayed()
    if wanted.up_to is None:
        with reading() as session:
            wanted = replace(wanted, up_to=dead_letters.last_of(session, wanted))
    while True:
        with writing() as session:
            count = replay_some(session, wanted, replayed)
        if not count:
            return replayed


def replay_some(session: Session, wanted: Letters, replayed: Replayed) -> int:
    """Make due what the oldest `AT_ONCE` of some open letters are about; say how many those are."""
    letters = dead_letters.open_letters(session, AT_ONCE, wanted)
    for letter in letters:
        _replay(session, letter, replayed)
    return len(letters)


def _replay(session: Session, letter: DeadLetter, replayed: Replayed) -> None:
    if letter.unit == "link" and (link := session.get(Link, letter.unit_id)):
        replay_link(session, letter.domain, link)
        replayed.links.append(link.id)
    elif letter.unit == "delivery" and (row := session.get(Delivery, letter.unit_id)):
        replay_delivery(session, row)
        replayed.deliveries.setdefault(row.task or "", []).append(row.id)
    else:
        # What it was about was cleared out by age; a letter that stays open would come up for ever.
        dead_letters.close(session, letter.unit, letter.unit_id, DeadLetterState.RESOLVED)


def replay_link(session: Session, domain: str, link: Link) -> None:
    """Make a link's work due, whatever came of it before.

    A person who asks for it wants an issue again that was deleted in Jira.
    """
    deleted = link.state is LinkState.ISSUE_DELETED
    session.execute(
        update(Link)
        .where(Link.id == link.id)
        .values(
            **Link.due(now()),
            attempts=0,
            state=LinkState.PENDING if deleted else Link.state,
            updated_at=now(),
        )
    )
    dead_letters.close(session, "link", link.id, DeadLetterState.REPLAYED)
    activity.note(
        session,
        domain,
        link.source_id,
        activity.REPLAYED,
        "A person asked to try it again.",
        issue_key=link.issue_key,
    )


def replay_delivery(session: Session, delivery: Delivery) -> None:
    """Make a webhook delivery due, whatever came of it before."""
    session.execute(
        update(Delivery)
        .where(Delivery.id == delivery.id)
        .values(state=DeliveryState.RETRYING, due_at=now(), attempts=0, finished_at=None)
    )
    dead_letters.close(session, "delivery", delivery.id, DeadLetterState.REPLAYED)
