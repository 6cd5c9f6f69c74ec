"""Builds that are broken on purpose, each without one thing that the promise rests on.

The proof has to find each of them out; a proof that cannot fail proves nothing. A break changes a
module of the product right after its import, and asks at each call whether it is switched on.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib import import_module
from typing import Any
from uuid import uuid4

ANSWERED_TOO_EARLY_SECONDS = 2.0
COMMITTED_TOO_LATE_SECONDS = 0.5
THOUGHT_ABOUT_SECONDS = 0.5

Switch = Callable[[], bool]


def _answer_before_commit(inbox_writer: Any, broken: Switch) -> None:
    """Answer a webhook at once and write it down later: what dies in between is lost."""
    inbox = inbox_writer.inbox
    record_all = inbox.record_all

    def write_down(arrival: Any) -> None:
        time.sleep(ANSWERED_TOO_EARLY_SECONDS)
        with inbox_writer.writing() as session:
            [delivery_id] = record_all(session, [arrival])
        if delivery_id is not None:
            import_module("core.dispatch").publish(arrival.task, [delivery_id])

    def promise(session: Any, arrivals: Any) -> Any:
        if not broken():
            return record_all(session, arrivals)
        for arrival in arrivals:
            threading.Thread(target=write_down, args=(arrival,), daemon=True).start()
        return [None] * len(arrivals)

    inbox.record_all = promise


def _publish_before_commit(inbox_writer: Any, broken: Switch) -> None:
    """Send the message from inside the transaction, and rely on it alone.

    A worker is quicker than the commit, and finds nothing to do.
    """
    inbox = inbox_writer.inbox
    record_all = inbox.record_all

    def record_and_publish(session: Any, arrivals: Any) -> Any:
        ids = record_all(session, arrivals)
        for arrival, delivery_id in zip(arrivals, ids, strict=True):
            if broken() and delivery_id is not None and arrival.task is not None:
                session.get(import_module("core.models").Delivery, delivery_id).due_at = None
                session.flush()
                import_module("core.dispatch").publish(arrival.task, [delivery_id])
                time.sleep(COMMITTED_TOO_LATE_SECONDS)
        return ids

    inbox.record_all = record_and_publish


def _publish_nothing_later(dispatch: Any, broken: Switch) -> None:
    """Leave out the message that is due after the commit."""
    background = dispatch.BackgroundPublisher
    offer = background.offer

    def offer_unless_published(self: Any, *args: Any, **values: Any) -> None:
        if not broken():
            offer(self, *args, **values)

    background.offer = offer_unless_published


def _no_relay(relay: Any, broken: Switch) -> None:
    """Never publish again what was committed and not taken."""
    publish = relay.publish_batches
    relay.publish_batches = lambda *args: None if broken() else publish(*args)


def _no_intent(claims: Any, broken: Switch) -> None:
    """Create without a note of it: after a lost answer nobody knows that there was a question."""
    claim = claims.Claim
    save = claim.save

    def save_without_intent(self: Any, session: Any, link: Any, **values: Any) -> bool:
        if broken() and values.pop("intent_at", None) is not None:
            values.pop("state", None)
        return save(self, session, link, **values)

    claim.save = save_without_intent


def _no_unique_deliveries(inbox: Any, broken: Switch) -> None:
    """Take a delivery that comes again for a new one."""
    record_all = inbox.record_all

    def record_anew(session: Any, arrivals: Any) -> Any:
        if broken():
            arrivals = [replace(arrival, external_id=uuid4().hex) for arrival in arrivals]
        return record_all(session, arrivals)

    inbox.record_all = record_anew


def _no_claims(ledger: Any, broken: Switch) -> None:
    """Let everybody work on a record at the same time: what is sent twice is done twice."""
    link, take, look = ledger.Link, ledger.claim, ledger.held

    def claim(session: Any, ids: Any, *held_by: Any, only_waiting: bool = False) -> Any:
        if not broken():
            return take(session, ids, *held_by, only_waiting=only_waiting)
        links = session.scalars(ledger.select(link).where(link.id.in_(ids)).order_by(link.id))
        return [one for one in links if one.due_at is not None or not only_waiting]

    def held(session: Any, link_id: int, owner: str) -> Any:
        return session.get(link, link_id) if broken() else look(session, link_id, owner)

    ledger.claim, ledger.held = claim, held


def _no_second_look(claims: Any, broken: Switch) -> None:
    """Write an intent down without looking whether another attempt was faster."""
    claim = claims.Claim
    intend = claim.intend

    def intend_blindly(self: Any, session: Any, link: Any, **values: Any) -> bool:
        if not broken():
            return intend(self, session, link, **values)
        return self.save(session, link, intent_at=claims.now(), **values)

    claim.intend = intend_blindly


def _time_to_think(preparing: Any, broken: Switch) -> None:
    """Let the second of two messages be taken before the first has planned its work."""
    planner = preparing.Planner
    plan_all = planner.plan_all

    def plan_slowly(self: Any, claim: Any) -> Any:
        if broken():
            time.sleep(THOUGHT_ABOUT_SECONDS)
        return plan_all(self, claim)

    planner.plan_all = plan_slowly


def _every_message_twice(dispatch: Any, broken: Switch) -> None:
    """Let each message meet its double, so that it needs no luck to see what that does."""
    publish = dispatch.publish

    def publish_twice(*args: Any, **kwargs: Any) -> bool:
        return (not broken() or publish(*args, **kwargs)) and publish(*args, **kwargs)

    dispatch.publish = publish_twice


BREAKS: Mapping[str, Mapping[str, Callable[[Any, Switch], None]]] = {
    "answer_before_commit": {"core.inbox_writer": _answer_before_commit},
    "publish_before_commit": {
        "core.inbox_writer": _publish_before_commit,
        "core.dispatch": _publish_nothing_later,
    },
    "no_relay": {"tasks.ops.relay": _no_relay},
    "no_intent": {"tasks.pf_jira.claims": _no_intent},
    "no_dedupe": {
        "core.inbox": _no_unique_deliveries,
        "core.ledger": _no_claims,
        "core.dispatch": _every_message_twice,
        "tasks.pf_jira.claims": _no_second_look,
        "tasks.pf_jira.preparing": _time_to_think,
    },
}
"""The name of each, with the modules that it changes."""
