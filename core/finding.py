"""The search box: any key leads straight to its record, words lead to a short list."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from core import search
from core.domains import load_domains
from core.models import Activity, Delivery, Link, LinkState

SOURCE = "peopleforce"
"""Where the ledger's tasks come from."""

SHOWN = 50
"""Tasks that a search by words lists."""

_NUMBER = re.compile(r"[0-9]{1,18}")
_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,49}-[0-9]{1,18}")
_REQUEST_ID = re.compile(r"[0-9a-f]{32}")


class Kind(StrEnum):
    """What was found."""

    TASK = "task"
    DELIVERY = "delivery"
    RECORD = "record"
    """A record that has activity and is in the ledger no more."""


@dataclass(frozen=True)
class Hit:
    """One thing that was found: its kind, its key, and what it is in a few words."""

    kind: Kind
    key: str
    title: str
    detail: str = ""
    state: str = ""


@dataclass(frozen=True)
class Found:
    """What a search found; `exact` where a key was named, not words."""

    hits: tuple[Hit, ...] = ()
    exact: bool = False
    more: bool = False

    @property
    def only(self) -> Hit | None:
        """Give the one hit; None where there are none or several."""
        return self.hits[0] if len(self.hits) == 1 else None


def find(session: Session, words: str) -> Found:
    """Find what a text names: a task, an issue, a delivery or a request by its key, or words.

    A key that is known goes before words. At most five queries.
    """
    word = words.strip()[: search.LONGEST]
    if not word:
        return Found()
    hits = tuple(_by_key(session, word))
    if hits:
        return Found(hits, exact=True)
    ids = search.link_ids(session, word, SHOWN + 1)
    rows = session.execute(_LINKS.where(Link.id.in_(ids[:SHOWN])).order_by(Link.id.desc()))
    return Found(tuple(_task(row) for row in rows), more=len(ids) > SHOWN)


_LINKS = select(
    Link.source_id,
    Link.issue_key,
    Link.state,
    Link.reason,
    Link.snapshot["title"].as_string().label("title"),
)


def _by_key(session: Session, word: str) -> Iterable[Hit]:
    if _REQUEST_ID.fullmatch(word):
        yield from _of_request(session, word)
        return
    # With its source, by which the index of ids begins.
    named = [(Link.source == SOURCE) & (Link.source_id == word)]
    if _KEY.fullmatch(word):
        named.append(Link.issue_key == word.upper())
    if _NUMBER.fullmatch(word):
        named.append(Link.issue_id == word)
    yield from (_task(row) for row in session.execute(_LINKS.where(or_(*named)).limit(SHOWN)))
    sources = [hook.source for domain in load_domains() for hook in domain.webhooks]
    of_vendor = (Delivery.source.in_(sources)) & (Delivery.external_id == word)
    of_ours = Delivery.id == int(word) if _NUMBER.fullmatch(word) else None
    wanted = or_(of_vendor, of_ours) if of_ours is not None else of_vendor
    yield from _deliveries(session, wanted)


def _of_request(session: Session, request_id: str) -> Iterable[Hit]:
    """Give what one request was about: its webhook, and every record that was worked on."""
    yield from _deliveries(session, Delivery.request_id == request_id)
    records = list(
        session.scalars(
            select(Activity.record).where(Activity.request_id == request_id).distinct().limit(SHOWN)
        )
    )
    ours = (Link.source == SOURCE, Link.source_id.in_(records))
    known = {row.source_id: row for row in session.execute(_LINKS.where(*ours))}
    for record in records:
        yield _task(known[record]) if record in known else Hit(Kind.RECORD, record, record)


def _deliveries(session: Session, wanted: ColumnElement[bool]) -> Iterable[Hit]:
    rows = session.execute(
        select(Delivery.id, Delivery.topic, Delivery.state, Delivery.received_at)
        .where(wanted)
        .limit(SHOWN)
    )
    for row in rows:
        at = f"received {row.received_at:%Y-%m-%d %H:%M:%S} UTC"
        yield Hit(Kind.DELIVERY, str(row.id), row.topic, at, row.state.value)


def _task(row: Any) -> Hit:  # noqa: ANN401 - a row of `_LINKS`
    reason = "" if row.state is LinkState.SYNCED else row.reason
    detail = " · ".join(part for part in (row.issue_key, reason) if part)
    return Hit(Kind.TASK, row.source_id, row.title or row.source_id, detail, row.state.value)
