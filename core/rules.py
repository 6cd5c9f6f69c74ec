"""The routing rules as they are stored: rows in the database, documents outside."""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.clock import now
from core.mapping import document, routing
from core.models import Link, LinkState, Rule, RuleAction, RuleField, RuleState

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
    save(
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
    )
    try_unrouted(session)


def try_unrouted(session: Session) -> None:
    """Make due what no rule took so far: the rules have changed."""
    session.execute(
        update(Link).where(Link.state == LinkState.UNROUTED).values(due_at=now(), attempts=0)
    )


def active_rules(session: Session) -> list[routing.Rule]:
    """Give the rules in force, in the order in which they are tried.

    Raises `core.mapping.errors.RuleDocumentError` where a stored rule cannot be read: leaving one
    out would send its records elsewhere.
    """
    rows = session.scalars(select(Rule).where(Rule.state == RuleState.ACTIVE))
    return routing.in_order(to_rule(row) for row in rows)


def to_rule(row: Rule) -> routing.Rule:
    """Give a stored rule as the engine knows it."""
    return document.parse(
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
        }
    )


def save(session: Session, rule: routing.Rule) -> Rule:
    """Store a rule under its name: a new one, or a new version of the one that has the name.

    `rule.id` is not looked at: the database gives ids, and files that travel between installations
    go by name. A rule's state is left as it is.
    """
    row = session.scalar(select(Rule).where(Rule.name == rule.name))
    if row is None:
        row = Rule(name=rule.name, version=0)
        session.add(row)
    parts = document.dump(rule)
    row.priority = rule.priority
    row.conditions = parts["conditions"]
    row.action = RuleAction(rule.action.value.upper())
    row.target_project = rule.project or None
    row.target_issue_type = rule.issue_type or None
    row.time_zone = rule.time_zone
    row.recreate_deleted = rule.recreate_deleted
    row.version += 1
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
    return row
