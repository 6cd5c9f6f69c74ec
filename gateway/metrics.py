"""`/metrics`, for Prometheus, and the counting of requests and webhooks."""

from __future__ import annotations

import time
from collections.abc import Iterator

from flask import Blueprint, Response, current_app, g, request
from flask.typing import ResponseReturnValue
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector, CollectorRegistry

from core.domains import load_domains
from core.metrics import counters, state
from gateway import webhooks
from gateway.access import metrics_readers

bp = Blueprint("metrics", __name__)

VERDICTS = {
    400: "bad_payload",
    401: "bad_signature",
    404: "unknown_source",
    413: "too_large",
    503: "not_written",
}
"""What a status says of a webhook that was not accepted."""

ACCEPTED = ("accepted", "repeated", "no_handler")
FAILED = "failed"
"""What every other status says."""


class _Everything(Collector):
    def collect(self) -> Iterator[Metric]:
        yield from state.metrics()


@bp.get("/metrics")
@metrics_readers
def index() -> ResponseReturnValue:
    """Give all metrics, of all processes, in the text form of Prometheus."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Everything())
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def announce() -> None:
    """Tell of all verdicts on webhooks, for a process just forked."""
    for domain in load_domains():
        for hook in domain.webhooks:
            counters.announce_webhooks(hook.source, (*ACCEPTED, *VERDICTS.values(), FAILED))


def count(response: Response) -> Response:
    """Count a request that is about to be answered."""
    rule = request.url_rule
    counters.count_request(
        rule.rule if rule is not None else None,
        request.method,
        response.status_code,
        time.monotonic() - g.arrived,
    )
    if request.endpoint == "webhooks.receive":
        source = (request.view_args or {}).get("name")
        known = source in current_app.extensions[webhooks.SOURCES]
        verdict = g.get("webhook_verdict") or VERDICTS.get(response.status_code, FAILED)
        counters.count_webhook(source if known else None, verdict)
    return response
