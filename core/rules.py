"""The routing rules as they are stored: rows in the database, documents outside."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core import audit, rule_changes
from core.clock import now
from core.mapping import document, routing
from core.models import Link, LinkState, Rule, RuleAction, RuleField, RuleState, RuleVersion

DEFAULT_RULE = "Default"

_DEFAULT_FIELDS = [
    {"field": "summary", "name": "Summary", "sources": [{"path": "$.title"}]},
    {
        "field": "description",
        "name": "Description",
        "sources": [{"path": "$.description"}],
        "when_empty": "clear",
    },
    {
        "field": "duedate",
        "name": "Due date",
        "sources": [{"path": "$.ends_on"}],
        "when_empty": "clear",
    },
    {"field": "labels", "name": "Labels", "sources": [{"static": ["PeopleForce"]}]},
]


def ensure_default_rule(session: Session, project: str, issue_type: str) -> None:
    """Make the rule that sends everything to one project, where no rule exists and one is named.

    It is the last resort in priority, so rules made later come before it. What no rule took so far
    becomes due.
    """
    if not project or session.scalar(select(Rule.id).limit(1)) is not None:
        return
    # Not announced: this is done before anything runs, Redis included.
    _store(
        session,
        document.parse(
            {
                "name": DEFAULT_RULE,
                "priority": 1000,
                "project": project,
                "issue_type": issue_type,
                "fields": _DEFAULT_FIELDS,
            }
        ),
        audit.GATEWAY,
        "made at the first start",
    )
    try_unrouted(session)


def try_unrouted(session: Session) -> None:
    """Make due what no rule took so far: the rules have changed."""
    session.execute(
        update(Link).where(Link.state == LinkState.UNROUTED).values(**Link.due(now()), attempts=0)
    )


@dataclass(frozen=True)
class RulesInForce:
    """The rules that take records, in the order in which they are tried.

    A tripped rule is among them: what it would take must not fall to the next one, so it is caught
    and held. `tripped` has the reason, `versions` the version, each by the rule's id.
    """

    rules: tuple[routing.Rule, ...] = ()
    tripped: Mapping[int, str] = field(default_factory=dict)
    versions: Mapping[int, int] = field(default_factory=dict)


def rules_in_force(session: Session) -> RulesInForce:
    """Give the rules that take records, the tripped ones included.

    They are read anew when a row has changed since this process last asked. Raises
    `core.mapping.errors.RuleDocumentError` where a stored rule cannot be read: leaving one out
    would send its records elsewhere.
    """
    columns = select(Rule.id, Rule.version, Rule.state, Rule.updated_at).order_by(Rule.id)
    marks = tuple(tuple(row) for row in session.execute(columns))
    if marks not in _in_force:
        found = _read_in_force(session)
        _in_force.clear()
        _in_force[marks] = found
    return _in_force[marks]


_in_force: dict[tuple[Any, ...], RulesInForce] = {}
"""The rules as they were last read, by what tells that a row has changed since."""


def _read_in_force(session: Session) -> RulesInForce:
    rows = list(session.scalars(select(Rule).where(Rule.state != RuleState.DISABLED)))
    return RulesInForce(
        tuple(routing.in_order(to_rule(row) for row in rows)),
        {row.id: row.tripped_reason for row in rows if row.state is RuleState.TRIPPED},
        {row.id: row.version for row in rows},
    )


def active_rules(session: Session) -> list[routing.Rule]:
    """Give the rules by which issues are written, in order; raises as `rules_in_force` does."""
    found = rules_in_force(session)
    return [rule for rule in found.rules if rule.id not in found.tripped]


def find_rule(session: Session, name: str) -> Rule | None:
    """Give the stored rule of a name."""
    return session.scalar(select(Rule).where(Rule.name == name))


def all_rules(session: Session) -> list[Rule]:
    """Give the stored rules in the order in which they are tried, whatever their state."""
    return list(session.scalars(select(Rule).order_by(Rule.priority, Rule.id)))


def to_rule(row: Rule) -> routing.Rule:
    """Give a stored rule as the engine knows it."""
    return _parsed(
        json.dumps(
            {
                "id": row.id,
                "name": row.name,
                "priority": row.priority,
                "action": row.action.value.lower(),
                "project": row.target_project or "",
                "issue_type": row.target_issue_type or "",
                "time_zone": row.time_zone,
                "recreate_deleted": row.recreate_deleted,
                "conditions": row.conditions,
                "fields": [{**field.mapping, "field": field.target_field} for field in row.fields],
                "examples": row.examples,
            }
        )
    )


@lru_cache(maxsize=1000)
def _parsed(written: str) -> routing.Rule:
    """Parse a rule once for each way in which it is written: patterns and templates are compiled.

    Two hundred rules take a tenth of a second, and pages and workers read them all the time.
    """
    return document.parse(json.loads(written))


def save(
    session: Session, rule: routing.Rule, author: str, note: str = "", *, row: Rule | None = None
) -> Rule:
    """Store a rule under its name: a new one, or a new version of the one that has the name.

    `rule.id` is not looked at: the database gives ids, and files that travel between installations
    go by name. With `row` it is a new version of that one, which gets the name with it. A rule's
    state is left as it is. `author` is who wants it so, and `note` why.
    """
    rule_changes.announce(session)
    return _store(session, rule, author, note, row)


def _store(
    session: Session, rule: routing.Rule, author: str, note: str, row: Rule | None = None
) -> Rule:
    row = row or find_rule(session, rule.name)
    before = written(row) if row is not None else None
    if row is None:
        row = Rule(name=rule.name, version=0)
        session.add(row)
    parts = document.dump(rule)
    row.name = rule.name
    row.priority = rule.priority
    row.conditions = parts["conditions"]
    row.action = RuleAction(rule.action.value.upper())
    row.target_project = rule.project or None
    row.target_issue_type = rule.issue_type or None
    row.time_zone = rule.time_zone
    row.recreate_deleted = rule.recreate_deleted
    row.examples = parts.get("examples", [])
    row.version += 1
    # What was held against it was held against another version.
    row.strikes, row.struck_at = 0, None
    row.fields.clear()
    # The old rows go first: a field may be mapped once only.
    session.flush()
    row.fields = [
        RuleField(
            position=position,
            target_field=mapping["field"],
            mapping={key: value for key, value in mapping.items() if key != "field"},
        )
        for position, mapping in enumerate(parts["fields"])
    ]
    session.flush()
    after = written(row)
    session.add(
        RuleVersion(rule_id=row.id, version=row.version, document=after, author=author, note=note)
    )
    audit.note(
        session,
        author,
        "changed" if before else "created",
        subject(row),
        before=before,
        after=after,
        why=note,
    )
    return row


def written(row: Rule) -> document.Document:
    """Give a stored rule's document as a file has it: without the id, which a database gave it."""
    return document.without_id(document.dump(to_rule(row)))


def subject(row: Rule) -> str:
    """Give the name under which the audit has a rule."""
    return f"rule {row.name}"
