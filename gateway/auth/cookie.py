"""The cookie of the dashboard, and the log-in that its token stands for."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask, g, request, session
from sqlalchemy.orm import Session

from core import web_sessions
from core.database import reading, writing
from core.kept_secrets import cookie_key
from core.models import LoginKind, User
from core.settings import Settings
from core.web_sessions import Browser, Visitor

_TOKEN = "token"  # noqa: S105 - where it is in the cookie


def configure(app: Flask, settings: Settings) -> None:
    """Give the app its signed cookie.

    `SameSite=Lax`, because Google sends people back by a link from its own site, and with `Strict`
    the browser would keep the cookie that has the log-in's state to itself. Without TLS the name
    has the port: browsers tell cookies of one host apart by their name alone.
    """
    app.config.update(
        SECRET_KEY=cookie_key(settings),
        SESSION_COOKIE_NAME="__Host-igw" if settings.behind_tls else f"igw_{settings.gateway_port}",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SECURE=settings.behind_tls,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_PATH="/",
        SESSION_REFRESH_EACH_REQUEST=False,
        PERMANENT_SESSION_LIFETIME=timedelta(hours=settings.session_hours),
    )


def visitor() -> Visitor | None:
    """Give who is logged in, asking the database once in a request; None for a stranger."""
    if "visitor" not in g:
        token = session.get(_TOKEN)
        g.visitor = _look_up(token) if isinstance(token, str) else None
    return g.visitor


def _look_up(token: str) -> Visitor | None:
    with reading() as store:
        found = web_sessions.find(store, token)
    if found is not None and found.seen_is_worth_noting:
        with writing() as store:
            web_sessions.note_seen(store, found.session_id)
    return found


def log_in(store: Session, user: User, kind: LoginKind) -> None:
    """Log this browser in, under a new token and with nothing left of the cookie it came with.

    A cookie that somebody planted before is worth nothing afterwards.
    """
    before = session.get(_TOKEN)
    if isinstance(before, str):
        web_sessions.replace(store, before)
    session.clear()
    session.permanent = True
    browser = Browser(request.remote_addr or "", request.user_agent.string)
    session[_TOKEN] = web_sessions.begin(store, user, kind, browser)


def log_out() -> None:
    """Log this browser out; the token is worth nothing any more, whoever has a copy of it."""
    found = visitor()
    if found is not None:
        with writing() as store:
            web_sessions.end(store, found)
    session.clear()
    g.visitor = None
