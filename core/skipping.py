"""Taking waiting work out of the way on purpose, with a note for whoever asks later."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import activity, audit, dead_letters, inbox
from core.clock import now
from core.errors import GatewayError
from core.models import DeadLetter, DeadLetterState, Delivery, DeliveryState, Link, LinkState

ACTION = "skipped"
_AFTER = {"state": ACTION}


class NotSkippedError(GatewayError):
    """Nothing was skipped; the message says why and what to do."""


@dataclass
class Skipped:
    """What was taken out of the way: the task's change, and webhooks by their ids."""

    record: str
    change: bool = False
    deliveries: list[int] = field(default_factory=list)

    def __str__(self) -> str:
        parts = ["its waiting change"] if self.change else []
        if self.deliveries:
            named = ", ".join(map(str, self.deliveries))
            parts.append(f"deliver{'ies' if len(self.deliveries) > 1 else 'y'} {named}")
        return " and ".join(parts)


@dataclass(frozen=True)
class Request:
    """Who wants something skipped, and why; `domain` is the one that does the work."""

    domain: str
    author: str
    note: str


def skip_record(session: Session, link: Link, source: str, asked: Request) -> Skipped:
    """Skip all work that waits for a link: its change, and the webhooks of `source` about it.

    A change that a person was to look at counts, too. The record itself is left as it is, and its
    next change is worked on as usual. Raises `NotSkippedError` where nothing waits, or where
    somebody is working on it at this moment.
    """
    link = session.scalars(
        select(Link)
        .where(Link.id == link.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    deliveries = _waiting_about(session, source, link.issue_id)
    letter = _open_letter(session, "link", link.id)
    _refuse_if_held(f"Task {link.source_id}", link.claimed_until)
    for delivery in deliveries:
        _refuse_if_held(_name(delivery), delivery.claimed_until)
    if link.due_at is None and letter is None and not deliveries:
        raise NotSkippedError(
            f"Nothing waits for task {link.source_id}: there is nothing to skip. "
            f"See what happened to it: igw why {link.source_id}"
        )
    skipped = Skipped(link.source_id)
    before = {"state": link.state.value, "reason": link.reason}
    if link.due_at is not None or letter is not None:
        _skip_change(session, link, letter, asked)
        skipped.change = True
    for delivery in deliveries:
        _skip_delivery(session, delivery, asked.note)
        skipped.deliveries.append(delivery.id)
    _tell(session, asked, link.source_id, link.issue_key, str(skipped))
    about = f"task {link.source_id}"
    audit.note(session, asked.author, ACTION, about, before=before, after=_AFTER, why=asked.note)
    return skipped


def skip_delivery(session: Session, delivery: Delivery, asked: Request) -> None:
    """Skip one webhook that waits, or that was given up; raises as `skip_record` does."""
    delivery = session.scalars(
        select(Delivery)
        .where(Delivery.id == delivery.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    if not (delivery.state.waiting or delivery.state is DeliveryState.DEAD):
        raise NotSkippedError(
            f"{_name(delivery)} does not wait: it is {delivery.state.value}. "
            "There is nothing to skip."
        )
    _refuse_if_held(_name(delivery), delivery.claimed_until)
    before = {"state": delivery.state.value, "reason": delivery.reason}
    _skip_delivery(session, delivery, asked.note)
    what = f"delivery {delivery.id}"
    link = session.scalar(select(Link).where(Link.issue_id == delivery.record_id).limit(1))
    if link is None:
        _tell(session, asked, delivery.record_id or what, None, what)
    else:
        _tell(session, asked, link.source_id, link.issue_key, what)
    audit.note(session, asked.author, ACTION, what, before=before, after=_AFTER, why=asked.note)


def _tell(session: Session, asked: Request, record: str, issue_key: str | None, what: str) -> None:
    summary = f"A person took {what} out of the way: {asked.note}"
    activity.note(session, asked.domain, record, ACTION, summary, issue_key=issue_key)


def _skip_change(session: Session, link: Link, letter: DeadLetter | None, asked: Request) -> None:
    dead_letters.close(session, "link", link.id, DeadLetterState.RESOLVED)
    session.add(
        DeadLetter(
            domain=asked.domain,
            unit="link",
            unit_id=link.id,
            record=link.source_id,
            reason=f"Skipped: {asked.note}",
            attempts=max(link.attempts, letter.attempts if letter else 0),
            rule_id=link.rule_id,
            state=DeadLetterState.RESOLVED,
            closed_at=now(),
        )
    )
    # An attempt to create that was never answered keeps its moment: what comes next looks for the
    # issue before it makes one.
    link.state, link.reason = LinkState.SKIPPED, f"skipped: {asked.note}"
    link.due_at, link.attempts = None, 0


def _skip_delivery(session: Session, delivery: Delivery, note: str) -> None:
    dead_letters.close(session, "delivery", delivery.id, DeadLetterState.RESOLVED)
    inbox.finish(session, delivery, DeliveryState.IGNORED, f"skipped: {note}")


def _waiting_about(session: Session, source: str, issue_id: str | None) -> list[Delivery]:
    if issue_id is None:
        return []
    about = (Delivery.source == source, Delivery.record_id == issue_id)
    wanted = [state for state in DeliveryState if state.waiting or state is DeliveryState.DEAD]
    return list(
        session.scalars(
            select(Delivery)
            .where(*about, Delivery.state.in_(wanted))
            .order_by(Delivery.id)
            .with_for_update()
        )
    )


def _open_letter(session: Session, unit: str, unit_id: int) -> DeadLetter | None:
    return session.scalar(
        select(DeadLetter).where(
            DeadLetter.unit == unit,
            DeadLetter.unit_id == unit_id,
            DeadLetter.state == DeadLetterState.OPEN,
        )
    )


def _refuse_if_held(what: str, until: datetime | None) -> None:
    if until is not None and until >= now():
        raise NotSkippedError(
            f"{what} is being worked on at this moment, until {until:%H:%M:%S} UTC at the latest. "
            "Nothing was skipped; try again in a moment."
        )


def _name(delivery: Delivery) -> str:
    return f"Delivery {delivery.id} ({delivery.topic})"
