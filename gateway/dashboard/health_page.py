"""The health page: processes, queues, stores, vendors and this machine, measured as one looks."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask import Blueprint, abort, g
from flask.typing import ResponseReturnValue
from jinja2_fragments.flask import render_block

from core import alerts, audit
from core.clock import age, now
from core.database import reading, writing
from core.dispatch import publish
from core.logs import new_request_id
from core.models import Alert, AlertSeverity, Role
from core.together import NoAnswer
from core.vitals import read_vitals
from gateway.access import role_required
from gateway.rendering import notice, page, wants_fragment

bp = Blueprint("health_page", __name__, url_prefix="/health")

PATIENCE = timedelta(seconds=60)
"""How long a test alert is waited for: longer than a worker needs to try every channel."""

_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")


@bp.app_template_filter()
def size(count: float) -> str:
    """Write a number of bytes in the unit that suits it."""
    unit = 0
    while count >= 1024 and unit < len(_UNITS) - 1:  # noqa: PLR2004 - the next unit
        count, unit = count / 1024, unit + 1
    return f"{count:.0f} {_UNITS[unit]}" if unit < 2 else f"{count:.1f} {_UNITS[unit]}"  # noqa: PLR2004 - MiB


@bp.app_template_filter()
def span(seconds: float) -> str:
    """Write how long something lasts."""
    return age(timedelta(seconds=seconds))


@bp.app_template_test()
def silent(part: object) -> bool:
    """Say whether a part gave no answer."""
    return isinstance(part, NoAnswer)


@bp.app_template_filter()
def moment_of(text: str) -> datetime:
    """Read a moment from a report."""
    return datetime.fromisoformat(text)


@bp.get("/")
@role_required(Role.VIEWER)
def index() -> ResponseReturnValue:
    """Show the page at once; it asks for its measurements, which take up to two seconds, again."""
    vitals = read_vitals() if wants_fragment() else None
    return page("health.html", "now", vitals=vitals, alert=None)


@bp.post("/test-alert")
@role_required(Role.ADMIN)
def send_test_alert() -> ResponseReturnValue:
    """Send a test alert the whole way that alerts go, and follow it."""
    with writing() as session:
        alert_id = alerts.raise_alert(
            session,
            cause=f"test:{new_request_id()}",
            title="Test alert",
            text="Somebody asked for this on the health page. There is nothing to do: alerts of "
            "the gateway arrive here.",
            path="/health/",
            severity=AlertSeverity.INFO,
            wait=timedelta(0),
        )
        audit.note(session, g.user.email, "tested", "alerts")
    if not publish("ops.deliver_alerts", True):
        text = "The broker does not answer: the test alert waits until it does."
        return _followed(alert_id) + notice(text, kind="danger")
    return _followed(alert_id)


@bp.get("/test-alert/<int:alert_id>")
@role_required(Role.ADMIN)
def follow_test_alert(alert_id: int) -> ResponseReturnValue:
    """Say what came of a test alert so far."""
    return _followed(alert_id)


def _followed(alert_id: int) -> str:
    with reading() as session:
        alert = session.get(Alert, alert_id)
    if alert is None or not alert.cause.startswith("test:"):
        abort(404, "There is no such test alert.")
    late = now() - alert.first_seen > PATIENCE
    return render_block("health.html", "test", alert=alert, late=late)
