"""The search box: any key leads straight to its story, words lead to a short list."""

from __future__ import annotations

from flask import Blueprint, redirect, url_for
from flask.typing import ResponseReturnValue

from core import finding
from core.database import reading
from core.finding import Hit, Kind
from core.models import Role
from gateway.access import role_required
from gateway.rendering import page
from gateway.table_answers import text

bp = Blueprint("search", __name__)


@bp.get("/search")
@role_required(Role.VIEWER)
def index() -> ResponseReturnValue:
    """Look for `q`, and go straight to what it names where that is one thing."""
    words = text("q")
    with reading() as session:
        found = finding.find(session, words)
    if found.only is not None:
        return redirect(address(found.only))
    hits = [(kind, [it for it in found.hits if it.kind is kind]) for kind in Kind]
    return page(
        "search.html",
        "main",
        words=words,
        found=found,
        kinds=[(kind, of_kind) for kind, of_kind in hits if of_kind],
        address=address,
    )


def address(hit: Hit) -> str:
    """Give the page of what was found."""
    if hit.kind is Kind.DELIVERY:
        return url_for("deliveries.show", delivery_id=int(hit.key))
    return url_for("records.show", record=hit.key)
