"""The audit: who changed what, before and after."""

from __future__ import annotations

from flask import Blueprint
from flask.typing import ResponseReturnValue

from core.database import reading
from core.lists import feeds
from core.models import Audit, Role
from core.rule_text import difference, in_short, to_yaml
from gateway.access import role_required
from gateway.rendering import page
from gateway.table_answers import day, number, text

bp = Blueprint("audit", __name__, url_prefix="/audit")


@bp.get("")
@role_required(Role.ADMIN)
def index() -> ResponseReturnValue:
    """Show the changes that the filters leave, from the newest or from below the row `before`."""
    with reading() as session:
        part = feeds.audit(session, text("about"), day("since"), number("before"))
    fragment = "part" if number("before") else "feed"
    return page("audit.html", fragment, part=part, in_short=in_short, lines=_lines)


def _lines(row: Audit) -> list[str]:
    """Give a change line by line, as a diff where there is a before and an after."""
    if isinstance(row.before, dict) and isinstance(row.after, dict):
        return difference(row.before, row.after, before_is="before", after_is="after")
    parts = (("before", row.before), ("after", row.after))
    return [
        f"{name}: {line}"
        for name, value in parts
        if value is not None
        for line in to_yaml(value).removesuffix("...\n").strip().splitlines()
    ]
