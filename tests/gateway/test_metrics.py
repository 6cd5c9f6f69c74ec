"""`/metrics`: what all processes counted, how the gateway stands, and who may read it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import psutil
import pytest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

import celeryconfig
from core.dispatch import publish, publisher
from core.metrics.state import GAUGES
from core.settings import ROOT
from tests.conftest import RedisServer, wait_until
from tests.gateway.conftest import Gunicorn

TOKEN = "a-token-of-at-least-32-characters"
SENT = ("Authorization", f"Bearer {TOKEN}")


class Scraped:
    """One page of metrics, as Prometheus reads it."""

    def __init__(self, text: str) -> None:
        self.families = {one.name: one for one in text_string_to_metric_families(text)}
        self.samples = [it for family in self.families.values() for it in family.samples]

    def sum(self, name: str, **labels: str) -> float:
        return sum(it.value for it in self.all(name, **labels))

    def all(self, name: str, **labels: str) -> list[Sample]:
        return [
            it for it in self.samples if it.name == name and labels.items() <= it.labels.items()
        ]


def scrape(gateway) -> Scraped:
    answer = gateway.get("/metrics")
    assert answer.status == 200
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    return Scraped(answer.body.decode())


@pytest.fixture
def two(tmp_path, redis_server) -> Iterator[Gunicorn]:
    """A gateway of two processes."""
    gateway = Gunicorn(tmp_path, redis_server, gateway_workers=2)
    gateway.start()
    yield gateway
    gateway.stop()


def test_requests_of_both_processes_are_counted_once(two):
    for _ in range(40):
        two.get("/healthz")

    first = scrape(two)

    assert len({it.labels["service"] for it in first.all("igw_http_requests_total")}) == 1
    labels = {"route": "/healthz", "method": "GET", "status": "200"}
    # The fixture asked as well, to see whether it answers.
    assert first.sum("igw_http_requests_total", **labels) >= 40
    before = first.sum("igw_http_requests_total", **labels)
    for _ in range(10):
        assert scrape(two).sum("igw_http_requests_total", **labels) == before
    [count] = first.all("igw_http_request_duration_seconds_count", route="/healthz")
    assert count.value == before


def test_a_process_that_is_killed_takes_no_numbers_with_it(two):
    for _ in range(20):
        two.get("/healthz")
    before = scrape(two).sum("igw_http_requests_total", route="/healthz")
    _, victim, *_ = two.processes()

    victim.kill()
    wait_until(
        lambda: (
            len({it.pid for it in two.processes()} - {victim.pid}) == 3
            and not psutil.pid_exists(victim.pid)
        ),
        what="another process in its place",
    )
    for _ in range(20):
        two.get("/healthz")

    assert scrape(two).sum("igw_http_requests_total", route="/healthz") == before + 20


def test_webhooks_are_counted_by_what_became_of_them(two):
    assert two.deliver(identifier="a").status == 202
    assert two.deliver(identifier="a").status == 202
    unasked = {"webhookEvent": "nobody:asked", "issue": {"id": "1"}}
    assert two.deliver(unasked, identifier="b").status == 202
    assert two.deliver(secret="wrong", identifier="c").status == 401
    assert two.deliver(b"no json", identifier="d").status == 400
    assert two.deliver(b"x" * 30_000, identifier="e").status == 413
    assert two.send("POST", "/webhooks/made-up").status == 404

    page = scrape(two)

    verdicts = {
        it.labels["verdict"]: it.value for it in page.all("igw_webhooks_total", source="jira")
    }
    assert verdicts == {
        "accepted": 1,
        "repeated": 1,
        "no_handler": 1,
        "bad_signature": 1,
        "bad_payload": 1,
        "too_large": 1,
        "unknown_source": 0,
        "not_written": 0,
        "failed": 0,
    }
    assert page.sum("igw_webhooks_total", source="other", verdict="unknown_source") == 1


def test_nothing_that_a_caller_makes_up_becomes_a_label(two):
    two.get("/none/0")
    two.send("MADEUP0", "/healthz")
    two.send("POST", "/webhooks/none0")
    scrape(two)
    before = {(it.name, *it.labels.values()) for it in scrape(two).samples}

    for number in range(1, 30):
        two.get(f"/none/{number}?who=Zoriana")
        two.send(f"MADEUP{number}", "/healthz")
        two.send("POST", f"/webhooks/none{number}", [("X-Hub-Signature", f"sha256={number}")])

    after = {(it.name, *it.labels.values()) for it in scrape(two).samples}
    assert after == before


def test_what_a_worker_did_is_told_by_the_gateway(two, redis_server, monkeypatch, tmp_path):
    monkeypatch.setattr(celeryconfig, "broker_url", two.env["IGW_REDIS_URL"])
    publisher.cache_clear()
    with (tmp_path / "worker.log").open("wb") as log:
        worker = subprocess.Popen(
            [
                *(sys.executable, "-m", "celery", "-A", "tasks", "worker"),
                *("--queues", "ops", "--hostname", "ops@%h", "--concurrency", "2"),
                *("--without-gossip", "--without-mingle"),
            ],
            cwd=ROOT,
            env=two.env,
            stdout=log,
            stderr=log,
        )
    try:
        for _ in range(6):
            assert publish("ops.canary", "ops")

        def six_canaries() -> Scraped | None:
            page = scrape(two)
            succeeded = page.sum("igw_tasks_total", task="ops.canary", outcome="succeeded")
            return page if succeeded == 6 else None

        page = wait_until(six_canaries, what="six canaries to be counted")

        assert page.sum("igw_task_duration_seconds_count", task="ops.canary") == 6
        [sample] = page.all("igw_tasks_total", task="ops.canary", outcome="succeeded")
        assert sample.labels["service"] == "worker-ops"
        assert page.sum("igw_tasks_total", task="ops.canary", outcome="killed") == 0
        assert 0 <= page.sum("igw_canary_age_seconds", worker="ops") < 60
    finally:
        worker.terminate()
        worker.wait(60)
        publisher.cache_clear()


def test_every_gauge_has_a_value_that_prometheus_can_read(database, serve):
    page = scrape(serve())

    # Neither a poll nor a canary has come back yet.
    unknown = {
        "igw_canary_age_seconds",
        *("igw_poll_age_seconds", "igw_poll_succeeded", "igw_poll_duration_seconds"),
    }
    assert {gauge.name for gauge in GAUGES if not page.all(gauge.name)} == unknown
    assert all(it.value == 1 for it in page.all("igw_scrape_part_up"))
    assert page.sum("igw_links") == 0


def test_while_redis_is_down_the_rest_is_told(tmp_path):
    server = RedisServer(tmp_path)
    server.start()
    gateway = Gunicorn(tmp_path, server.url)
    gateway.start()
    try:
        server.stop()

        page = scrape(gateway)

        up = {it.labels["part"]: it.value for it in page.all("igw_scrape_part_up")}
        assert up == {
            **dict.fromkeys(("counters", "status", "troubles", "machine"), 1),
            **dict.fromkeys(("vendors", "redis"), 0),
        }
        assert page.sum("igw_redis_up") == 0
        assert page.all("igw_links")
        assert not page.all("igw_queue_messages")
    finally:
        gateway.stop()


def test_without_a_token_only_this_machine_may_read(serve):
    gateway = serve()

    assert gateway.get("/metrics").status == 200
    assert gateway.get("/metrics", ("X-Forwarded-For", "203.0.113.7")).status == 403
    assert gateway.get("/metrics", ("Host", "gateway.acme.example")).status == 403


def test_with_a_token_everybody_has_to_send_it(serve):
    gateway = serve(metrics_token=TOKEN)

    refused = gateway.get("/metrics")

    assert refused.status == 401
    assert refused.headers["WWW-Authenticate"].startswith("Bearer")
    assert b"igw_" not in refused.body
    assert gateway.get("/metrics", ("Authorization", "Bearer another")).status == 401
    assert gateway.get("/metrics", ("Authorization", f"Basic {TOKEN}")).status == 401
    proxied = gateway.get("/metrics", SENT, ("X-Forwarded-For", "203.0.113.7"))
    assert proxied.status == 200
