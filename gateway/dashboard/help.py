"""The documentation, where people need it."""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, abort, redirect, request, send_from_directory, url_for
from flask.typing import ResponseReturnValue

from core.models import Role
from gateway import documents
from gateway.access import role_required
from gateway.rendering import page

bp = Blueprint("help", __name__, url_prefix="/help")

LONGEST_QUERY = 100
PICTURES = {".png", ".svg", ".jpg"}


@bp.get("/")
@role_required(Role.VIEWER)
def index() -> ResponseReturnValue:
    """Find something in the documentation, or begin at its first page."""
    query = request.args.get("q", "")[:LONGEST_QUERY]
    found = documents.documents()
    if not query.strip() and not request.headers.get("HX-Request"):
        return redirect(url_for("help.show", page=next(iter(found))))
    hits = documents.search(found, query)
    return page("help.html", "found", documents=found, shown=None, query=query, hits=hits)


@bp.get("/<page>")
@role_required(Role.VIEWER)
def show(page: str) -> ResponseReturnValue:
    """Show one page of the documentation."""
    found = documents.documents()
    if page not in found:
        abort(404, "There is no such page of the documentation.")
    shown = found[page]
    html = documents.render(shown, _address_of, _picture_of)
    return _page(documents=found, shown=shown, html=html, query="", hits=[])


@bp.get("/pictures/<path:name>")
@role_required(Role.VIEWER)
def picture(name: str) -> ResponseReturnValue:
    """Give a picture of the documentation."""
    if Path(name).suffix not in PICTURES:
        abort(404)
    return send_from_directory(documents.FOLDER, name)


def _page(**values: object) -> ResponseReturnValue:
    return page("help.html", "found", **values)


def _address_of(name: str, anchor: str) -> str:
    return url_for("help.show", page=name, _anchor=anchor or None)


def _picture_of(source: str) -> str:
    return url_for("help.picture", name=source)
