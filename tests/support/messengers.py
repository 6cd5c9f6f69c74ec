"""Slack's incoming webhook and Telegram's Bot API on this machine, as real HTTP servers."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from flask import Flask, Response, jsonify, request

from sandbox.common.server import running

WEBHOOK_PATH = "/services/T0PLANTED/B0PLANTED/plantedwebhooksecret"
TOKEN = "123456:planted-bot-token"
CHAT = "-1001"

Answer = tuple[int, str, dict[str, str]]


@dataclass
class Messenger:
    """One messenger: what arrived, and what it answers instead of taking it."""

    url: str = ""
    messages: list[dict[str, Any]] = field(default_factory=list)
    """The bodies that it took, oldest first."""
    asked: int = 0
    """How often it was called, taken or not."""
    refusals: list[Answer] = field(default_factory=list)
    """Answers to the next calls; the last one stays."""

    @property
    def texts(self) -> list[str]:
        return [message["text"] for message in self.messages]

    def refuse(self, status: int, body: str = "", **headers: str) -> None:
        """Answer every call so, until `heal`."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.refusals = [(status, body, named)]

    def heal(self) -> None:
        self.refusals = []

    def refusal(self) -> Response | None:
        self.asked += 1
        if not self.refusals:
            return None
        status, body, headers = self.refusals[0]
        return Response(body, status, headers)


def slack_app(slack: Messenger) -> Flask:
    app = Flask("slack")

    @app.post(WEBHOOK_PATH)
    def post() -> Response:
        refusal = slack.refusal()
        if refusal is not None:
            return refusal
        slack.messages.append(request.get_json())
        return Response("ok", 200, {"Content-Type": "text/html"})

    @app.post("/services/<path:_>")
    def unknown(_: str) -> Response:
        slack.asked += 1
        return Response("no_service", 404)

    return app


def telegram_app(telegram: Messenger) -> Flask:
    app = Flask("telegram")

    @app.post("/bot<token>/sendMessage")
    def send_message(token: str) -> Any:
        refusal = telegram.refusal()
        if refusal is not None:
            return refusal
        body = request.get_json()
        if token != TOKEN:
            return jsonify(ok=False, error_code=401, description="Unauthorized"), 401
        if str(body["chat_id"]) != CHAT:
            said = "Bad Request: chat not found"
            return jsonify(ok=False, error_code=400, description=said), 400
        telegram.messages.append(body)
        result = {"message_id": len(telegram.messages), "text": body["text"]}
        return jsonify(ok=True, result=result)

    return app


@contextmanager
def messengers() -> Generator[tuple[Messenger, Messenger]]:
    """Run Slack and Telegram, each on a free port."""
    slack, telegram = Messenger(), Messenger()
    with running(slack_app(slack)) as slack_url, running(telegram_app(telegram)) as telegram_url:
        slack.url, telegram.url = slack_url, telegram_url
        yield slack, telegram
