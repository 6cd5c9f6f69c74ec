"""Health: everything is measured, nothing is waited for, and a test alert goes the whole way."""

from __future__ import annotations

import signal
import threading

import pytest

from core import alerts, liveness, reports, vitals
from core.clock import now
from core.database import reading, writing
from core.models import Alert
from core.redis_client import get_prompt_redis, get_redis
from core.settings import get_settings
from core.together import NoAnswer, together
from core.vitals import DOCTOR, read_vitals
from tests.gateway.browsing import HTMX
from tests.gateway.conftest import published
from tests.gateway.test_pages import Page


def words(answer) -> str:
    return " ".join(Page(answer.body.decode()).text.split())


def test_the_page_comes_at_once_and_asks_for_its_measurements(admin):
    shown = Page(admin.get("/health/").body.decode())

    assert "Measuring" in shown.text
    assert "load, every 5s" in shown.of("hx-trigger")


def test_what_is_measured_names_every_part(admin):
    liveness.note("pf_jira", "beat@here")

    answer = admin.get("/health/", HTMX)

    shown = words(answer)
    assert b"<html" not in answer.body
    for part in ("gateway running", "pf_jira works", "ops not heard of yet", "answers in"):
        assert part.lower() in shown.lower()
    assert "Does not answer" not in shown
    assert "20 calls a second; all free" in shown
    assert "It was not asked yet" in shown


def test_the_doctors_last_findings_are_shown_as_text(admin):
    checks = [
        {"check": "disk", "status": "warning", "found": "<b>1 MiB</b> left", "remedy": "make room"},
        {"check": "redis", "status": "ok", "found": "well", "remedy": ""},
    ]
    reports.save(DOCTOR, {"at": now().isoformat(), "checks": checks})

    html = admin.get("/health/", HTMX).body.decode()

    assert "&lt;b&gt;1 MiB&lt;/b&gt; left" in html
    assert "2 checks, 1 with a finding" in html


def test_a_redis_that_is_gone_is_one_part_that_does_not_answer(admin, settings_env):
    settings_env.setenv("IGW_REDIS_URL", "redis://127.0.0.1:1/0")
    for cached in (get_settings, get_redis, get_prompt_redis):
        cached.cache_clear()

    shown = words(admin.get("/health/", HTMX))

    assert "Redis Does not answer" in shown
    assert "Database answers in" in shown


@pytest.mark.rabbitmq
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_rabbitmq_is_shown_where_it_is_the_broker(admin, settings_env, rabbitmq_server):
    assert "RabbitMQ" not in words(admin.get("/health/", HTMX))
    settings_env.setenv("IGW_BROKER_URL", rabbitmq_server.url)
    get_settings.cache_clear()

    shown = words(admin.get("/health/", HTMX))

    assert "RabbitMQ answers in" in shown
    assert "given up none" in shown


def test_a_redis_that_hangs_holds_up_nothing_else(database, own_redis, settings_env, monkeypatch):
    settings_env.setenv("IGW_REDIS_URL", own_redis.url)
    for cached in (get_settings, get_redis, get_prompt_redis):
        cached.cache_clear()
    monkeypatch.setattr(vitals, "SECONDS", 1.0)
    own_redis.process.send_signal(signal.SIGSTOP)

    found = read_vitals().parts

    assert isinstance(found["redis"], NoAnswer)
    assert isinstance(found["vendors"], NoAnswer)
    assert not isinstance(found["database"], NoAnswer)
    assert not isinstance(found["machine"], NoAnswer)


def test_questions_are_asked_side_by_side_and_given_up_together():
    never = threading.Event()

    def fail() -> None:
        raise ValueError("no")

    found = together({"a": lambda: 1, "b": lambda: never.wait(30), "c": fail}, 0.2)

    never.set()
    assert found["a"] == 1
    assert str(found["b"]) == "no answer within 0.2 s"
    assert str(found["c"]) == "ValueError: no"


def test_a_test_alert_is_raised_published_and_followed(admin, redis_client):
    admin.get("/health/")

    answer = admin.post("/health/test-alert", HTMX)

    assert b"On its way" in answer.body
    tasks = [one["headers"]["task"] for one in published(redis_client, "ops")]
    assert tasks == ["ops.deliver_alerts"]
    with reading() as session:
        [alert] = alerts.latest(session)
    assert b"every 1s" in admin.get(f"/health/test-alert/{alert.id}", HTMX).body

    with writing() as session:
        told = session.get_one(Alert, alert.id)
        told.claimed_by = "a worker"
        session.flush()
        alerts.undeliverable(session, told, "no channel is set up")

    answer = admin.get(f"/health/test-alert/{alert.id}", HTMX)
    assert b"It did not arrive: no channel is set up." in answer.body
    assert b"every 1s" not in answer.body


def test_only_test_alerts_are_followed(admin):
    with writing() as session:
        other = alerts.raise_alert(session, cause="credentials:jira", title="x", text="y")

    assert admin.get(f"/health/test-alert/{other}", HTMX).status == 404


@pytest.mark.parametrize("role", ["viewer", "operator"])
def test_only_an_admin_sends_test_alerts(dashboard, role):
    browser = dashboard()
    browser.log_in(role)

    assert b"test alert" not in browser.get("/health/").body
    assert browser.post("/health/test-alert", HTMX).status == 403
    with reading() as session:
        assert alerts.latest(session) == []
