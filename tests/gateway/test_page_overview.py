"""The overview: one sentence, one colour, the charts of a day, and the buttons of operators."""

from __future__ import annotations

import threading
from datetime import timedelta
from itertools import islice

import pytest
from sqlalchemy import event, select

from core import activity, alerts, audit, measurements, reports
from core.clock import now
from core.database import get_engine, reading, writing
from core.dead_letters import bury
from core.domain_settings import get_setting, set_setting
from core.models import Link, Measurement
from gateway.app import create_app
from gateway.dashboard.overview import _produce
from tests.gateway.browsing import HTMX
from tests.gateway.conftest import published
from tests.gateway.test_pages import Page
from tests.store.conftest import see, set_values, sighting


def polled(**report) -> None:
    counts = {"open": 3, "new": 1, "changed": 2, "missing": 0}
    reports.save("pf_jira.poll", {"began": now().isoformat(), "seconds": 1.25, **counts, **report})


def words(answer) -> str:
    return " ".join(Page(answer.body.decode()).text.split())


def logged_in(dashboard, role="viewer"):
    browser = dashboard()
    browser.log_in(role)
    return browser


def paused() -> bool:
    with reading() as session:
        return bool(get_setting(session, "pf_jira", "poll_paused"))


def test_when_everything_is_well_the_sentence_says_so_in_green(dashboard):
    viewer = logged_in(dashboard)
    polled()

    html = viewer.get("/").body.decode()

    assert "Everything is well." in html
    assert 'class="sentence is-well"' in html
    assert "What to do" not in html


def test_what_needs_a_person_comes_with_what_to_do(dashboard):
    viewer = logged_in(dashboard)
    polled()
    with writing() as session:
        bury(session, domain="pf_jira", unit="link", unit_id=1, record="1", reason="x", attempts=1)

    shown = words(viewer.get("/"))

    assert "Running; 1 dead letter waits for a person." in shown
    assert "What to do: Read why, correct the task or the rule, and try again." in shown


def test_what_was_done_in_the_last_day_is_drawn_and_said(dashboard):
    viewer = logged_in(dashboard)
    with writing() as session:
        for action in ("created", "updated", "task_completed", "given_up"):
            activity.note(session, "pf_jira", "1", action, "It was done.")
        session.flush()
        measurements.measure(session)

    shown = words(viewer.get("/"))

    assert "In the last 24 hours: to Jira 2, to PeopleForce 1. In the last hour: 3 in all." in shown
    assert "given up 1, held by a tripped rule 0" in shown


def test_an_open_alert_is_shown_as_text_and_one_that_is_over_is_not(dashboard):
    viewer = logged_in(dashboard)
    with writing() as session:
        alerts.raise_alert(session, cause="a", title="<b>Broken</b>", text="<script>x</script>")
        alerts.raise_alert(session, cause="b", title="Long ago", text="x")
        alerts.resolve(session, "b")

    html = viewer.get("/").body.decode()

    assert "&lt;b&gt;Broken&lt;/b&gt;" in html
    assert "<script>x" not in html
    assert "Long ago" not in html


def test_a_viewer_sees_no_buttons_and_is_refused_what_they_do(dashboard):
    viewer = logged_in(dashboard)

    html = viewer.get("/").body.decode()

    assert "Poll now" not in html
    assert "Pause polling" not in html
    for path in ("/overview/poll", "/overview/pause", "/overview/resume"):
        assert viewer.post(path).status == 403
    assert not paused()


def test_an_operator_has_peopleforce_read_at_once(dashboard, redis_client):
    operator = logged_in(dashboard, "operator")
    assert "Poll now" in operator.get("/").body.decode()

    answer = operator.post("/overview/poll", HTMX)

    assert answer.status == 200
    assert b"PeopleForce is being read" in answer.body
    [message] = [one for one in published(redis_client) if one["headers"]["task"] == "pf_jira.poll"]
    assert message["args"] == [True]
    with reading() as session:
        [change] = audit.latest(session, subject="PeopleForce")
        assert (change.action, "operator" in change.actor) == ("polled", True)


def test_an_operator_pauses_and_resumes_and_the_audit_names_who(dashboard):
    operator = logged_in(dashboard, "operator")
    operator.get("/")

    answer = operator.post("/overview/pause", HTMX)
    assert b"Resume polling" in answer.body
    assert paused()
    assert b"Polling of PeopleForce is paused." in operator.get("/").body

    answer = operator.post("/overview/resume", HTMX)
    assert b"Pause polling" in answer.body
    assert not paused()
    with reading() as session:
        changes = audit.latest(session, subject="setting pf_jira.poll_paused")
    assert [change.after for change in changes] == [False, True]


def test_a_change_without_the_pages_token_changes_nothing(dashboard):
    operator = logged_in(dashboard, "operator")
    operator.get("/")

    assert operator.post("/overview/pause", HTMX, token="forged").status == 400
    assert not paused()


def test_a_stranger_sees_nothing(dashboard):
    stranger = dashboard()

    for path in ("/", "/live/overview"):
        assert stranger.get(path).status in {302, 303, 401}


def test_the_page_asks_as_many_questions_whatever_there_is(dashboard):
    viewer = logged_in(dashboard)
    asked: list[str] = []
    event.listen(get_engine(), "before_cursor_execute", lambda *args: asked.append(args[2]))
    viewer.get("/")
    few = len(asked)
    see(*(sighting(str(number)) for number in range(300)))
    with writing() as session:
        for link_id in session.scalars(select(Link.id)).all()[:50]:
            bury(
                session,
                domain="pf_jira",
                unit="link",
                unit_id=link_id,
                record=str(link_id),
                reason="x",
                attempts=1,
            )
        for number in range(40):
            alerts.raise_alert(session, cause=f"c{number}", title="x", text="y")
        measurements.measure(session)
    asked.clear()

    viewer.get("/")

    assert len(asked) <= few


@pytest.fixture
def in_app(database, redis_client, settings_env):
    with create_app().app_context():
        yield


def test_the_stream_tells_what_changed_and_not_that_time_goes_on(in_app, monkeypatch):
    monkeypatch.setattr("gateway.dashboard.overview.EVERY_SECONDS", 0.05)
    began = now() - timedelta(seconds=30)
    polled(began=began.isoformat())
    stop = threading.Event()
    events = _produce(stop)
    first = next(events)
    timer = threading.Timer(1.5, _pause)
    timer.start()

    second = next(islice(events, 0, 1))

    stop.set()
    timer.join()
    assert (first.name, second.name) == ("fragment", "fragment")
    assert "Everything is well." in first.data
    assert "is paused" in second.data
    assert "<html" not in first.data


def _pause() -> None:
    with writing() as session:
        set_setting(session, "pf_jira", "poll_paused", True, "a test")


def test_the_wait_of_the_day_is_its_longest(dashboard):
    viewer = logged_in(dashboard)
    [link_id] = see(sighting("1"))
    set_values(Link, link_id, waiting_since=now() - timedelta(hours=2))
    with writing() as session:
        measurements.measure(session)
        assert session.scalars(select(Measurement)).all()

    assert "The longest wait in the last 24 hours was 2 h 0 min" in words(viewer.get("/"))
