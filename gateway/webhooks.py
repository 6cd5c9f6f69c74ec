"""Webhooks: verify the raw bytes, write the delivery down, answer, publish.

The routes come from the `domain.toml` files. What is forged or malformed gets a 4xx and no
row, and the log stays small; what is authentic and written down is answered 2xx, whatever becomes
of it later, because senders switch off receivers that answer with errors.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from flask import Blueprint, Response, current_app, g, jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import RequestEntityTooLarge

from core.domains import DomainWebhook, load_domains
from core.errors import PayloadError
from core.inbox import Arrival
from core.logs import current_request_id
from core.settings import get_settings
from core.webhooks import SignatureError, WebhookScheme, load_scheme, parse_json
from gateway import refusal_log
from gateway.access import signed

log = logging.getLogger(__name__)

bp = Blueprint("webhooks", __name__)

SOURCES = "webhook_sources"
PUBLISHER = "publisher"
WRITER = "inbox_writer"


@dataclass(frozen=True)
class Source:
    """A source of webhooks, ready to verify."""

    webhook: DomainWebhook
    scheme: WebhookScheme
    secrets: list[bytes]


def load_sources() -> dict[str, Source]:
    """Give every source that the domains declare, by its name in the URL."""
    settings = get_settings()
    return {
        webhook.source: Source(
            webhook, load_scheme(webhook.signature), settings.webhook_secrets(webhook.secrets)
        )
        for domain in load_domains()
        for webhook in domain.webhooks
    }


@bp.post("/webhooks/<name>")
@signed
def receive(name: str) -> ResponseReturnValue:
    """Take in one delivery.

    202 with the request id once it is on disk; 401 unsigned or wrongly signed, 400 not the
    vendor's JSON, 404 unknown source, 413 too large, 503 while the database takes nothing.
    """
    source: Source | None = current_app.extensions[SOURCES].get(name)
    if source is None:
        return refuse(404, "unknown_source", "No domain takes webhooks from this source.")
    body = read_body()
    headers = dict(request.headers)
    try:
        source.scheme.verify(headers, body, source.secrets)
    except SignatureError as error:
        return refuse(401, "bad_signature", f"The signature was not accepted: {error}.")
    try:
        identity = source.scheme.identify(headers, parse_json(body))
    except PayloadError as error:
        return refuse(400, "bad_payload", f"The body cannot be read: {error}.")

    task = source.webhook.topics.get(identity.topic)
    request_id = current_request_id()
    delivery_id = current_app.extensions[WRITER].write(
        Arrival(
            source=name,
            topic=identity.topic,
            external_id=identity.delivery_id,
            record_id=identity.record_id,
            task=task,
            request_id=request_id,
            headers=headers,
            body=body,
        )
    )
    log.info(
        "webhook_received",
        extra={
            "source": name,
            "topic": identity.topic,
            "delivery": delivery_id,
            "seen_before": delivery_id is None,
        },
    )
    g.webhook_verdict = verdict(delivery_id, task)
    if delivery_id is not None and task is not None:
        bulk = identity.topic in source.webhook.bulk
        current_app.extensions[PUBLISHER].offer(task, delivery_id, bulk=bulk)
    return jsonify(request_id=request_id), 202


def verdict(delivery_id: int | None, task: str | None) -> str:
    """Say in one word what became of an authentic delivery. Pure."""
    if delivery_id is None:
        return "repeated"
    return "accepted" if task is not None else "no_handler"


def read_body(largest: int | None = None) -> bytes:
    """Read the bytes as they came; raise `RequestEntityTooLarge` above the limit.

    That is `largest`, else the one of the settings. Werkzeug cuts a chunked body off at its own
    limit without a word, so that lies one byte higher, and a body that reaches it is too large.
    Call it first: a form or JSON would consume the bytes.
    """
    if largest is not None:
        request.max_content_length = largest + 1
    body = request.get_data()
    if len(body) >= (request.max_content_length or 0):
        raise RequestEntityTooLarge
    return body


def refuse(status: int, code: str, text: str) -> tuple[Response, int]:
    """Answer an error in the API's one shape, and note it in the log, where a flood has an end."""
    refusal_log.note("request_refused", code, status=status, code=code, path=request.path)
    return jsonify(error=code, message=text), status
