"""Questions that a caller waits for: one task with its issue, what a rule would send, the fields.

None of them writes to a vendor, to the ledger or to a rule.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.jira.models import Issue
from core import ledger
from core.answering import COMMAND, CommandRefusedError, answer
from core.database import reading
from core.errors import VendorNotFoundError
from core.mapping.record import Record
from core.mapping.schema import TargetField
from core.mapping.values import AllowedValue
from core.models import Link
from tasks import app
from tasks.pf_jira import SOURCE, foreseeing_letters, previewing, wiring
from tasks.pf_jira.previewing import HOW_TO_GET_IT
from tasks.pf_jira.schemas import schema_of

ALLOWED_SHOWN = 50
"""Allowed values of a field that a list shows; some fields have thousands."""


@app.task(name="pf_jira.look_up", **COMMAND)
def look_up(request_id: str) -> None:
    """Answer with a task, its link and its issue as Jira shows it now."""
    answer(request_id, _look_up)


@app.task(name="pf_jira.preview", **COMMAND)
def preview(request_id: str) -> None:
    """Answer with the rule that takes a task and the fields that it would send."""
    answer(request_id, previewing.preview)


@app.task(name="pf_jira.preview_replay", **COMMAND)
def preview_replay(request_id: str) -> None:
    """Answer with what trying some dead letters again would change."""
    answer(request_id, foreseeing_letters.preview_replay)


@app.task(name="pf_jira.list_fields", **COMMAND)
def list_fields(request_id: str) -> None:
    """Answer with the fields of a project's issue type."""
    answer(request_id, _list_fields)


def _look_up(arguments: Mapping[str, Any]) -> dict[str, Any]:
    word = arguments["record"]
    with reading() as session:
        link = ledger.find(session, SOURCE, word)
    issue = None
    if link is None:
        link, issue = _by_new_key(word)
    elif link.issue_id is not None:
        issue = _read(link.issue_id)
    return {
        "task": {"id": link.source_id, **_task_facts(link.snapshot)},
        "link": _link_facts(link),
        "issue": _issue_facts(issue) if issue is not None else None,
        "note": _note(link, issue),
    }


def _by_new_key(word: str) -> tuple[Link, Issue]:
    """Find a link by a key that its issue has only had since it was moved in Jira."""
    issue = None if word.isdigit() else _read(word)
    if issue is not None:
        with reading() as session:
            links = ledger.by_issue(session, [issue.id])
        if links:
            return links[0], issue
        raise CommandRefusedError(f"Jira's issue {issue.key} belongs to no task of PeopleForce.")
    what = "task" if word.isdigit() else "issue"
    raise CommandRefusedError(f"The gateway knows no {what} {word}. {HOW_TO_GET_IT}")


def _read(id_or_key: str) -> Issue | None:
    try:
        return wiring.jira().read(id_or_key)
    except VendorNotFoundError:
        return None


def _task_facts(snapshot: Record) -> dict[str, Any]:
    names = ("title", "completed", "starts_on", "ends_on", "assigned_to", "associated_to")
    return {name: snapshot.get(name) for name in names}


def _link_facts(link: Link) -> dict[str, Any]:
    return {
        "state": link.state.value,
        "reason": link.reason,
        "completed": link.completed,
        "rule_id": link.rule_id,
        "attempts": link.attempts,
        "next_attempt_at": link.due_at.isoformat() if link.due_at else None,
    }


def _issue_facts(issue: Issue) -> dict[str, Any]:
    return {
        "id": issue.id,
        "key": issue.key,
        "project": issue.project_key,
        "status": issue.status_name,
        "status_category": issue.status_category,
        "done": issue.done,
        "updated": issue.updated,
        "summary": issue.fields.get("summary"),
    }


def _note(link: Link, issue: Issue | None) -> str:
    if link.issue_id is None:
        return f"There is no issue: {link.reason or 'it is still to be made'}."
    if issue is None:
        return (
            f"Jira does not show {link.issue_key}: it was deleted, or the gateway's account may no "
            "longer see it."
        )
    return ""


def _list_fields(arguments: Mapping[str, Any]) -> dict[str, Any]:
    schema = schema_of(arguments["project"].upper(), arguments["issue_type"])
    return {
        "target": schema.target,
        "fields": [_field_facts(field) for field in schema.fields.values()],
    }


def _field_facts(field: TargetField) -> dict[str, Any]:
    allowed = field.allowed
    return {
        "id": field.id,
        "name": field.name,
        "kind": field.kind.value,
        "required": field.required,
        "has_default": field.has_default,
        "settable": field.settable,
        "max_length": field.max_length,
        "allowed": None if allowed is None else [_value(it) for it in allowed[:ALLOWED_SHOWN]],
        "allowed_count": None if allowed is None else len(allowed),
    }


def _value(value: AllowedValue) -> dict[str, Any]:
    facts: dict[str, Any] = {"id": value.id, "name": value.name}
    if value.children:
        facts["children"] = [_value(it) for it in value.children[:ALLOWED_SHOWN]]
    return facts
