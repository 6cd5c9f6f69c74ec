"""The ledger: who works on a link, and what is still to be done."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError, StatementError

from core import ledger
from core.clock import now
from core.database import reading, writing
from core.models import Link, LinkState
from tests.store.conftest import SOURCE, ago, at_once, claim, row, see, set_values, sighting


def owners(ids):
    with reading() as session:
        return [session.get_one(Link, link_id).claimed_by for link_id in ids]


def held(link_id, owner) -> Any:
    with writing() as session:
        return ledger.held(session, link_id, owner)


def found(word) -> Any:
    with reading() as session:
        return ledger.find(session, SOURCE, word)


def test_a_new_record_is_waiting_work(database):
    [link_id] = see(sighting("11"))

    link = row(Link, link_id)
    assert (link.source, link.source_id, link.state) == (SOURCE, "11", LinkState.PENDING)
    assert link.snapshot == {"title": "Task 11", "completed": False}
    assert link.due_at > now()
    assert not link.completed


def test_a_change_replaces_the_snapshot_and_starts_the_count_of_attempts_anew(links):
    set_values(
        Link,
        links[0],
        attempts=4,
        missing_scans=2,
        due_at=None,
        state=LinkState.SYNCED,
        issue_id="10001",
        written={"summary": "Task 11"},
    )

    assert see(sighting("11", links[0], seen_hash="b")) == [links[0]]

    link = row(Link, links[0])
    assert (link.seen_hash, link.attempts, link.missing_scans) == ("b" * 64, 0, 0)
    assert link.due_at is not None
    assert (link.state, link.issue_id, link.written) == (
        LinkState.SYNCED,
        "10001",
        {"summary": "Task 11"},
    )


def test_new_and_changed_records_are_noted_together(links):
    ids = see(sighting("14"), sighting("12", links[1], seen_hash="b"), sighting("15"))

    assert links[1] in ids
    assert len(ids) == 3
    assert ids == sorted(ids)


def test_a_record_cannot_have_two_links(links):
    with pytest.raises(IntegrityError):
        see(sighting("11"))


def test_of_two_claims_at_once_each_link_goes_to_one(links):
    results = at_once(lambda n: [link.id for link in claim(links, f"worker-{n}")], 2)

    assert sorted(results[0] + results[1]) == links


def test_claims_of_overlapping_links_in_any_order_do_not_block_each_other(links):
    def work(number):
        return len(claim(links if number % 2 else links[::-1], f"worker-{number}"))

    assert sum(at_once(work, 8)) == len(links)


def test_nobody_else_gets_a_claimed_link(links):
    claim(links[:2], "first")

    assert [link.id for link in claim(links, "second")] == links[2:]
    assert owners(links) == ["first", "first", "second"]


def test_the_same_message_delivered_again_takes_its_claim_over(links):
    claim(links, "first")

    assert [link.id for link in claim(links, "first")] == links


def test_a_claim_whose_lease_ran_out_is_taken_over(links):
    claim(links, "dead worker")
    set_values(Link, links[0], claimed_until=ago(seconds=1))

    assert [link.id for link in claim(links, "next")] == [links[0]]


def test_the_dead_workers_hand_is_off_a_link_that_was_taken_over(links):
    claim(links, "dead worker", seconds=-1)
    claim(links, "next")

    assert held(links[0], "dead worker") is None
    assert held(links[0], "next").id == links[0]


def test_a_claimed_link_shows_what_was_written_since(links):
    claim(links, "worker")
    see(sighting("11", links[0], seen_hash="b"))

    assert held(links[0], "worker").seen_hash == "b" * 64


def test_waiting_work_is_given_once_per_turn(links):
    with writing() as session:
        assert ledger.take_due(session) == []
    for link_id in links:
        set_values(Link, link_id, due_at=ago(seconds=1))

    with writing() as session:
        assert ledger.take_due(session) == links
    with writing() as session:
        assert ledger.take_due(session) == []
    assert row(Link, links[0]).due_at > now()


def test_two_takers_at_once_do_not_get_the_same_work(links):
    for link_id in links:
        set_values(Link, link_id, due_at=ago(seconds=1))

    def take(_number):
        with writing() as session:
            return ledger.take_due(session)

    assert sorted(link_id for taken in at_once(take, 4) for link_id in taken) == links


def test_the_longest_waiting_is_taken_first(links):
    for link_id, seconds in zip(links, (10, 30, 20), strict=True):
        set_values(Link, link_id, due_at=ago(seconds=seconds))

    with writing() as session:
        assert ledger.take_due(session, limit=2) == [links[1], links[2]]


def test_work_in_hand_is_not_published_again_until_its_lease_is_over(links):
    for link_id in links:
        set_values(Link, link_id, due_at=ago(seconds=1))
    claim(links[:1], "worker")
    claim(links[1:2], "dead worker", seconds=-1)

    with writing() as session:
        assert ledger.take_due(session) == links[1:]


def test_a_poll_knows_open_links_and_does_not_touch_completed_ones(links):
    set_values(Link, links[0], completed=True)
    set_values(Link, links[1], issue_id="10001", missing_scans=1, pushed_at=ago(minutes=1))

    with reading() as session:
        known = ledger.known_open(session, SOURCE)
        elsewhere = ledger.known_open(session, "another source")

    assert known.keys() == {"12", "13"}
    assert (known["12"].link_id, known["12"].has_issue, known["12"].missing_scans) == (
        links[1],
        True,
        1,
    )
    assert elsewhere == {}


def test_completed_links_are_found_by_their_ids_however_many_are_asked_for(links):
    set_values(Link, links[0], completed=True)

    with reading() as session:
        known = ledger.known_among(session, SOURCE, {str(number) for number in range(3000)})

    assert known.keys() == {"11", "12", "13"}


def test_links_are_found_by_issue_and_by_either_name(links):
    set_values(Link, links[0], issue_id="10001", issue_key="HR-7")

    with reading() as session:
        assert [link.id for link in ledger.by_issue(session, ["10001", "10002"])] == [links[0]]
    assert {found(word).id for word in ("11", "HR-7", "hr-7")} == {links[0]}
    assert found("HR-8") is None


def test_links_are_counted_by_state(links):
    set_values(Link, links[0], state=LinkState.SYNCED)

    with reading() as session:
        assert ledger.count_by_state(session) == {"pending": 2, "synced": 1}


def test_a_moment_keeps_its_zone_and_one_without_a_zone_is_refused(links):
    moment = now().replace(microsecond=123456) + timedelta(days=1)
    set_values(Link, links[0], intent_at=moment)
    assert row(Link, links[0]).intent_at == moment

    with pytest.raises(StatementError, match="a moment needs a zone"):
        set_values(Link, links[0], intent_at=moment.replace(tzinfo=None))
