"""Whether the process lives, and whether it can do its work."""

from __future__ import annotations

from flask import Blueprint
from flask.typing import ResponseReturnValue

from core.health import problems
from gateway.access import public

bp = Blueprint("health", __name__)


@bp.get("/healthz")
@public("says only that the process answers")
def healthz() -> ResponseReturnValue:
    """Say that the process answers; touches nothing else."""
    return {"status": "ok"}


@bp.get("/readyz")
@public("names parts of the gateway, no data and no address")
def readyz() -> ResponseReturnValue:
    """Say whether database, migrations and broker are there; 503 names what is not."""
    found = problems()
    if found:
        return {"status": "not ready", "problems": found}, 503
    return {"status": "ready"}
