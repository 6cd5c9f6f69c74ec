"""The ledger as a table."""

from __future__ import annotations

import pytest

from core.models import LinkState
from tests.gateway.browsing import Browser
from tests.gateway.records import XSS, task
from tests.gateway.test_pages import page


@pytest.fixture
def viewer(dashboard) -> Browser:
    browser = dashboard()
    browser.log_in("viewer")
    return browser


def rows(answer) -> list[str]:
    assert answer.status == 200
    return [row["task"] for row in answer.json["rows"]]


def test_the_table_asks_for_what_its_filters_leave(viewer):
    task()
    task("12", "Badge for Marko", state=LinkState.DEAD, reason="refused")

    assert rows(viewer.get("/links/data")) == ["12", "11"]
    assert rows(viewer.get("/links/data?state=dead")) == ["12"]
    assert rows(viewer.get("/links/data?q=zor")) == ["11"]
    assert rows(viewer.get("/links/data?waiting=1")) == []


@pytest.mark.parametrize(
    "query", ["state=x", "rule=x", "page=x", "page=99999999999", "size=-1", "sort=x", "dir=x"]
)
def test_what_is_not_understood_is_left_out(viewer, query):
    task()
    assert viewer.get(f"/links/data?{query}").status == 200


def test_a_row_leads_to_the_story_and_its_texts_are_plain_json(viewer):
    task(title=XSS)

    answer = viewer.get("/links/data")

    [found] = answer.json["rows"]
    assert (found["story"], found["title"], found["issue"]) == ("/records/11", XSS, "HR-11")
    assert answer.headers["Content-Type"] == "application/json"


def test_the_page_keeps_the_filters_of_its_address(viewer):
    found = page(viewer.get("/links?q=lap%22%3E&state=dead"))

    assert 'lap">' in found.of("value")
    assert found.of("data-table") == ["/links/data"]


def test_strangers_see_nothing(dashboard):
    stranger = dashboard()

    assert stranger.get("/links").headers["Location"].startswith("/login")
    assert stranger.get("/links/data").headers["Location"].startswith("/login")
