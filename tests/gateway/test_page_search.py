"""Search, and the story of a task: why it is in Jira or not, and what to do now."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from core import audit, inbox
from core.database import reading, writing
from core.models import Delivery, DeliveryState, Link, LinkState, Rule
from tests.gateway.browsing import HTMX, Browser
from tests.gateway.conftest import published
from tests.gateway.records import XSS, give_up, task, tell, webhook
from tests.gateway.test_pages import Page, page
from tests.store.conftest import ago, row

PART = (HTMX, ("HX-Request-Type", "partial"))


@pytest.fixture
def operator(dashboard) -> Browser:
    browser = dashboard()
    browser.log_in("operator")
    return browser


@pytest.mark.parametrize("words", ["11", "hr-11", "10011", "zoriana", "iryna@acme.example"])
def test_what_names_one_task_leads_straight_to_its_story(operator, words):
    task()

    answer = operator.get(f"/search?q={words}")

    assert answer.status == 302
    assert answer.headers["Location"] == "/records/11"


def test_words_that_several_tasks_have_lead_to_a_list(operator):
    task()
    task("12", "Laptop for Marko")

    found = page(operator.get("/search?q=laptop"))

    assert {"/records/11", "/records/12"} <= set(found.of("href"))


def test_a_search_that_finds_nothing_says_what_is_looked_for(operator):
    assert "No task, issue, person" in page(operator.get("/search?q=nobody")).text
    assert "Any key, person or word" in page(operator.get("/search")).text


def test_the_story_tells_in_order_what_was_seen_done_called_and_received(operator):
    task()
    tell()
    delivery = webhook()
    with writing() as session:
        row = session.get_one(Delivery, delivery)
        inbox.finish(session, row, DeliveryState.DONE, "the task is there already")

    story = page(operator.get("/records/11"))

    words = " ".join(story.text.split())
    assert "Task 11 is HR-11 in Jira, and the two are in step." in words
    for part in ("first seen", "Wrote summary", "rule Default, version 1 · 1 field · 1 call"):
        assert part in words
    assert "Old title New title" in words
    assert "PUT jira: edit issue → 204 in 187 ms" in words
    assert "as after a change of our own: nothing was written" in words
    assert f"/deliveries/{delivery}" in story.of("href")


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"state": LinkState.UNROUTED, "issue_key": None}, "no rule takes it"),
        ({"state": LinkState.DROPPED, "reason": "rule 'X' leaves it out"}, "and should not be"),
        (
            {"state": LinkState.ISSUE_DELETED, "reason": "HR-11 was deleted"},
            "has no issue any more",
        ),
        ({"state": LinkState.VANISHED, "reason": "in neither list"}, "is gone"),
        ({"state": LinkState.HELD, "rule_id": None}, "waits for its rule"),
        ({"state": LinkState.SKIPPED, "reason": "skipped: not ours"}, "not ours."),
        ({"state": LinkState.PENDING, "due_at": ago(minutes=-1)}, " for a worker."),
        (
            {"due_at": ago(minutes=-1), "attempts": 3, "reason": "jira did not answer"},
            "it was tried 3 times, and is tried again",
        ),
    ],
)
def test_one_sentence_says_why_a_task_is_in_jira_or_is_not(operator, values, sentence):
    task(**values)
    assert sentence in page(operator.get("/records/11")).text


def test_a_task_is_tried_again_once_however_often_the_button_is_pressed(operator, redis_client):
    link_id = give_up()
    operator.get("/records/11")

    for _ in range(2):
        answer = operator.post("/records/11/replay", *PART, nonce="n-1")
        assert answer.status == 200

    assert b"being tried again already" in answer.body
    assert [it["args"] for it in published(redis_client)] == [[[link_id]]]
    with reading() as session:
        [entry] = [it for it in audit.latest(session) if it.action == "replayed"]
    assert (entry.actor, entry.subject) == ("operator@development.invalid", "task 11")


def test_what_waits_is_skipped_with_a_note_and_not_without(operator):
    link_id = give_up()
    operator.get("/records/11")

    refused = operator.post("/records/11/skip", *PART, note=" ")
    state = row(Link, link_id).state
    operator.post("/records/11/skip", *PART, note="asked for twice")

    assert b"Say in the note why" in refused.body
    assert state is LinkState.DEAD
    assert row(Link, link_id).reason == "skipped: asked for twice"


def test_a_viewer_sees_no_button_and_is_refused(dashboard):
    give_up()
    viewer = dashboard()
    viewer.log_in("viewer")

    story = page(viewer.get("/records/11"))

    assert not [it for it in story.of("hx-post") if "replay" in it or "skip" in it]
    assert viewer.post("/records/11/replay", nonce="n").status == 403
    assert viewer.post("/records/11/skip", note="x").status == 403


def test_a_button_without_a_token_does_nothing(operator):
    link_id = give_up()
    operator.get("/records/11")

    assert operator.post("/records/11/replay", token="forged", nonce="n").status == 400
    assert row(Link, link_id).due_at is None


def test_the_conditions_of_the_rule_are_tried_on_the_task(operator):
    task()
    tell()
    with writing() as session:
        condition = {"path": "$.title", "operator": "contains", "value": "Desk"}
        session.execute(update(Rule).values(conditions=[condition], version=2))

    fragment = operator.get("/records/11/conditions", *PART).body.decode()

    assert "No rule takes it." in fragment
    assert "$.title" in fragment
    assert "Desk" in fragment


def test_what_a_vendor_wrote_stays_text(operator):
    task(title=XSS, state=LinkState.DEAD, reason=XSS)
    tell(calls=[])
    task("12", XSS)

    for path in ("/records/11", "/records/11/conditions", "/search?q=script"):
        body = operator.get(path).body.decode()
        assert "<script>alert" not in body
        assert "<img src=x" not in body


def test_a_preview_is_asked_of_a_worker_and_shown_to_who_asked_alone(operator, dashboard):
    task()
    operator.get("/records/11")
    waiting = operator.post("/records/11/preview", *PART)
    [again] = Page(waiting.body.decode()).of("hx-get")
    other = dashboard()
    other.log_in("viewer")

    assert b"A worker is at it" in operator.get(again, *PART).body
    assert b"too old to be shown" in other.get(again, *PART).body


def test_a_task_that_nobody_knows_is_said_to_be_unknown(operator):
    answer = operator.get("/records/999")

    assert answer.status == 404
    assert b"knows no task and no issue 999" in answer.body
    assert operator.post("/records/999/replay", *PART, nonce="n").status == 404


def test_a_fragment_is_what_the_page_has_at_that_place(operator):
    task()
    whole, part = operator.get("/records/11"), operator.get("/records/11", *PART)

    assert b"<html" in whole.body
    assert b"<html" not in part.body
    assert b"What happened" in part.body
