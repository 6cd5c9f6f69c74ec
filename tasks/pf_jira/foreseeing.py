"""What a replay would change, in words: planned as `sync` plans it, and not done."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from connectors.jira.events import IssueEvent
from core import ledger, rules
from core.answering import CommandRefusedError
from core.database import reading
from core.errors import PayloadError, VendorError, VendorNotFoundError
from core.mapping.schema import TargetSchema
from core.mapping.violations import Blame
from core.models import Delivery, Link, LinkState
from core.webhooks import parse_json
from tasks.pf_jira import wiring
from tasks.pf_jira.decisions import CheckStatus, FindTask, Ignore, NoteDeletion, decide
from tasks.pf_jira.failures import concerns_all
from tasks.pf_jira.people import with_people
from tasks.pf_jira.planning import (
    Create,
    Hold,
    Leave,
    Plan,
    Refuse,
    Update,
    needs_schema,
    plan_held,
    rule_for,
)
from tasks.pf_jira.previewing import planned

VALUE_SHOWN = 60
"""Characters of a value that are shown."""


class Effect(StrEnum):
    """What kind of thing would come of it."""

    NOTHING = "nothing"
    CREATE = "create"
    UPDATE = "update"
    REFUSED = "refused"
    HELD = "held"
    UNKNOWN = "unknown"
    """It could not be found out."""


@dataclass(frozen=True)
class Foreseen:
    """What would come of trying one piece of work again."""

    record: str
    effect: Effect
    words: str


def foresee_links(links: Sequence[Link]) -> Iterator[Foreseen]:
    """Give what a replay of each link would change; nothing of the gateway's work is written.

    People, accounts and schemas come from the caches that `sync` works with, or are read. Raises
    the `VendorError` that the next link would meet, too.
    """
    if not links:
        return
    with reading() as session:
        in_force = rules.rules_in_force(session)
    with_people(wiring.peopleforce(), [link.snapshot for link in links], in_force.rules)
    for link in links:
        try:
            yield _foresee(link, in_force)
        except (VendorError, PayloadError, CommandRefusedError) as error:
            if isinstance(error, VendorError) and concerns_all(error):
                raise
            yield Foreseen(link.source_id, Effect.UNKNOWN, f"could not be found out: {error}")


def _foresee(link: Link, in_force: rules.RulesInForce) -> Foreseen:
    if link.state is LinkState.ISSUE_DELETED:
        # As a replay does; the object belongs to no session.
        link.state = LinkState.PENDING
    [record] = with_people(wiring.peopleforce(), [link.snapshot], in_force.rules)
    rule = rule_for(link, record, in_force.rules)
    schema = None
    found: Plan
    if rule is not None and rule.id in in_force.tripped and needs_schema(link, rule):
        found = plan_held(link, rule, in_force.tripped[rule.id])
    else:
        found, schema = planned(link, record, rule)
    effect, words = _told(link, found, schema)
    return Foreseen(link.source_id, effect, words)


def _told(link: Link, found: Plan, schema: TargetSchema | None) -> tuple[Effect, str]:
    match found:
        case Create():
            unless = " unless the one of an earlier attempt is found" if link.intent_at else ""
            return Effect.CREATE, f"create an issue in {found.rule.project}{unless}"
        case Update():
            changes = "; ".join(_changes(link, found, schema))
            if changes:
                return Effect.UPDATE, f"{changes}; {found.reason}" if found.reason else changes
            return Effect.NOTHING, f"nothing: {found.reason or 'Jira has it already'}"
        case Hold():
            return Effect.HELD, f"held again: rule {found.rule.name!r} is tripped"
        case Refuse():
            trips = found.violations.blame is Blame.RULE
            tripped = f", and rule {found.rule.name!r} would be tripped" if trips else ""
            why = "; ".join(str(it) for it in found.violations.violations)
            return Effect.REFUSED, f"still refused{tripped}: {why}"
        case Leave():
            return Effect.NOTHING, f"nothing: {found.reason}"


def _changes(link: Link, found: Update, schema: TargetSchema | None) -> Iterator[str]:
    known = schema.fields if schema is not None else {}
    for key, value in found.changed.items():
        name = known[key].name if key in known else key
        empty = value is None or value == []
        yield f"clear {name}" if empty else f"set {name} to {_shown(value)}"
    if found.move_to_done is not None:
        yield f"move {link.issue_key} to Done" if found.move_to_done else f"reopen {link.issue_key}"


def _shown(value: object) -> str:
    """Show a value as short as it can be recognised; a document is told by its length."""
    if isinstance(value, str):
        return repr(_cut(value))
    if isinstance(value, Mapping):
        if value.get("type") == "doc":
            return f"a text of {len(_text_of(value)):,} characters"
        for key in ("name", "value", "key", "accountId", "id"):
            if isinstance(value.get(key), str):
                return _cut(f"{key} {value[key]}" if key in {"accountId", "id"} else value[key])
    if isinstance(value, list):
        return _cut(", ".join(it if isinstance(it, str) else _shown(it) for it in value))
    return _cut(json.dumps(value, ensure_ascii=False))


def _text_of(node: Mapping[str, Any]) -> str:
    own = node.get("text", "") if node.get("type") == "text" else ""
    return own + "".join(_text_of(child) for child in node.get("content", []))


def _cut(text: str) -> str:
    return text if len(text) <= VALUE_SHOWN else f"{text[:VALUE_SHOWN]} ..."


def foresee_delivery(delivery: Delivery) -> Foreseen:
    """Give what working on a webhook again would change; Jira is asked where the issue stands.

    Raises the `VendorError` that the next one would meet, too.
    """
    name = f"delivery {delivery.id}"
    try:
        return Foreseen(name, *_foresee_delivery(delivery))
    except PayloadError as error:
        return Foreseen(name, Effect.REFUSED, f"still refused: {error}")
    except VendorError as error:
        if concerns_all(error):
            raise
        return Foreseen(name, Effect.UNKNOWN, f"could not be found out: {error}")


def _foresee_delivery(delivery: Delivery) -> tuple[Effect, str]:
    event = IssueEvent.from_payload(parse_json(delivery.body))
    with reading() as session:
        links = ledger.by_issue(session, [event.issue_id])
    match decide(event, linked=bool(links)):
        case Ignore(reason):
            return Effect.NOTHING, f"nothing: {reason}"
        case NoteDeletion():
            return Effect.UPDATE, f"note that {event.issue_key} was deleted in Jira"
        case FindTask():
            return Effect.UPDATE, f"look for the task of {event.issue_key}, and link the two"
        case CheckStatus():
            return _foresee_status(links[0])


def _foresee_status(link: Link) -> tuple[Effect, str]:
    try:
        issue = wiring.jira().read(link.issue_id or "")
    except VendorNotFoundError:
        return Effect.UPDATE, f"note that Jira no longer shows {link.issue_key}"
    if issue.done == link.completed:
        return Effect.NOTHING, f"nothing: task {link.source_id} is where {issue.key} is"
    verb = "complete" if issue.done else "reopen"
    return Effect.UPDATE, f"{verb} task {link.source_id}, since {issue.key} is {issue.status_name}"
