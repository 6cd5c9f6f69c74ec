"""Finding tasks by words and people, and everything by its key, on both databases."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, text

from core import activity, finding, search
from core.database import get_engine, reading, writing
from core.finding import Kind
from core.models import Link
from tests.store.conftest import arrive, see, set_values, sighting


def noted(source_id: str, *parts: str, link_id: int | None = None) -> int:
    """Note a task with these words; give its link's id."""
    seen = replace(sighting(source_id, link_id), search_text=search.search_text(*parts))
    [found] = see(seen)
    return found


def ids(words: str) -> list[int]:
    with reading() as session:
        return search.link_ids(session, words)


def keys(words: str) -> list[tuple[Kind, str]]:
    with reading() as session:
        return [(hit.kind, hit.key) for hit in finding.find(session, words).hits]


@pytest.fixture
def laptop(database) -> int:
    return noted("11", "Order a laptop for Zoë", "Iryna Koval", "iryna.koval@acme.example")


@pytest.mark.parametrize(
    "words",
    [
        "laptop",
        "LAPTOP",
        "lap",
        "zoe",
        "Zoë",
        "koval iryna",
        "koval lap",
        "iryna.koval@acme.example",
    ],
)
def test_a_task_is_found_by_words_in_any_order_by_people_and_without_accents(laptop, words):
    assert ids(words) == [laptop]


@pytest.mark.parametrize(
    "words", ["", "  ", "-", "aptop", "laptop marko", "* NOT *", '"', "a:b & !c"]
)
def test_what_no_task_has_finds_none_and_no_sign_is_taken_for_an_operator(laptop, words):
    assert ids(words) == []


def test_words_that_are_all_beginnings_find_a_task_where_whole_words_find_none(laptop):
    assert ids("iry kov lap") == [laptop]


def test_the_newest_task_comes_first(database):
    found = [noted(str(number), "Order a laptop") for number in range(3)]

    assert ids("laptop") == found[::-1]


def test_a_task_is_found_by_what_it_says_now_and_not_by_what_it_said(laptop):
    noted("11", "Return the badge", link_id=laptop)

    assert ids("badge") == [laptop]
    assert ids("laptop") == []


def test_a_link_that_is_gone_is_not_found(laptop):
    with writing() as session:
        session.execute(delete(Link).where(Link.id == laptop))

    assert ids("laptop") == []


def test_sqlite_keeps_its_index_whole_through_all_changes(laptop):
    if get_engine().dialect.name != "sqlite":
        pytest.skip("PostgreSQL keeps an index like any other")
    noted("11", "Return the badge", link_id=laptop)
    set_values(Link, laptop, reason="anything else")
    with get_engine().connect() as connection:
        check = "INSERT INTO links_search(links_search, rank) VALUES ('integrity-check', 1)"
        connection.execute(text(check))


@given(st.text(max_size=80))
def test_every_text_is_cut_into_words_that_are_found_in_it_again(content):
    kept = search.search_text(content)

    assert search.words(kept) == kept.split()
    assert search.search_text(kept) == kept


def test_a_key_leads_to_its_record_alone(laptop):
    set_values(Link, laptop, issue_key="HR-42", issue_id="10001")
    delivery = arrive("from-jira-1")

    assert keys("11") == [(Kind.TASK, "11")]
    assert keys("hr-42") == [(Kind.TASK, "11")]
    assert keys("10001") == [(Kind.TASK, "11")]
    assert keys("from-jira-1") == [(Kind.DELIVERY, str(delivery))]
    assert keys(str(delivery)) == [(Kind.DELIVERY, str(delivery))]


def test_a_request_leads_to_its_webhook_and_to_all_that_was_done_under_it(laptop):
    request_id = "0" * 31 + "a"
    delivery = arrive("d-1", request_id=request_id)
    with writing() as session:
        for record in ("11", "12"):
            activity.note(session, "pf_jira", record, "updated", "Wrote it.")
        session.execute(text("UPDATE activity SET request_id = :it"), {"it": request_id})

    assert sorted(keys(request_id)) == [
        (Kind.DELIVERY, str(delivery)),
        (Kind.RECORD, "12"),
        (Kind.TASK, "11"),
    ]


def test_words_lead_to_tasks_when_no_key_is_like_them(laptop):
    assert keys("iryna") == [(Kind.TASK, "11")]
    assert keys("nobody") == []
