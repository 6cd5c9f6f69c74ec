"""The story of one task: why it did or did not sync, what happened, and what to do now."""

from __future__ import annotations

import secrets

from flask import Blueprint, Response, abort, g, render_template, request
from flask.typing import ResponseReturnValue

from core import explaining, ledger, replaying, skipping
from core import story as stories
from core.database import reading, writing
from core.mapping.errors import RuleDocumentError
from core.models import Link, Role
from core.replay_once import NonceTakenError
from core.skipping import NotSkippedError
from core.vendor_pages import issue_page
from gateway import asking
from gateway.access import role_required
from gateway.rendering import notice, page

bp = Blueprint("records", __name__, url_prefix="/records")

DOMAIN, SOURCE = replaying.DOMAIN, "peopleforce"

LONGEST_NOTE = 500
"""Characters of a note that says why something is skipped."""


@bp.get("/<record>")
@role_required(Role.VIEWER)
def show(record: str) -> ResponseReturnValue:
    """Show a task's story, by its id or its issue's key."""
    return _story(record) or (render_template("record_unknown.html", record=record), 404)


def _story(record: str) -> Response | None:
    with reading() as session:
        story = stories.tell(session, SOURCE, record)
    if story is None:
        return None
    return page(
        "record.html",
        "record",
        story=story,
        link=story.link,
        issue_page=issue_page(story.link.issue_key if story.link else None),
        nonce=_nonce(),
    )


@bp.get("/<record>/conditions")
@role_required(Role.VIEWER)
def conditions(record: str) -> ResponseReturnValue:
    """Show which rule takes a task now, condition by condition: a part of its page."""
    link = _link(record)
    problem, explained = "", None
    try:
        with reading() as session:
            explained = explaining.explain(session, link)
    except RuleDocumentError as error:
        problem = str(error)
    return render_template("record_conditions.html", it=explained, link=link, problem=problem)


@bp.post("/<record>/preview")
@role_required(Role.VIEWER)
def ask_preview(record: str) -> ResponseReturnValue:
    """Have a worker say what would be sent to Jira now; nothing is sent."""
    link = _link(record)
    asked = asking.ask(DOMAIN, "preview", {"task": link.source_id})
    return render_template("record_preview.html", asked=asked, link=link)


@bp.get("/<record>/preview/<request_id>")
@role_required(Role.VIEWER)
def look_preview(record: str, request_id: str) -> ResponseReturnValue:
    """Show what the worker said, or that it is still at it."""
    asked = asking.look(request_id)
    return render_template("record_preview.html", asked=asked, link=_link(record))


@bp.post("/<record>/replay")
@role_required(Role.OPERATOR)
def replay(record: str) -> ResponseReturnValue:
    """Try a task again, once for each nonce."""
    link = _link(record)
    asked = replaying.Request(g.user.email, request.form.get("nonce", "")[:100] or _nonce())
    try:
        known = replaying.replay_record(link, asked)
    except NonceTakenError as error:
        return _with_notice(record, str(error), "warning")
    if known is not None:
        return _with_notice(record, f"Task {link.source_id} is being tried again already.", "info")
    return _with_notice(record, f"Task {link.source_id} is tried again. Watch it here.")


@bp.post("/<record>/skip")
@role_required(Role.OPERATOR)
def skip(record: str) -> ResponseReturnValue:
    """Take what waits for a task out of the way, with a note that says why."""
    note = request.form.get("note", "").strip()[:LONGEST_NOTE]
    if not note:
        return _with_notice(
            record, "Say in the note why it is skipped. Nothing was done.", "danger"
        )
    link = _link(record)
    asked = skipping.Request(DOMAIN, g.user.email, note)
    try:
        with writing() as session:
            skipped = skipping.skip_record(session, link, stories.WEBHOOKS, asked)
    except NotSkippedError as error:
        return _with_notice(record, str(error), "danger")
    return _with_notice(record, f"Task {skipped.record}: skipped {skipped}.")


def _with_notice(record: str, words: str, kind: str = "success") -> ResponseReturnValue:
    answer = _story(record) or abort(404)
    answer.set_data(answer.get_data(as_text=True) + notice(words, kind=kind))
    return answer


def _link(record: str) -> Link:
    with reading() as session:
        link = ledger.find(session, SOURCE, record)
    if link is None:
        abort(404, f"The gateway knows no task and no issue {record}.")
    return link


def _nonce() -> str:
    return secrets.token_hex(8)
