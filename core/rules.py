"""The routing rules as they are stored."""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.clock import now
from core.mapping.rules import FieldMapping, RoutingRule
from core.models import Link, LinkState, Rule, RuleAction, RuleField, RuleState

DEFAULT_RULE = "Default"

_DEFAULT_FIELDS = (
    ("summary", "path", "title", "line"),
    ("description", "path", "description", "rich_text"),
    ("duedate", "path", "ends_on", "date"),
    ("labels", "static", ["PeopleForce"], "labels"),
)


def ensure_default_rule(session: Session, project: str, issue_type: str) -> None:
    """Make the rule that sends everything to one project, where no rule exists and one is named.

    It is the last resort in priority, so rules made later come before it. What no rule took so far
    becomes due.
    """
    if not project or session.scalar(select(Rule.id).limit(1)) is not None:
        return
    session.add(
        Rule(
            name=DEFAULT_RULE,
            priority=1000,
            action=RuleAction.SYNC,
            target_project=project,
            target_issue_type=issue_type,
            fields=[
                RuleField(
                    position=position,
                    target_field=target,
                    source_kind=kind,
                    source=source,
                    cast=cast,
                )
                for position, (target, kind, source, cast) in enumerate(_DEFAULT_FIELDS)
            ],
        )
    )
    session.execute(
        update(Link).where(Link.state == LinkState.UNROUTED).values(due_at=now(), attempts=0)
    )


def active_rules(session: Session) -> list[RoutingRule]:
    """Give the rules in force, in the order in which they are tried."""
    rows = session.scalars(
        select(Rule).where(Rule.state == RuleState.ACTIVE).order_by(Rule.priority, Rule.id)
    )
    return [_routing_rule(row) for row in rows]


def _routing_rule(row: Rule) -> RoutingRule:
    return RoutingRule(
        id=row.id,
        name=row.name,
        conditions=tuple(row.conditions),
        drop=row.action is RuleAction.DROP,
        project=row.target_project or "",
        issue_type=row.target_issue_type or "",
        recreate_deleted=row.recreate_deleted,
        fields=tuple(
            FieldMapping(field.target_field, field.source_kind, field.source, field.cast)
            for field in row.fields
        ),
    )
