"""Flower behind the same log-in: its pages are fetched and handed on.

Flower asks for a password that only it and the gateway know. urllib3 calls nothing but its address,
so this tier still speaks to no vendor. Flower shows names, times and arguments of tasks; those are
ids, since payloads stay in the database.

Starting tasks with arguments of one's choice is not handed on: rules, limits and the audit would
know nothing of it.
"""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from urllib.parse import quote

import urllib3
from flask import Blueprint, Response, g, request
from flask.typing import ResponseReturnValue

from core import audit
from core.database import writing
from core.kept_secrets import flower_password
from core.models import Role
from core.settings import get_settings
from gateway.access import role_required
from gateway.protection import CSP, policy
from gateway.refusals import told

LARGEST_ANSWER = 16 * 1024 * 1024
"""Bytes; a list of all tasks that Flower keeps in memory has about 2 MB."""

LARGEST_QUESTION = 65_536

SECONDS = 15.0
"""How long Flower may take; it asks all workers for some pages, and waits a second for them."""

_AUTOREFRESH = re.compile(rb"<script[^>]*>(\s*var autorefresh = \d;\s*)</script>")
"""The one script that Flower writes into a page."""

_ASKED = ("Accept", "Accept-Language", "Content-Type", "If-None-Match", "If-Modified-Since")
_GIVEN = ("Content-Type", "ETag", "Last-Modified", "Cache-Control", "Location")

bp = Blueprint("flower", __name__, url_prefix="/flower")


@bp.before_request
def ask_for_the_header() -> ResponseReturnValue | None:
    """Refuse what a page of another site could send: only scripts of ours can set this header.

    It stands for the token, which Flower's scripts do not know.
    """
    if request.method == "POST" and request.headers.get("X-Requested-With") != "XMLHttpRequest":
        text = "Go back, reload the page, and try again."
        return told(400, "page_too_old", "Nothing was changed", text)
    return None


@bp.get("/", defaults={"path": ""})
@bp.get("/<path:path>")
@role_required(Role.VIEWER)
def index(path: str) -> ResponseReturnValue:  # noqa: ARG001 - taken from the request, whole
    """Show one of Flower's pages."""
    return _handed_on()


@bp.post("/tasks/datatable")
@role_required(Role.VIEWER)
def list_tasks() -> ResponseReturnValue:
    """Give rows for the list of tasks; it changes nothing, but asks in a form."""
    return _handed_on()


@bp.post("/api/task/<any(revoke, abort):action>/<path:subject>")
@role_required(Role.OPERATOR)
def control_task(action: str, subject: str) -> ResponseReturnValue:
    """Take one task out of the queue, or stop it."""
    return _controlled(action, f"task {subject}")


@bp.post("/api/task/<any('rate-limit', timeout):action>/<path:subject>")
@role_required(Role.ADMIN)
def control_tasks(action: str, subject: str) -> ResponseReturnValue:
    """Limit all tasks of a name, until the workers start again."""
    return _controlled(action, f"tasks {subject}")


@bp.post("/api/worker/<any(pool, queue, shutdown):action>/<path:subject>")
@role_required(Role.ADMIN)
def control_worker(action: str, subject: str) -> ResponseReturnValue:
    """Change how a worker works, until it starts again."""
    return _controlled(action, f"worker {subject}")


def _controlled(action: str, subject: str) -> ResponseReturnValue:
    with writing() as session:
        audit.note(session, g.user.email, f"asked Flower for {action} of", subject)
    return _handed_on()


def _handed_on() -> Response:
    request.max_content_length = LARGEST_QUESTION
    query = request.query_string.decode("latin-1")
    try:
        answer = _flower().request(
            request.method,
            quote(request.path) + (f"?{query}" if query else ""),
            body=request.get_data(),
            headers=_headers(),
            preload_content=False,
            redirect=False,
        )
        content = answer.read(LARGEST_ANSWER + 1)
        answer.release_conn()
    except urllib3.exceptions.HTTPError:
        text = "Flower does not answer; the rest works without it. Its log, flower.log, says why."
        return told(502, "flower_away", "Flower is away", text)
    if len(content) > LARGEST_ANSWER:
        return told(502, "flower_answer_too_large", "Too much", "Flower answered with too much.")
    given = Response(content, answer.status)
    for name in _GIVEN:
        if name in answer.headers:
            given.headers[name] = answer.headers[name]
    given.headers["Content-Security-Policy"] = _policy(content)
    return given


def _policy(content: bytes) -> str:
    """Allow what Flower's pages need, and no more: a task's name must not bring a script.

    Its one script is allowed by its hash. Its tables write the widths of their columns into the
    markup.
    """
    found = _AUTOREFRESH.search(content)
    scripts = "'self'"
    if found is not None:
        digest = base64.b64encode(hashlib.sha256(found[1]).digest()).decode()
        scripts = f"'self' 'sha256-{digest}'"
    return policy({**CSP, "script-src": scripts, "style-src": "'self' 'unsafe-inline'"})


def _headers() -> dict[str, str]:
    """Give the headers to ask with; the cookie is not Flower's business."""
    headers = {name: request.headers[name] for name in _ASKED if name in request.headers}
    password = f"gateway:{flower_password(get_settings())}"
    return headers | urllib3.make_headers(basic_auth=password)


@cache
def _flower() -> urllib3.HTTPConnectionPool:
    """Give this process's connections to Flower; made after the fork, when first asked for."""
    settings = get_settings()
    return urllib3.HTTPConnectionPool(
        settings.flower_host,
        settings.flower_port,
        maxsize=settings.gateway_threads,
        timeout=urllib3.Timeout(connect=2.0, read=SECONDS),
        retries=False,
    )
