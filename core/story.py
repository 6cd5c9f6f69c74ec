"""The whole story of one task: where it stands and why, and all that happened, in order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import activity, ledger
from core.calls import Call
from core.clock import now
from core.link_verdict import Verdict, verdict
from core.models import Activity, DeadLetter, DeadLetterState, Delivery, DeliveryState, Link, Rule
from core.sightings import SEEN

MOST = 200
"""Rows of the activity, and as many webhooks, that one story tells; the newest are kept."""

WEBHOOKS = "jira"
"""The source of the webhooks that are about the ledger's issues."""


@dataclass(frozen=True)
class Entry:
    """One thing that happened."""

    at: datetime
    kind: str
    text: str
    changes: Mapping[str, Any] = field(default_factory=dict)
    calls: Sequence[Call] = ()
    rule: str = ""
    rule_version: int | None = None
    request_id: str = ""
    delivery_id: int | None = None


@dataclass(frozen=True)
class Story:
    """All that is known of one task; `link` is None where only its activity is left."""

    record: str
    link: Link | None
    verdict: Verdict | None
    rule: Rule | None
    letter: DeadLetter | None
    """The open dead letter, if there is one."""
    entries: Sequence[Entry]
    cut: bool = False
    """Whether older entries are left out."""


def tell(session: Session, source: str, word: str) -> Story | None:
    """Give the story of a task, by its id or its issue's key; None where neither is known.

    Six queries at most, whatever happened.
    """
    link = ledger.find(session, source, word)
    record = link.source_id if link else word
    rows = activity.story(session, record, link.issue_key if link else word.upper(), MOST)
    if link is None and not rows:
        return None
    hooks = _webhooks(session, link)
    names = _rule_names(session, {row.rule_id for row in rows})
    entries = [_told(row, names) for row in rows] + [_received(row) for row in hooks]
    if link is not None and len(rows) < MOST and not any(row.action == SEEN for row in rows):
        text = "The gateway saw the task for the first time."
        entries.append(Entry(link.created_at, SEEN, text))
    rule = session.get(Rule, link.rule_id) if link and link.rule_id else None
    return Story(
        record,
        link,
        _judge(link, rule) if link else None,
        rule,
        _open_letter(session, link) if link else None,
        sorted(entries, key=lambda entry: entry.at),
        cut=MOST in (len(rows), len(hooks)),
    )


def _judge(link: Link, rule: Rule | None) -> Verdict:
    moment = now()
    worked_on = link.claimed_until is not None and link.claimed_until >= moment
    return verdict(link, rule.name if rule else None, moment, worked_on=worked_on)


def _webhooks(session: Session, link: Link | None) -> list[Any]:
    if link is None or link.issue_id is None:
        return []
    rows = session.execute(
        select(
            Delivery.id,
            Delivery.topic,
            Delivery.state,
            Delivery.reason,
            Delivery.attempts,
            Delivery.received_at,
            Delivery.finished_at,
            Delivery.request_id,
        )
        .where(Delivery.source == WEBHOOKS, Delivery.record_id == link.issue_id)
        .order_by(Delivery.id.desc())
        .limit(MOST)
    )
    return list(rows)


def _open_letter(session: Session, link: Link) -> DeadLetter | None:
    return session.scalar(
        select(DeadLetter).where(
            DeadLetter.unit == "link",
            DeadLetter.unit_id == link.id,
            DeadLetter.state == DeadLetterState.OPEN,
        )
    )


def _rule_names(session: Session, ids: set[int | None]) -> dict[int, str]:
    known = [it for it in ids if it is not None]
    rows = session.execute(select(Rule.id, Rule.name).where(Rule.id.in_(known)))
    return {row.id: row.name for row in rows}


def _told(row: Activity, names: Mapping[int, str]) -> Entry:
    return Entry(
        row.at,
        row.action,
        row.summary,
        row.changes,
        cast("Sequence[Call]", row.calls or ()),
        names.get(row.rule_id, f"rule {row.rule_id}, which is gone") if row.rule_id else "",
        row.rule_version,
        row.request_id,
    )


_ENDED = {
    DeliveryState.RECEIVED: "It waits for a worker.",
    DeliveryState.RETRYING: "It is tried again.",
    DeliveryState.DONE: "Worked on.",
    DeliveryState.IGNORED: "Left alone.",
    DeliveryState.DEAD: "Given up.",
}

ECHO = "the task is there already"
"""What a worker says of a webhook that asks for nothing, as those of our own changes do."""


def _received(row: Any) -> Entry:  # noqa: ANN401 - a row of `_webhooks`
    why = f" {row.reason[:1].upper()}{row.reason[1:]}." if row.reason else ""
    if row.reason == ECHO:
        why = " Task and issue agreed already, as after a change of our own: nothing was written."
    tries = f" after {row.attempts} attempts" if row.attempts > 1 else ""
    text = f"Jira sent the webhook {row.topic}; its signature was right. {_ENDED[row.state]}{why}"
    if tries:
        text = f"{text.removesuffix('.')}{tries}."
    kind = f"webhook_{row.state.value}"
    return Entry(row.received_at, kind, text, request_id=row.request_id, delivery_id=row.id)
