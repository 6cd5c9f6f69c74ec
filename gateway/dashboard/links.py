"""The ledger: which PeopleForce task is which Jira issue, and where each one stands."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, url_for
from flask.typing import ResponseReturnValue

from core.database import reading
from core.lists import links
from core.models import LinkState, Role
from core.rule_names import rule_names
from core.vendor_pages import issue_page
from gateway import table_answers
from gateway.access import role_required
from gateway.rendering import page
from gateway.table_answers import choice, number, text

bp = Blueprint("links", __name__, url_prefix="/links")


@bp.get("")
@role_required(Role.VIEWER)
def index() -> ResponseReturnValue:
    """Show the table; it asks for its rows by itself."""
    with reading() as session:
        rules = rule_names(session)
    return page("links.html", "main", states=list(LinkState), rules=rules)


@bp.get("/data")
@role_required(Role.VIEWER)
def data() -> ResponseReturnValue:
    """Give one page of the links that the filters leave."""
    wanted = links.Wanted(
        choice("state", LinkState), number("rule"), text("q"), waiting=text("waiting") != ""
    )
    ask = table_answers.asked("updated")
    with reading() as session:
        found = links.page(session, wanted, ask)
    return table_answers.answer(found, ask, _row)


def _row(link: links.Row) -> dict[str, Any]:
    return {
        "id": link.id,
        "task": link.task,
        "title": link.title,
        "story": url_for("records.show", record=link.task),
        "issue": link.issue or "",
        "issue_page": issue_page(link.issue),
        "state": link.state.value,
        "reason": link.reason,
        "rule": link.rule or "",
        "waiting_since": link.waiting_since.isoformat() if link.waiting_since else "",
        "updated": link.updated.isoformat(),
        "first_seen": link.first_seen.isoformat(),
    }
