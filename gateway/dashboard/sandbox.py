"""The sandbox: what can be tried there, and where what follows can be seen here."""

from __future__ import annotations

from flask import Blueprint, abort, render_template
from flask.typing import ResponseReturnValue

from core.models import Role
from core.settings import VendorMode, get_settings
from gateway.access import role_required

bp = Blueprint("sandbox", __name__, url_prefix="/sandbox")


@bp.get("/")
@role_required(Role.OPERATOR)
def index() -> ResponseReturnValue:
    """Lead to the sandbox's own page, with what to try there and where to look afterwards.

    The page calls the stand-ins itself, as a vendor's own would: the gateway calls no vendor, and a
    stand-in is one.
    """
    settings = get_settings()
    if settings.mode is not VendorMode.SANDBOX:
        abort(404, "The gateway works with real vendors; there is no sandbox.")
    return render_template(
        "sandbox.html",
        address=f"http://127.0.0.1:{settings.sandbox_peopleforce_port}/",
        jira=settings.jira.base_url,
    )
