"""The part of the control API that both stand-ins have, and the guard that keeps it local."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Blueprint, Flask, abort, request
from flask.typing import ResponseReturnValue
from pydantic import ValidationError

from sandbox.common.calls import Calls
from sandbox.common.faults import Fault, Faults
from sandbox.common.server import is_loopback


def control_blueprint(faults: Faults, calls: Calls) -> Blueprint:
    """Return the routes `/_control/faults` and `/_control/calls`."""
    control = Blueprint("control", __name__, url_prefix="/_control")

    @control.get("/faults")
    def list_faults() -> ResponseReturnValue:
        return {"faults": faults.active()}

    @control.post("/faults")
    def add_fault() -> ResponseReturnValue:
        try:
            fault = Fault.model_validate(request.get_json(silent=True))
        except ValidationError as error:
            return {"error": str(error)}, 400
        return {"id": faults.add(fault)}, 201

    @control.delete("/faults")
    @control.delete("/faults/<int:fault_id>")
    def clear_faults(fault_id: int | None = None) -> ResponseReturnValue:
        faults.clear(fault_id)
        return "", 204

    @control.get("/calls")
    def show_calls() -> ResponseReturnValue:
        return {"total": calls.total(), "calls": calls.by_route()}

    @control.delete("/calls")
    def clear_calls() -> ResponseReturnValue:
        calls.clear()
        return "", 204

    return control


def refuse_foreign_callers(app: Flask) -> None:
    """Answer 403 to everybody but this machine, and to other sites' pages in its browsers.

    The Host check stops DNS rebinding, where a foreign page makes its own name resolve to
    127.0.0.1; the Origin check stops a foreign page from posting here.
    """

    @app.before_request
    def check_caller() -> None:
        if not is_loopback(request.remote_addr or ""):
            abort(403, "The sandbox answers this machine only.")
        if not is_loopback(_hostname(f"//{request.host}")):
            abort(403, "The sandbox answers to loopback names only, such as 127.0.0.1.")
        origin = request.headers.get("Origin")
        writes = request.method not in ("GET", "HEAD", "OPTIONS")
        if origin and writes and not is_loopback(_hostname(origin)):
            abort(403, "Another site's page may not write to the sandbox.")


def _hostname(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
