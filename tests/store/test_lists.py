"""The lists that people page through: pages, filters, and bounded counts."""

from __future__ import annotations

import pytest

from core import activity, audit, lists, search
from core.database import reading, writing
from core.dead_letters import Letters, bury
from core.lists import Ask, feeds, letters, links
from core.models import Link, LinkState
from tests.store.conftest import ago, see, set_values, sighting


@pytest.fixture
def five(database) -> list[int]:
    """Five links, the one with the highest id having had the last work."""
    found = see(*(sighting(str(number)) for number in range(1, 6)))
    for age, link_id in enumerate(reversed(found)):
        set_values(Link, link_id, updated_at=ago(hours=age), due_at=None)
    return found


def tasks(wanted: links.Wanted | None = None, ask: Ask | None = None) -> list[str]:
    with reading() as session:
        found = links.page(session, wanted or links.Wanted(), ask or Ask())
        return [row.task for row in found.rows]


def test_links_come_page_by_page_in_the_order_of_their_last_work(five):
    assert tasks(ask=Ask(size=2)) == ["5", "4"]
    assert tasks(ask=Ask(size=2, page=3)) == ["1"]
    assert tasks(ask=Ask(size=2, page=4)) == []
    assert tasks(ask=Ask(descending=False)) == ["1", "2", "3", "4", "5"]


def test_an_order_that_is_not_known_is_that_of_the_last_work(five):
    assert tasks(ask=Ask(sort="id; DROP TABLE links")) == ["5", "4", "3", "2", "1"]


def test_links_are_filtered_by_state_words_and_waiting_work(five):
    set_values(Link, five[1], state=LinkState.DEAD, search_text=search.search_text("A badge"))
    set_values(Link, five[2], due_at=ago(minutes=1))

    assert tasks(links.Wanted(state=LinkState.DEAD)) == ["2"]
    assert tasks(links.Wanted(text="bad")) == ["2"]
    assert tasks(links.Wanted(waiting=True)) == ["3"]
    assert tasks(links.Wanted(state=LinkState.DEAD, waiting=True)) == []


def test_more_rows_than_are_counted_are_told_as_more(five, monkeypatch):
    monkeypatch.setattr(lists, "DEEPEST", 3)
    with reading() as session:
        page = links.page(session, links.Wanted(), Ask(size=2))

    assert (page.total, page.more, page.last_page(Ask(size=2))) == (3, True, 2)


def test_the_activity_goes_on_below_its_last_row(database, monkeypatch):
    monkeypatch.setattr(feeds, "SIZE", 2)
    note_activity(5)

    assert walk(feeds.Wanted()) == [["5", "4"], ["3", "2"], ["1"]]


def test_a_text_is_looked_for_in_one_window_after_the_other(database, monkeypatch):
    monkeypatch.setattr(feeds, "WINDOW", 2)
    note_activity(5)

    assert walk(feeds.Wanted(text="number 1 ")) == [[], [], ["1"]]
    assert walk(feeds.Wanted(record="1")) == [["1"]]
    assert walk(feeds.Wanted(text="number", since=ago(hours=-1))) == [[]]


def note_activity(count: int) -> None:
    with writing() as session:
        for number in range(1, count + 1):
            text = f"Did number {number} of them."
            activity.note(session, "pf_jira", str(number), "updated", text)
            session.flush()


def walk(wanted: feeds.Wanted) -> list[list[str]]:
    """Give the records of each part, until there is none left."""
    parts, before = [], None
    while True:
        with reading() as session:
            part = feeds.activity(session, wanted, before)
        parts.append([row.record for row in part.rows])
        if part.next is None:
            return parts
        before = part.next


def test_the_audit_is_searched_by_who_what_and_why(database):
    with writing() as session:
        audit.note(session, "iryna@acme.example", "changed", "rule Laptops", why="a new office")
        audit.note(session, "oleh@acme.example", "changed", "setting pf_jira.poll_paused")

    def subjects(about: str) -> list[str]:
        with reading() as session:
            return [row.subject for row in feeds.audit(session, about).rows]

    assert subjects("OFFICE") == ["rule Laptops"]
    assert subjects("oleh") == ["setting pf_jira.poll_paused"]
    assert subjects("100%") == []


def test_letters_come_with_the_title_of_their_task_and_those_that_are_closed_do_not(five):
    with writing() as session:
        for link_id in five[:2]:
            bury(
                session,
                domain="pf_jira",
                unit="link",
                unit_id=link_id,
                record=str(link_id),
                reason="Office is not valid",
                attempts=1,
            )
        ids = [letter.id for letter in session.query(letters.DeadLetter)]
        found = letters.page(session, Letters(ids=(ids[0],)), Ask())
        everything = letters.page(session, Letters(like="office"), Ask())

    assert [row.title for row in found.rows] == ["Task 1"]
    assert everything.total == 2
