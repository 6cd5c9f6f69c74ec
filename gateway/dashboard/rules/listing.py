"""The rules in their order: what each takes, how it stands, and where order decides."""

from __future__ import annotations

from flask import request
from flask.typing import ResponseReturnValue

from core import rule_edits, rule_listing
from core.database import reading, writing
from core.mapping.overlaps import Overlap
from core.models import Role
from core.rule_edits import OrderChangedError
from gateway.access import role_required
from gateway.dashboard.rules.common import author, pages, rights, told
from gateway.rendering import page

OVERLAPS_SHOWN = 50


@pages.get("/rules")
@role_required(Role.VIEWER)
def index() -> ResponseReturnValue:
    """Show the rules in the order in which they are tried."""
    return page("rules.html", "list", **_list())


@pages.post("/rules/order")
@role_required(Role.ADMIN)
def order() -> ResponseReturnValue:
    """Save the order that somebody made, and show the list as it is now."""
    wanted = [int(one) for one in request.form.getlist("rule") if one.isdigit()]
    try:
        with writing() as session:
            done = rule_edits.reorder(session, request.form.get("seen", ""), wanted, author())
    except (OrderChangedError, ValueError) as error:
        kind, text = "warning", str(error)
    else:
        kind, text = "success", _said(done)
    answer = page("rules.html", "list", **_list())
    return told(answer, text, kind)


def _said(done: dict[str, tuple[int, int]]) -> str:
    if not done:
        return "The order is as it was."
    if len(done) == 1:
        [(name, (before, after))] = done.items()
        return f"The order is saved: rule {name!r} has priority {after} now (before: {before})."
    return f"The order is saved: {len(done)} rules have new priorities."


def _list() -> dict[str, object]:
    with reading() as session:
        listed = rule_listing.listed(session)
        newest = rule_listing.looked_at(session)
    rows = [one.row for one in listed]
    found = rule_listing.order_matters(rows)
    return {
        "listed": listed,
        "newest": newest,
        "seen": rule_edits.order_of(rows),
        "overlaps": found[:OVERLAPS_SHOWN],
        "more_overlaps": max(0, len(found) - OVERLAPS_SHOWN),
        "entangled": _entangled(found),
        **rights(),
    }


def _entangled(found: list[Overlap]) -> set[int]:
    return {rule.id for it in found for rule in (it.first, it.second)}
