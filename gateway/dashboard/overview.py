"""The overview page: is everything well, in one sentence and a few numbers."""

from __future__ import annotations

from flask import Blueprint, render_template, url_for
from flask.typing import ResponseReturnValue

from core.models import Role
from core.settings import VendorMode, get_settings
from core.status import read_status
from gateway.access import role_required

bp = Blueprint("overview", __name__)


@bp.get("/")
@role_required(Role.VIEWER)
def index() -> ResponseReturnValue:
    """Show the status; the page asks again by itself every five seconds."""
    settings = get_settings()
    sandbox = settings.mode is VendorMode.SANDBOX
    return render_template(
        "overview.html",
        status=read_status(),
        flower=url_for("flower.index"),
        sandbox=f"http://127.0.0.1:{settings.sandbox_peopleforce_port}/" if sandbox else None,
    )
