"""A gateway with rules and tasks, and the hands of those who change them on its pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from core import commands, rule_states, rules, targets
from core.database import reading, writing
from core.ledger import Sighting
from core.mapping import document
from core.mapping.schema import FieldKind, TargetField, TargetSchema
from core.mapping.values import AllowedValue
from core.models import Audit, Command, Rule
from core.redis_client import get_redis
from core.targets import Named
from tests.gateway.browsing import HTMX, Browser
from tests.gateway.conftest import Answer
from tests.store.conftest import see

OFFICE = "customfield_10041"
LAPTOPS: dict[str, Any] = {
    "name": "Laptops to IT",
    "priority": 10,
    "project": "IT",
    "issue_type": "Task",
    "conditions": [{"path": "$.title", "operator": "contains", "value": "laptop"}],
    "fields": [
        {"field": "summary", "sources": [{"path": "$.title"}]},
        {"field": OFFICE, "name": "Office", "sources": [{"static": "Lviv"}]},
    ],
}
EXAMPLE = {"name": "one", "record": {"title": "A laptop"}, "expect": {}}
FORM = {
    "view": "form",
    "name": "Laptops to IT",
    "priority": "10",
    "action": "sync",
    "project": "IT",
    "issue_type": "Task",
    "time_zone": "UTC",
    "conditions-0-path": "$.title",
    "conditions-0-operator": "contains",
    "conditions-0-value": "laptop",
    "conditions-0-type": "text",
    "fields-0-field": "summary",
    "fields-0-sources-0-kind": "path",
    "fields-0-sources-0-text": "$.title",
    "fields-1-field": OFFICE,
    "fields-1-name": "Office",
    "fields-1-sources-0-kind": "static",
    "fields-1-sources-0-static": "Lviv",
}
"""`LAPTOPS` as the form sends it."""


def save(**changes: Any) -> Rule:
    with writing() as session:
        return rules.save(session, document.parse({**LAPTOPS, **changes}), "a test")


def stored(rule_id: int) -> Rule:
    with reading() as session:
        return session.get_one(Rule, rule_id)


def trip(row: Rule, reason: str = "Office is gone.") -> None:
    with writing() as session:
        rule_states.trip(session, row.id, row.version, reason)


def see_tasks(*titles: str, **more: Any) -> list[int]:
    """Note tasks as a poll does; the first one is 1."""
    return see(
        *(
            Sighting(None, str(number), {"title": title, "completed": False, **more}, "a" * 64, "")
            for number, title in enumerate(titles, start=1)
        )
    )


def jira_has(*offices: str, name: str = "Office", project: str = "IT") -> None:
    """Let a worker have read Jira."""
    values = tuple(AllowedValue(str(100 + n), office) for n, office in enumerate(offices))
    fields = [
        TargetField("summary", "Summary", FieldKind.LINE, required=True),
        TargetField(OFFICE, name, FieldKind.OPTION, required=True, allowed=values),
        TargetField("assignee", "Assignee", FieldKind.USER),
    ]
    schema = TargetSchema(f"{project}, Task", {field.id: field for field in fields})
    client = get_redis()
    targets.schemas(client).get(targets.schema_key(project, "Task"), lambda: schema)
    targets.projects(client).get(targets.PROJECTS, lambda: [Named("IT", "IT & co")])
    targets.issue_types(client).get(project, lambda: [Named("10003", "Task")])


def answer_command(reply: Mapping[str, Any]) -> dict[str, Any]:
    """Answer the command that was asked last, as a worker does; gives its arguments."""
    with writing() as session:
        row = session.scalars(select(Command).order_by(Command.id.desc()).limit(1)).one()
        arguments = commands.begin(session, row.request_id)
        commands.finish(session, row.request_id, dict(reply))
    assert arguments is not None
    return arguments


def last_request_id() -> str:
    with reading() as session:
        return session.scalars(select(Command.request_id).order_by(Command.id.desc())).first() or ""


def audited() -> list[tuple[str, str, str]]:
    with reading() as session:
        rows = session.scalars(select(Audit).order_by(Audit.id))
        return [(row.actor, row.action, row.subject) for row in rows]


def post(browser: Browser, path: str, **form: Any) -> Answer:
    return browser.post(path, HTMX, **{key: str(value) for key, value in form.items()})


def text_of(answer: Answer) -> str:
    return answer.body.decode()
