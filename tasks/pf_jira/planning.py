"""What one link asks of Jira. Pure: no I/O."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.jira.models import LABEL
from core.mapping.fields import Cast, build_fields, changed_fields
from core.mapping.rules import RoutingRule, first_match
from core.models import Link, LinkState


@dataclass(frozen=True)
class Leave:
    """Nothing to do in Jira; the link gets this state and the reason for it."""

    state: LinkState
    reason: str
    rule: RoutingRule | None = None


@dataclass(frozen=True)
class Create:
    """Make an issue with these fields."""

    rule: RoutingRule
    fields: dict[str, Any]


@dataclass(frozen=True)
class Update:
    """Write the changed fields, and move the issue when `move_to_done` says whither.

    Without a rule no field is written; `reason` says why.
    """

    rule: RoutingRule | None
    fields: dict[str, Any]
    changed: dict[str, Any]
    move_to_done: bool | None
    reason: str = ""


Plan = Leave | Create | Update


def rule_for(link: Link, rules: Sequence[RoutingRule]) -> RoutingRule | None:
    """Give the rule that a link follows.

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
    return first_match(rules, link.snapshot)


def plan(link: Link, rule: RoutingRule | None, casts: Mapping[str, Cast]) -> Plan:
    """Say what to do for a link, seen from its newest snapshot and what Jira was last given."""
    if link.issue_id is None:
        return _plan_without_issue(link, rule, casts)
    completed = bool(link.snapshot["completed"])
    move = completed if completed != link.completed else None
    if rule is None or rule.drop:
        # An issue that exists is finished and reopened with its task, whatever the rules say now.
        why = "no rule in force writes its fields; only its status is kept in step"
        return Update(None, dict(link.written), {}, move, why)
    fields = _fields(link, rule, casts)
    return Update(rule, fields, changed_fields(fields, link.written), move)


def _plan_without_issue(
    link: Link, rule: RoutingRule | None, casts: Mapping[str, Cast]
) -> Leave | Create:
    completed = bool(link.snapshot["completed"])
    if link.state is LinkState.ISSUE_DELETED:
        if completed or rule is None or rule.drop or not rule.recreate_deleted:
            named = f"rule {rule.name!r} makes no new one" if rule else "no rule makes a new one"
            why = f"its issue was deleted in Jira, and {named}"
            return Leave(LinkState.ISSUE_DELETED, why, rule)
    elif completed and link.intent_at is None:
        return Leave(LinkState.DROPPED, "completed before an issue was made")
    if rule is None:
        return Leave(LinkState.UNROUTED, "no active rule takes it, and there is no default project")
    if rule.drop:
        return Leave(LinkState.DROPPED, f"rule {rule.name!r} leaves it out", rule)
    fields = _fields(link, rule, casts)
    return Create(rule, {key: value for key, value in fields.items() if value is not None})


def _fields(link: Link, rule: RoutingRule, casts: Mapping[str, Cast]) -> dict[str, Any]:
    return _with_our_label(build_fields(rule, link.snapshot, casts))


def _with_our_label(fields: dict[str, Any]) -> dict[str, Any]:
    # The search for an issue whose create was never answered goes by this label.
    return {**fields, "labels": sorted({LABEL, *(fields.get("labels") or ())})}


def fields_hash(fields: Mapping[str, Any]) -> str:
    """Give a SHA-256 of fields that were written."""
    canonical = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()
