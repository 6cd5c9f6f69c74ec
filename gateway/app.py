"""The Flask app: webhooks, commands, health and the dashboard."""

from __future__ import annotations

import logging
import time

from flask import Flask, Response, g, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from core.database import answer_promptly
from core.dispatch import BackgroundPublisher
from core.domains import load_domains
from core.inbox_writer import InboxWriter
from core.logs import bind_request_id, configure_logging, new_request_id, process_name
from core.settings import get_settings
from gateway import (
    assets,
    commands,
    dashboard,
    health,
    live,
    metrics,
    protection,
    refusal_log,
    refusals,
    store_trouble,
    webhooks,
)
from gateway.auth import google, views

log = logging.getLogger(__name__)


def create_app() -> Flask:
    """Build the app from the settings and the domains.

    Raises `InvalidSettingsError` where either of them is wrong.
    """
    settings = get_settings()
    configure_logging(process_name("gateway"), settings)
    load_domains()
    answer_promptly()
    app = Flask(__name__, static_folder=None)
    # One more than a body may have: see `webhooks.read_body`.
    app.config["MAX_CONTENT_LENGTH"] = settings.webhook_max_bytes + 1
    app.extensions[webhooks.SOURCES] = webhooks.load_sources()
    app.extensions[webhooks.PUBLISHER] = BackgroundPublisher()
    live.init_app(app, settings.event_streams)
    refusal_log.init_app(app)
    app.extensions[webhooks.WRITER] = InboxWriter(settings.gateway_threads)
    app.register_blueprint(webhooks.bp)
    app.register_blueprint(commands.blueprint())
    app.register_blueprint(health.bp)
    app.register_blueprint(metrics.bp)
    app.register_blueprint(assets.bp)
    app.register_blueprint(views.bp)
    if settings.google_on:
        google.register(app, settings, google.GOOGLE)
    dashboard.register(app)
    app.before_request(_begin)
    app.after_request(_finish)
    app.after_request(metrics.count)
    protection.configure(app, settings)
    app.register_error_handler(HTTPException, _answer_http_error)
    store_trouble.register(app)
    app.register_error_handler(Exception, _answer_unexpected_error)
    return app


def _begin() -> None:
    g.arrived = time.monotonic()
    # An id of the caller's choice could imitate another request's, so it is never taken over.
    g.request_id = new_request_id()
    bind_request_id(g.request_id)


def _finish(response: Response) -> Response:
    response.headers["X-Request-Id"] = g.request_id
    bind_request_id("")
    return response


def _answer_http_error(error: HTTPException) -> ResponseReturnValue:
    status, name = error.code or 500, error.name or "Error"
    code, text = name.lower().replace(" ", "_"), error.description or name
    answer, _ = webhooks.refuse(status, code, text)
    if _asked_for_a_page():
        answer = refusals.told(status, code, name, text)
    for header, value in error.get_headers(request.environ):
        if header != "Content-Type":  # Such as Allow, which a 405 must have.
            answer.headers[header] = value
    return answer, status


def _answer_unexpected_error(error: Exception) -> ResponseReturnValue:
    log.error("request_failed", exc_info=error)
    text = "The gateway could not do this. Its log says why, under this request id"
    if _asked_for_a_page():
        return refusals.told(500, "internal_error", "An error", f"{text}: {g.request_id}")
    return {
        "error": "internal_error",
        "message": f"{text}.",
        "request_id": g.request_id,
    }, 500


def _asked_for_a_page() -> bool:
    # Programs accept anything; only who names HTML, or is HTMX, has somebody to show it to.
    named = "text/html" in request.headers.get("Accept", "")
    return refusals.is_htmx() or (named and refusals.wants_page())
