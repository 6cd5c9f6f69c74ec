"""Trying again what was given up: the work becomes due, and the usual way takes it from there."""

from __future__ import annotations

from sqlalchemy import update
from sqlalchemy.orm import Session

from core import activity, dead_letters
from core.clock import now
from core.models import DeadLetterState, Delivery, DeliveryState, Link, LinkState


def replay_link(session: Session, domain: str, link: Link) -> None:
    """Make a link's work due, whatever came of it before.

    A person who asks for it wants an issue again that was deleted in Jira.
    """
    deleted = link.state is LinkState.ISSUE_DELETED
    session.execute(
        update(Link)
        .where(Link.id == link.id)
        .values(
            due_at=now(),
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
        "replayed",
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
