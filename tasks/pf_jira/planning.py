"""What one link asks of Jira. Pure: no I/O.

Nothing is planned that does not fit Jira's schema: what does not is refused here, in words.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from connectors.jira.models import LABEL
from connectors.jira.schema import JiraShapes
from core.mapping.casts import Lookups
from core.mapping.record import Record
from core.mapping.resolve import Payload, Violations, resolve
from core.mapping.routing import Action, Rule, route
from core.mapping.schema import TargetSchema
from core.mapping.violations import Blame
from core.models import Link, LinkState

_SHAPES = JiraShapes()


@dataclass(frozen=True)
class Leave:
    """Nothing to do in Jira; the link gets this state and the reason for it."""

    state: LinkState
    reason: str
    rule: Rule | None = None


@dataclass(frozen=True)
class Create:
    """Make an issue with these fields, which fit `schema`.

    `notices` say what was done to make values fit.
    """

    rule: Rule
    fields: dict[str, Any]
    schema: TargetSchema
    notices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Update:
    """Write the changed fields, and move the issue when `move_to_done` says whither.

    Where fields are owed, `reason` says why they are not written; with `held` they wait for the
    rule to be put back into force.
    """

    rule: Rule | None
    fields: dict[str, Any]
    changed: dict[str, Any]
    move_to_done: bool | None
    schema: TargetSchema | None = None
    reason: str = ""
    held: bool = False
    notices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Hold:
    """The rule that takes the record is tripped: nothing is done until it is back in force."""

    rule: Rule
    reason: str


@dataclass(frozen=True)
class Refuse:
    """The record does not fit under its rule: nothing leaves, and a person is told why."""

    rule: Rule
    violations: Violations


Plan = Leave | Create | Update | Hold | Refuse


def rule_for(link: Link, record: Record, rules: Sequence[Rule]) -> Rule | None:
    """Give the rule that a link follows; `record` is its newest snapshot, as rules see it.

    An issue keeps the rule that made it as long as that is in force: a changed priority must not
    rewrite issues that exist.
    """
    if (
        link.issue_id is not None
        or link.intent_at is not None
        or link.state is LinkState.ISSUE_DELETED
    ):
        for rule in rules:
            if rule.id == link.rule_id:
                return rule
    return route(rules, record).rule


def needs_schema(link: Link, rule: Rule | None) -> bool:
    """Say whether fields may be written for a link, so that the target's schema is needed."""
    return _plan_without_fields(link, rule) is None


def plan(
    link: Link, record: Record, rule: Rule | None, schema: TargetSchema | None, lookups: Lookups
) -> Plan:
    """Say what to do for a link, seen from its newest snapshot and what Jira was last given.

    `record` is that snapshot as rules see it. `schema` is that of the rule's target; None is good
    enough where `needs_schema` says so.
    """
    simple = _plan_without_fields(link, rule)
    if simple is not None or rule is None or schema is None:
        return simple or Leave(LinkState.UNROUTED, _UNROUTED)
    exists = link.issue_id is not None
    outcome = resolve(record, rule, schema, lookups, _SHAPES, exists=exists)
    if isinstance(outcome, Payload):
        return _fitting(link, rule, schema, outcome)
    if outcome.blame is Blame.RECORD and (moved := _move_alone(link, rule, str(outcome))):
        return moved
    return Refuse(rule, outcome)


def plan_held(link: Link, rule: Rule, why: str) -> Leave | Update | Hold:
    """Say what to do for a link whose rule is tripped; `why` it was is told with the record.

    What writes no field goes on: an issue is finished and reopened with its task.
    """
    simple = _plan_without_fields(link, rule)
    if simple is not None:
        return simple
    moved = _move_alone(link, rule, reason := why_held(rule, why))
    return replace(moved, held=True) if moved else Hold(rule, reason)


def why_held(rule: Rule, why: str) -> str:
    """Say why a change waits for its rule, which was tripped for the reason `why`."""
    return (
        f"Held, since rule {rule.name!r} is out of force: {why} "
        f"Once it is mended: igw rules enable {rule.name!r} --replay"
    )


def _move_alone(link: Link, rule: Rule, problem: str) -> Update | None:
    """Move an issue whose fields cannot be written; None where there is nothing to move.

    The status asks nothing of the fields, and people wait for it.
    """
    if link.issue_id is None or _move(link) is None:
        return None
    why = f"its status was moved, but its fields were not written. {problem}"
    return Update(rule, dict(link.written), {}, _move(link), reason=why)


_UNROUTED = "no active rule takes it, and there is no default project"


def _fitting(link: Link, rule: Rule, schema: TargetSchema, payload: Payload) -> Create | Update:
    fields = _with_our_label(payload.fields)
    notices = tuple(str(notice) for notice in payload.notices)
    if link.issue_id is None:
        filled = {key: value for key, value in fields.items() if not _empty(value)}
        return Create(rule, filled, schema, notices)
    changed = _changed(fields, link.written)
    # What the rule leaves unset keeps the value that was last written.
    kept = {**link.written, **fields}
    return Update(rule, kept, changed, _move(link), schema, notices=notices)


def _plan_without_fields(link: Link, rule: Rule | None) -> Leave | Update | None:
    """Plan what needs no field to be written; None where a payload decides."""
    drops = rule is None or rule.action is Action.DROP
    if link.issue_id is not None:
        if not drops:
            return None
        # An issue that exists is finished and reopened with its task, whatever the rules say now.
        why = "no rule in force writes its fields; only its status is kept in step"
        return Update(None, dict(link.written), {}, _move(link), reason=why)
    if link.state is LinkState.ISSUE_DELETED:
        return _leave_deleted(link, rule)
    if link.snapshot["completed"] and link.intent_at is None:
        return Leave(LinkState.DROPPED, "completed before an issue was made")
    if rule is None:
        return Leave(LinkState.UNROUTED, _UNROUTED)
    return Leave(LinkState.DROPPED, f"rule {rule.name!r} leaves it out", rule) if drops else None


def _leave_deleted(link: Link, rule: Rule | None) -> Leave | None:
    """Leave a task whose issue was deleted in Jira, unless its rule makes a new one."""
    renews = rule is not None and rule.action is Action.SYNC and rule.recreate_deleted
    if renews and not link.snapshot["completed"]:
        return None
    named = f"rule {rule.name!r} makes no new one" if rule else "no rule makes a new one"
    why = f"its issue was deleted in Jira, and {named}"
    return Leave(LinkState.ISSUE_DELETED, why, rule)


def _move(link: Link) -> bool | None:
    """Give where the issue is to be moved; None where it is there.

    After a move that was not answered nobody knows where it is.
    """
    completed = bool(link.snapshot["completed"])
    return completed if completed != link.completed or link.moving_at is not None else None


def _changed(fields: Mapping[str, Any], written: Mapping[str, Any]) -> dict[str, Any]:
    """Give the fields whose value is not the one last written.

    A field that was never written and is empty now needs no write either.
    """
    return {
        key: value
        for key, value in fields.items()
        if value != written.get(key) and not (_empty(value) and _empty(written.get(key)))
    }


def _empty(value: object) -> bool:
    return value is None or value == []


def _with_our_label(fields: dict[str, Any]) -> dict[str, Any]:
    # The search for an issue whose create was never answered goes by this label.
    return {**fields, "labels": sorted({LABEL, *(fields.get("labels") or ())})}


def fields_hash(fields: Mapping[str, Any]) -> str:
    """Give a SHA-256 of fields that were written."""
    canonical = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()
