"""People: who may look at the dashboard, what they may do, and where they are logged in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from flask import Blueprint, Response, abort, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from core import users, web_sessions
from core.database import reading, writing
from core.models import Role, User
from core.settings import get_settings
from core.users import UserError
from gateway.access import role_required
from gateway.auth.browsers import in_words
from gateway.refusals import is_htmx
from gateway.rendering import notice, page

bp = Blueprint("users", __name__, url_prefix="/users")
bp.add_app_template_filter(in_words, "browser")

Change = Callable[[Session, User], str]
"""Changes something about a person, and says in a sentence what it was."""


@bp.get("")
@role_required(Role.ADMIN)
def index() -> ResponseReturnValue:
    """List people, those who logged in last first."""
    return _people()


@bp.post("")
@role_required(Role.ADMIN)
def invite() -> ResponseReturnValue:
    """Let somebody in with a role, before they log in for the first time."""
    try:
        with writing() as session:
            user = users.invite(session, request.form.get("email", ""), _role(), g.user.email)
    except UserError as error:
        return _answer(_sentence(error), kind="danger", status=409, typed=request.form)
    return _answer(
        f"{user.email} can log in now, as {user.role.value}. No mail was sent: tell them to go to "
        f"{get_settings().resolved_public_url}/"
    )


@bp.post("/<int:user_id>/role")
@role_required(Role.ADMIN)
def change_role(user_id: int) -> ResponseReturnValue:
    """Give somebody another role, which counts from their next request on."""
    role = _role()

    def change(session: Session, user: User) -> str:
        users.change_role(session, user, role, g.user.email)
        return f"{user.email} is {role.value} now."

    return _change(user_id, change)


@bp.post("/<int:user_id>/disable")
@role_required(Role.ADMIN)
def disable(user_id: int) -> ResponseReturnValue:
    """Take somebody's access away, and log them out."""

    def change(session: Session, user: User) -> str:
        users.disable(session, user, g.user.email)
        return f"{user.email} is out, everywhere, and cannot log in again until enabled."

    return _change(user_id, change)


@bp.post("/<int:user_id>/enable")
@role_required(Role.ADMIN)
def enable(user_id: int) -> ResponseReturnValue:
    """Give somebody's access back."""

    def change(session: Session, user: User) -> str:
        users.enable(session, user, g.user.email)
        return f"{user.email} can log in again, as {user.role.value}."

    return _change(user_id, change)


@bp.post("/<int:user_id>/logout")
@role_required(Role.ADMIN)
def log_out(user_id: int) -> ResponseReturnValue:
    """Log somebody out everywhere."""

    def change(session: Session, user: User) -> str:
        ended = web_sessions.revoke_all(session, user, g.user.email)
        return f"{user.email} was logged out of {ended} browser{'' if ended == 1 else 's'}."

    return _change(user_id, change)


@bp.post("/<int:user_id>/sessions/<int:session_id>/end")
@role_required(Role.ADMIN)
def end_session(user_id: int, session_id: int) -> ResponseReturnValue:
    """End one log-in of somebody."""

    def change(session: Session, user: User) -> str:
        ended = web_sessions.revoke(session, user, session_id, g.user.email)
        return f"{user.email} was logged out there." if ended else "That log-in was over already."

    return _change(user_id, change)


def _change(user_id: int, change: Change) -> ResponseReturnValue:
    try:
        with writing() as session:
            user = session.get(User, user_id)
            if user is None:
                abort(404, "There is no such person.")
            said = change(session, user)
    except UserError as error:
        return _answer(_sentence(error), kind="danger", status=409)
    return _answer(said)


def _answer(
    text: str,
    *,
    kind: str = "success",
    status: int = 200,
    typed: Mapping[str, str] = MappingProxyType({}),
) -> ResponseReturnValue:
    """Show the list as it is now, with a sentence; without HTMX, go back to it.

    `typed` is what stays in the form, so that it can be corrected.
    """
    if not is_htmx():
        return redirect(url_for("users.index"), 303)
    answer = _people(typed)
    answer.status_code = status
    answer.set_data(answer.get_data(as_text=True) + notice(text, kind=kind))
    return answer


def _people(typed: Mapping[str, str] = MappingProxyType({})) -> Response:
    about, number = request.args.get("q", ""), max(1, request.args.get("page", 1, type=int))
    with reading() as session:
        people, count = users.listed(session, about, number)
        logins = web_sessions.open_sessions(session, [user.id for user in people])
    return page(
        "users.html",
        "people",
        people=people,
        typed=typed,
        logins=logins,
        count=count,
        about=about,
        number=number,
        pages=max(1, -(-count // users.PAGE)),
        roles=list(Role),
        domains=get_settings().google_hosted_domains,
        invited_only=get_settings().invited_only,
    )


def _role() -> Role:
    try:
        return Role(request.form.get("role", ""))
    except ValueError:
        abort(400, "There is no such role.")


def _sentence(error: UserError) -> str:
    text = str(error)
    if "@" in text.split(" ", 1)[0]:
        return f"{text}."  # An address stays as it is.
    return f"{text[:1].upper()}{text[1:]}."
