"""The log-in page, the log-in without a password, and the log-out."""

from __future__ import annotations

import math

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from core import users
from core.database import writing
from core.models import LoginKind, Role
from core.settings import get_settings
from gateway.access import loopback_only, public, role_required
from gateway.auth import cookie, throttle
from gateway.auth.targets import local_path
from gateway.refusals import told

bp = Blueprint("auth", __name__)


@bp.get("/login")
@public("the log-in page itself; it names nobody")
def login() -> ResponseReturnValue:
    """Offer the ways to log in; whoever is logged in already goes on."""
    target = local_path(request.args.get("next"))
    if cookie.visitor() is not None:
        return redirect(target, 303)
    settings = get_settings()
    return render_template(
        "login.html",
        target=target,
        google=settings.google_on,
        roles=list(Role)[::-1] if settings.dev_login_on else [],
    )


@bp.post("/login/development")
@loopback_only
def login_for_development() -> ResponseReturnValue:
    """Log in as a made-up person of a role, in the sandbox on this machine."""
    if not get_settings().dev_login_on:
        abort(404)
    refused = too_often()
    if refused is not None:
        return refused
    try:
        role = Role(request.form.get("role", ""))
    except ValueError:
        abort(400, "There is no such role.")
    with writing() as session:
        user = users.development_user(session, role)
        cookie.log_in(session, user, LoginKind.DEVELOPMENT)
    return redirect(local_path(request.form.get("next")), 303)


@bp.post("/logout")
@role_required(Role.VIEWER)
def logout() -> ResponseReturnValue:
    """End this log-in, on the server too, and go to the log-in page."""
    cookie.log_out()
    return redirect(url_for("auth.login"), 303)


def too_often() -> Response | None:
    """Give the answer for somebody who tries to log in too often; None for all others."""
    seconds = math.ceil(throttle.seconds_to_wait(request.remote_addr or ""))
    if not seconds:
        return None
    answer = told(
        429,
        "too_many_logins",
        "Too many attempts",
        f"Too many attempts to log in came from your address. Try again in {seconds} s.",
    )
    answer.headers["Retry-After"] = str(seconds)
    return answer
