"""One's own log-ins: in which browsers, since when, and how to end them."""

from __future__ import annotations

from flask import Blueprint, Response, g, redirect, url_for
from flask.typing import ResponseReturnValue

from core import users, web_sessions
from core.database import reading, writing
from core.models import Role, User
from gateway.access import role_required
from gateway.refusals import is_htmx
from gateway.rendering import notice, page

bp = Blueprint("me", __name__, url_prefix="/me")


@bp.get("")
@role_required(Role.VIEWER)
def index() -> ResponseReturnValue:
    """Show where one is logged in, and what one may do."""
    return _logins()


@bp.post("/sessions/<int:session_id>/end")
@role_required(Role.VIEWER)
def end_session(session_id: int) -> ResponseReturnValue:
    """End one of one's own log-ins."""
    with writing() as session:
        user = session.get_one(User, g.user.id)
        ended = web_sessions.revoke(session, user, session_id, g.user.email)
    return _answer("You are logged out there." if ended else "That log-in was over already.")


@bp.post("/sessions/end")
@role_required(Role.VIEWER)
def end_all() -> ResponseReturnValue:
    """Log out everywhere, here too."""
    with writing() as session:
        web_sessions.revoke_all(session, session.get_one(User, g.user.id), g.user.email)
    login = url_for("auth.login")
    return Response(headers={"HX-Redirect": login}) if is_htmx() else redirect(login, 303)


def _answer(text: str) -> ResponseReturnValue:
    if not is_htmx():
        return redirect(url_for("me.index"), 303)
    answer = _logins()
    answer.set_data(answer.get_data(as_text=True) + notice(text))
    return answer


def _logins() -> Response:
    with reading() as session:
        logins = web_sessions.open_sessions(session, [g.user.id])[g.user.id]
        admins = users.admins(session)
    return page("me.html", "logins", logins=logins, admins=admins)
