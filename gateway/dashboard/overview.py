"""The overview: is everything well, in one sentence, one colour and a few charts; live."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

from flask import Blueprint, g
from flask.typing import ResponseReturnValue
from jinja2_fragments.flask import render_block

from core import audit
from core.database import writing
from core.dispatch import publish
from core.domain_settings import get_setting, set_setting
from core.liveness import LATE_SECONDS
from core.models import Role
from core.overview import Overview, read_overview
from core.status_verdict import Place
from gateway import live
from gateway.access import role_required
from gateway.day_charts import day_charts
from gateway.rendering import notice, page

bp = Blueprint("overview", __name__)

EVERY_SECONDS = 2.0

PLACES = {
    Place.HEALTH: "See the health page",
    Place.RULES: "See the rules",
    Place.DEAD_LETTERS: "See the dead letters",
    Place.LINKS: "See the links",
    Place.SETTINGS: "See the settings",
}
"""What a link to the page that mends something says."""

_AGO = re.compile(r"(data-ago>)[^<]*")
"""The words of a moment, which the page's script counts on by itself."""


def _values(seen: Overview) -> dict[str, Any]:
    poll = seen.status.last_poll
    return {
        "seen": seen,
        "status": seen.status,
        "verdict": seen.status.verdict,
        "poll": poll,
        "poll_began": datetime.fromisoformat(poll["began"]) if poll else None,
        "charts": day_charts(seen.measured, seen.moment),
        "late": LATE_SECONDS,
        "places": PLACES,
    }


def _fragment() -> str:
    return render_block("overview.html", "now", **_values(read_overview()))


def _produce(stop: threading.Event) -> Iterator[live.Event]:
    known = None
    for event in live.whenever_changed(_fragment, EVERY_SECONDS)(stop):
        # That time goes on is no news.
        told = _AGO.sub(r"\1", event.data)
        if told != known:
            known = told
            yield replace(event, name="fragment")


OVERVIEW = live.Topic("overview", _produce)


@bp.get("/")
@role_required(Role.VIEWER)
def index() -> ResponseReturnValue:
    """Show how everything stands; from then on the stream keeps it so."""
    seen = read_overview()
    return page("overview.html", "now", **_values(seen), paused=seen.status.poll_paused)


@bp.get("/live/overview")
@role_required(Role.VIEWER)
def stream() -> ResponseReturnValue:
    """Send the page's content whenever it changes."""
    return live.stream(OVERVIEW, still_allowed=live.while_logged_in(g.user))


@bp.post("/overview/poll")
@role_required(Role.OPERATOR)
def poll() -> ResponseReturnValue:
    """Have PeopleForce read now, without waiting for the interval."""
    with writing() as session:
        audit.note(session, g.user.email, "polled", "PeopleForce")
        paused = bool(get_setting(session, "pf_jira", "poll_paused"))
    if not publish("pf_jira.poll", True):
        text = "No poll was started: the broker does not answer. See the health page."
        return _controls(paused=paused) + notice(text, kind="danger")
    text = "PeopleForce is being read. What was found appears here within seconds."
    return _controls(paused=paused) + notice(text)


@bp.post("/overview/pause", defaults={"paused": True})
@bp.post("/overview/resume", defaults={"paused": False})
@role_required(Role.OPERATOR)
def pause(*, paused: bool) -> ResponseReturnValue:
    """Stop reading PeopleForce, or go on with it."""
    with writing() as session:
        set_setting(session, "pf_jira", "poll_paused", paused, g.user.email)
    if paused:
        text = "Polling is paused. Changes in PeopleForce are not seen until somebody resumes it."
        return _controls(paused=True) + notice(text, kind="warning")
    text = "Polling goes on: the next poll begins within seconds."
    return _controls(paused=False) + notice(text)


def _controls(*, paused: bool) -> str:
    return render_block("overview.html", "controls", paused=paused)
