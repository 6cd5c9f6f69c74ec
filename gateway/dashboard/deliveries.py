"""Webhooks as they came: what each asked for, what came of it, and how to work on it again."""

from __future__ import annotations

import json
import secrets
from typing import Any

from flask import Blueprint, Response, abort, g, render_template, request, url_for
from flask.typing import ResponseReturnValue

from core import replaying, skipping
from core.database import reading, writing
from core.domains import load_domains
from core.lists import deliveries
from core.models import Delivery, DeliveryState, Link, Role
from core.replay_once import NonceTakenError
from core.skipping import NotSkippedError
from gateway import table_answers
from gateway.access import role_required
from gateway.rendering import notice, page
from gateway.table_answers import choice, day, text

bp = Blueprint("deliveries", __name__, url_prefix="/deliveries")

LARGEST_SHOWN = 200_000
"""Characters of a body that a page shows; Jira sends up to 25 MB."""

LONGEST_NOTE = 500


@bp.get("")
@role_required(Role.VIEWER)
def index() -> ResponseReturnValue:
    """Show the table; it asks for its rows by itself."""
    return page("deliveries.html", "main", states=list(DeliveryState), sources=sorted(_sources()))


@bp.get("/data")
@role_required(Role.VIEWER)
def data() -> ResponseReturnValue:
    """Give one page of the deliveries that the filters leave."""
    wanted = deliveries.Wanted(
        choice("state", DeliveryState), text("source"), text("record"), day("since")
    )
    ask = table_answers.asked("received")
    with reading() as session:
        found = deliveries.page(session, wanted, ask)
        links = deliveries.links_of(session, {row.record_id for row in found.rows})
    return table_answers.answer(found, ask, lambda row: _row(row, links.get(row.record_id)))


def _row(row: Any, link: Link | None) -> dict[str, Any]:  # noqa: ANN401 - of `deliveries.page`
    return {
        "id": row.id,
        "page": url_for("deliveries.show", delivery_id=row.id),
        "topic": row.topic,
        "source": row.source,
        "record": (link.issue_key if link else row.record_id) or "",
        "story": url_for("records.show", record=link.source_id) if link else "",
        "state": row.state.value,
        "reason": row.reason,
        "attempts": row.attempts,
        "received": row.received_at.isoformat(),
    }


@bp.get("/<int:delivery_id>")
@role_required(Role.VIEWER)
def show(delivery_id: int) -> ResponseReturnValue:
    """Show one delivery; headers and body to operators alone, for they hold what people wrote."""
    return _shown(delivery_id) or (
        render_template("delivery_unknown.html", delivery_id=delivery_id),
        404,
    )


def _shown(delivery_id: int) -> Response | None:
    with reading() as session:
        delivery = session.get(Delivery, delivery_id) if delivery_id < 2**63 else None
        if delivery is None:
            return None
        links = deliveries.links_of(session, {delivery.record_id})
    may_read = g.user.role.covers(Role.OPERATOR)
    return page(
        "delivery.html",
        "delivery",
        it=delivery,
        link=links.get(delivery.record_id),
        body=_body(delivery) if may_read else None,
        pretty=_pretty(delivery) if may_read else None,
        nonce=secrets.token_hex(8),
    )


def _sources() -> set[str]:
    return {hook.source for domain in load_domains() for hook in domain.webhooks}


def _body(delivery: Delivery) -> str:
    return delivery.body.decode("utf-8", errors="replace")[:LARGEST_SHOWN]


def _pretty(delivery: Delivery) -> str:
    try:
        parsed = json.loads(delivery.body)
    except ValueError:
        return ""
    return json.dumps(parsed, indent=2, ensure_ascii=False)[:LARGEST_SHOWN]


@bp.post("/<int:delivery_id>/replay")
@role_required(Role.OPERATOR)
def replay(delivery_id: int) -> ResponseReturnValue:
    """Work on a webhook again, once for each nonce."""
    delivery = _delivery(delivery_id)
    if delivery.task is None:
        words = f"Nobody handles {delivery.topic}, so there is nothing to try again."
        return _with_notice(delivery_id, words, "danger")
    nonce = request.form.get("nonce", "")[:100] or secrets.token_hex(8)
    try:
        known = replaying.replay_webhook(delivery, replaying.Request(g.user.email, nonce))
    except NonceTakenError as error:
        return _with_notice(delivery_id, str(error), "warning")
    if known is not None:
        return _with_notice(delivery_id, "It is being worked on again already.", "info")
    return _with_notice(delivery_id, f"Delivery {delivery_id} is worked on again. Watch it here.")


@bp.post("/<int:delivery_id>/skip")
@role_required(Role.OPERATOR)
def skip(delivery_id: int) -> ResponseReturnValue:
    """Take a webhook that waits out of the way, with a note that says why."""
    note = request.form.get("note", "").strip()[:LONGEST_NOTE]
    if not note:
        words = "Say in the note why it is skipped. Nothing was done."
        return _with_notice(delivery_id, words, "danger")
    delivery = _delivery(delivery_id)
    asked = skipping.Request(replaying.DOMAIN, g.user.email, note)
    try:
        with writing() as session:
            skipping.skip_delivery(session, delivery, asked)
    except NotSkippedError as error:
        return _with_notice(delivery_id, str(error), "danger")
    return _with_notice(delivery_id, f"Delivery {delivery_id} was skipped.")


def _delivery(delivery_id: int) -> Delivery:
    with reading() as session:
        delivery = session.get(Delivery, delivery_id) if delivery_id < 2**63 else None
    return delivery or abort(404, f"There is no delivery {delivery_id}; it may be too old.")


def _with_notice(delivery_id: int, words: str, kind: str = "success") -> ResponseReturnValue:
    answer = _shown(delivery_id) or abort(404)
    answer.set_data(answer.get_data(as_text=True) + notice(words, kind=kind))
    return answer
