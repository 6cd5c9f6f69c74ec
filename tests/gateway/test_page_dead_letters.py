"""Dead letters: what waits for a person, and trying it again."""

from __future__ import annotations

import re
from html import unescape

import pytest

from core import audit, dead_letters, replaying
from core.database import reading
from core.models import DeadLetter, Link, LinkState
from tests.gateway.browsing import HTMX, Browser
from tests.gateway.conftest import published
from tests.gateway.records import XSS, give_up
from tests.gateway.test_pages import page
from tests.store.conftest import row

PART = (HTMX, ("HX-Request-Type", "partial"))


@pytest.fixture
def operator(dashboard) -> Browser:
    browser = dashboard()
    browser.log_in("operator")
    browser.get("/dead-letters")
    return browser


def letters() -> list[DeadLetter]:
    with reading() as session:
        return dead_letters.open_letters(session)


def test_the_list_is_filtered_by_what_the_reason_says(operator):
    give_up()
    give_up("12", f"jira refused: {XSS}, then try again with: igw replay 12")

    everything = operator.get("/dead-letters/data").json
    found = operator.get("/dead-letters/data?text=SCRIPT&kind=failed").json

    assert everything["total"] == 2
    assert [it["page"] for it in found["rows"]] == ["/records/12"]
    assert "igw replay" not in found["rows"][0]["reason"]
    assert operator.get("/dead-letters/data?kind=held").json["rows"] == []


def test_all_of_a_filter_are_tried_again_by_a_worker_with_progress(operator, redis_client):
    links = [give_up(str(number)) for number in range(11, 15)]
    give_up("20", "another reason")

    begun = operator.post("/dead-letters/replay", *PART, all="1", text="office", nonce="n-1")
    [message] = published(redis_client, "ops")
    replaying.go_on(*message["args"])
    [address] = re.findall(r'hx-get="([^"]+)"', begun.body.decode())
    ended = operator.get(address, *PART)

    assert b"0 of 4 so far" in begun.body
    assert b"4 letters are tried again" in ended.body
    assert ended.headers["HX-Trigger"] == "tables-changed"
    assert [it.record for it in letters()] == ["20"]
    assert [it["args"] for it in published(redis_client)] == [[links]]
    with reading() as session:
        [entry] = [it for it in audit.latest(session) if it.action == "replayed"]
    assert entry.actor == "operator@development.invalid"


def test_the_same_nonce_begins_no_second_replay(operator, redis_client):
    give_up()
    for _ in range(2):
        operator.post("/dead-letters/replay", *PART, all="1", nonce="n-1")
    for message in published(redis_client, "ops"):
        replaying.go_on(*message["args"])

    assert len(published(redis_client)) == 1
    with reading() as session:
        assert len([it for it in audit.latest(session) if it.action == "replayed"]) == 1


def test_a_letter_that_is_written_later_is_no_part_of_a_replay(operator, redis_client):
    give_up()
    operator.post("/dead-letters/replay", *PART, all="1", nonce="n-1")
    give_up("12")
    [message] = published(redis_client, "ops")
    replaying.go_on(*message["args"])

    assert [it.record for it in letters()] == ["12"]


def test_those_that_are_picked_are_tried_again_and_no_others(operator, redis_client):
    give_up()
    give_up("12")
    picked = letters()[1]

    operator.post("/dead-letters/replay", *PART, letters=str(picked.id), text="x", nonce="n-1")
    replaying.go_on(*published(redis_client, "ops")[0]["args"])

    assert [it.record for it in letters()] == ["11"]


def test_nothing_chosen_is_not_taken_for_everything(operator):
    give_up()
    assert operator.post("/dead-letters/replay", *PART, nonce="n").status == 400
    assert len(letters()) == 1


def test_those_that_are_picked_are_skipped_with_a_note(operator):
    link_id = give_up()
    [letter] = letters()

    refused = operator.post("/dead-letters/skip", *PART, letters=str(letter.id), note="")
    answer = operator.post("/dead-letters/skip", *PART, letters=str(letter.id), note="not ours")

    assert b"Nothing was done" in refused.body
    assert answer.headers["HX-Trigger"] == "tables-changed"
    assert row(Link, link_id).state is LinkState.SKIPPED
    assert letters() == []


def test_a_preview_asks_workers_twenty_letters_at_a_time(operator, redis_client):
    for number in range(25):
        give_up(str(100 + number))

    answer = operator.post("/dead-letters/preview", *PART, all="1")

    assert b"0 of 25 so far" in answer.body
    assert len(published(redis_client, "pf_jira.commands")) == 2
    [again] = re.findall(r'hx-get="([^"]+)"', answer.body.decode())
    assert b"0 of 25 so far" in operator.get(unescape(again), *PART).body


def test_a_viewer_sees_what_waits_and_can_do_nothing(dashboard):
    give_up()
    viewer = dashboard()
    viewer.log_in("viewer")

    found = page(viewer.get("/dead-letters"))

    assert "1 piece of work was given up" in " ".join(found.text.split())
    assert found.of("hx-post") == []
    for path in ("preview", "replay", "skip"):
        assert viewer.post(f"/dead-letters/{path}", all="1").status == 403
