"""Tasks with their stories, as the flow leaves them, for the pages that show them."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from core import activity, search
from core.calls import Call
from core.database import writing
from core.dead_letters import bury
from core.models import Link, LinkState
from core.rules import ensure_default_rule
from tests.store.conftest import arrive, see, set_values, sighting

XSS = '<script>alert("1")</script><img src=x onerror=alert(2)>'

CALL = Call(
    vendor="jira", operation="edit_issue", method="PUT", status=204, outcome="answered", ms=187
)


def task(source_id: str = "11", title: str = "Laptop for Zoriana", **values: Any) -> int:
    """Note a task that has its issue and nothing to do, and give its link's id."""
    seen = replace(
        sighting(source_id),
        snapshot={
            "id": int(source_id),
            "title": title,
            "completed": False,
            "assigned_to": {"id": 1, "full_name": "Iryna Koval", "email": "iryna@acme.example"},
        },
        search_text=search.search_text(title, "Iryna Koval", "iryna@acme.example"),
    )
    [link_id] = see(seen)
    usual = {
        "state": LinkState.SYNCED,
        "issue_id": f"100{source_id}",
        "issue_key": f"HR-{source_id}",
        "due_at": None,
    }
    set_values(Link, link_id, **{**usual, **values})
    return link_id


def give_up(source_id: str = "11", reason: str = "jira refused: Office is not valid.") -> int:
    """Note a task that was given up, with its dead letter, and give its link's id."""
    link_id = task(source_id, state=LinkState.DEAD, reason=reason)
    with writing() as session:
        bury(
            session,
            domain="pf_jira",
            unit="link",
            unit_id=link_id,
            record=source_id,
            reason=reason,
            attempts=1,
        )
    return link_id


def tell(source_id: str = "11", **values: Any) -> None:
    """Add to a task's story that its issue was written."""
    with writing() as session:
        ensure_default_rule(session, "HR", "Task")
        activity.note(
            session,
            "pf_jira",
            source_id,
            "updated",
            f"Wrote summary to HR-{source_id}.",
            issue_key=f"HR-{source_id}",
            changes={"summary": {"from": "Old title", "to": "New title"}},
            rule_id=1,
            **{"calls": [CALL], **values},
        )


def webhook(external_id: str = "jira-1", **values: Any) -> int:
    """Write down a webhook about the issue of task 11."""
    body = json.dumps({"issue": {"id": "10011", "fields": {"summary": XSS}}}).encode()
    return arrive(external_id, **{"record_id": "10011", "body": body, **values})
