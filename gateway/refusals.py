"""What people and programs are told when they may not do something."""

from __future__ import annotations

import logging

from flask import Response, jsonify, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from core import users
from core.database import reading
from core.models import Role
from core.web_sessions import Visitor
from gateway.auth.targets import HOME, asked_for
from gateway.rendering import notice

log = logging.getLogger(__name__)


def is_htmx() -> bool:
    """Say whether a part of a page is asked for, by HTMX."""
    return request.headers.get("HX-Request") == "true"


def wants_page() -> bool:
    """Say whether a browser asks for a page to show, not a script for data or a stream."""
    mode = request.headers.get("Sec-Fetch-Mode", "navigate")
    accepted = request.accept_mimetypes
    return mode == "navigate" and (accepted.accept_html or not accepted)


def to_login() -> ResponseReturnValue:
    """Send somebody who is not logged in to where they can; they come back afterwards.

    A part of a page cannot be replaced by the log-in, so HTMX is told to leave the page; a script
    is told plainly.
    """
    target = asked_for()
    url = url_for("auth.login", next=None if target == HOME else target)
    if is_htmx():
        return Response(status=401, headers={"HX-Redirect": url})
    if wants_page():
        return redirect(url, 303)
    message = f"You are not logged in, or no longer. Log in at {url}"
    return jsonify(error="unauthorized", message=message), 401


def role_too_low(visitor: Visitor, needed: Role) -> ResponseReturnValue:
    """Say which role it takes, which one the person has, and who can change that."""
    extra = {"path": request.path, "user": visitor.id, "needed": needed.value}
    log.warning("role_too_low", extra=extra)
    with reading() as session:
        admins = users.admins(session)
    can = f"An admin can change your role: {', '.join(admins)}." if admins else ""
    text = f"This takes the role {needed.value}, and you have the role {visitor.role.value}."
    return told(403, "forbidden", "You may not do this", f"{text} {can}".strip())


def told(status: int, code: str, title: str, text: str) -> Response:
    """Answer a refusal as whoever asked can read it: a page, a sentence in its corner, or JSON."""
    if is_htmx():
        answer = make_response(notice(text, kind="danger"), status)
        answer.headers["HX-Reswap"] = "none"  # What the page shows is still true.
    elif wants_page():
        answer = make_response(render_template("refused.html", title=title, text=text), status)
    else:
        answer = make_response(jsonify(error=code, message=text), status)
    answer.vary.update(("HX-Request", "Accept"))
    return answer
