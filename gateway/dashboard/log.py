"""The live log: what all processes do, as they do it, and the trace of one piece of work."""

from __future__ import annotations

from flask import Blueprint, abort, g, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from redis.exceptions import RedisError

from core import log_stream
from core.domains import load_domains
from core.models import Role
from gateway import live
from gateway.access import role_required
from gateway.live.lines import LEVELS, LOG, Filter

bp = Blueprint("log", __name__, url_prefix="/log")

TRACE_LINES = 2000
LONGEST_FILTER = 200
"""Characters of what is looked for; nothing that is logged needs more to be found."""


@bp.get("")
@role_required(Role.VIEWER)
def index() -> ResponseReturnValue:
    """Show the page; the lines come by the stream."""
    processes = ["gateway", "beat", *(f"worker-{one.name}" for one in load_domains()), "flower"]
    return render_template("log.html", filter=_filter(), levels=LEVELS, processes=processes)


@bp.get("/stream")
@role_required(Role.VIEWER)
def stream() -> ResponseReturnValue:
    """Stream the lines that are wanted: first what there is, then what comes."""
    wanted = _filter()
    return live.stream(LOG, still_allowed=live.while_logged_in(g.user), accepts=wanted.accepts)


@bp.get("/trace/<request_id>")
@role_required(Role.VIEWER)
def trace(request_id: str) -> ResponseReturnValue:
    """Give the lines of one piece of work that the stream still has, oldest first, each as JSON."""
    try:
        entries = log_stream.of_request(request_id, TRACE_LINES)
    except RedisError:
        abort(503, "Redis, where the newest lines are kept, does not answer. Try again soon.")
    return jsonify(lines=[entry.json for entry in entries], limit=TRACE_LINES)


def _filter() -> Filter:
    given = {name: request.args.get(name, "").strip() for name in Filter.__dataclass_fields__}
    if given["level"] not in LEVELS:
        given["level"] = ""
    return Filter(**{name: value[:LONGEST_FILTER] for name, value in given.items()})
