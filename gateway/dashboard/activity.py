"""The activity: everything that was done to any record, newest first."""

from __future__ import annotations

from flask import Blueprint
from flask.typing import ResponseReturnValue

from core.database import reading
from core.lists import feeds
from core.models import Role
from core.rule_names import rule_names
from gateway.access import role_required
from gateway.rendering import page
from gateway.table_answers import day, number, text

bp = Blueprint("activity", __name__, url_prefix="/activity")

KINDS = (
    *("seen", "seen_changed", "created", "updated", "issue_completed", "issue_reopened"),
    *("task_completed", "task_reopened", "postponed", "held", "given_up", "replayed", "skipped"),
    *(
        "unrouted",
        "dropped",
        "adopted",
        "duplicate_found",
        "issue_gone",
        "issue_deleted",
        "vanished",
    ),
)
"""What the activity tells of, in the order of a task's life."""


@bp.get("")
@role_required(Role.VIEWER)
def index() -> ResponseReturnValue:
    """Show what the filters leave, from the newest or from below the row `before`."""
    wanted = feeds.Wanted(
        record=text("record"),
        action=text("kind"),
        rule_id=number("rule"),
        since=day("since"),
        text=text("text"),
        request_id=text("request"),
    )
    with reading() as session:
        part = feeds.activity(session, wanted, number("before"))
        rules = rule_names(session)
    return page(
        "activity.html",
        "part" if number("before") else "feed",
        part=part,
        wanted=wanted,
        rules=rules,
        kinds=KINDS,
    )
