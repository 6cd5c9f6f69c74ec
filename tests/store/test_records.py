"""What is kept for people: the activity, the dead letters, and the way back from there."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from core import activity, dead_letters
from core.clock import now
from core.database import reading, writing
from core.logs import request_id_bound
from core.models import (
    Activity,
    DeadLetter,
    DeadLetterState,
    Delivery,
    DeliveryState,
    Link,
    LinkState,
)
from core.replay import replay_delivery, replay_link
from tests.store.conftest import arrive, row, set_values


def note(record, action, **values):
    with writing() as session:
        activity.note(session, "pf_jira", record, action, f"It was {action}.", **values)


def story(record, issue_key=None, **options):
    with reading() as session:
        return [entry.action for entry in activity.story(session, record, issue_key, **options)]


def bury(unit="link", unit_id=1, reason="Jira refused it.", **values):
    with writing() as session:
        dead_letters.bury(
            session,
            domain="pf_jira",
            unit=unit,
            unit_id=unit_id,
            record="11",
            reason=reason,
            attempts=3,
            **values,
        )


def letters(*states):
    with reading() as session:
        wanted = select(DeadLetter).where(DeadLetter.state.in_(states)).order_by(DeadLetter.id)
        return list(session.scalars(wanted))


def open_reasons():
    with reading() as session:
        return [letter.reason for letter in dead_letters.open_letters(session)]


def test_the_story_of_a_record_is_told_in_order(database):
    note("11", "created", issue_key="HR-7")
    note("12", "created", issue_key="HR-8")
    note("11", "updated", issue_key="HR-7")

    assert story("11") == ["created", "updated"]


def test_the_story_holds_what_was_seen_under_the_issues_key_too(database):
    note("11", "created", issue_key="HR-7")
    note("HR-7", "seen", issue_key="HR-7")

    assert story("11", "HR-7") == ["created", "seen"]
    assert story("11") == ["created"]


def test_of_a_long_story_the_end_is_told(database):
    for number in range(5):
        note("11", f"step {number}")

    assert story("11", limit=2) == ["step 3", "step 4"]


def test_an_entry_has_its_changes_and_the_request_that_caused_it(database):
    changes = {"summary": {"from": "Old", "to": "Né\u2028w"}}
    with request_id_bound("r-9"):
        note("11", "updated", changes=changes)

    with reading() as session:
        [entry] = session.scalars(select(Activity))
    assert entry.changes == changes
    assert entry.request_id == "r-9"
    assert entry.at <= now()


def test_an_entry_is_part_of_the_transaction_that_it_tells_of(database):
    def fail_half_way():
        with writing() as session:
            activity.note(session, "pf_jira", "11", "created", "It was created.")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_half_way()

    assert story("11") == []


def test_a_unit_has_one_open_letter_with_the_newest_reason(database):
    bury(reason="first")
    bury(reason="second")
    bury(unit_id=2, reason="of another link")
    bury(unit="delivery", reason="of a delivery with the same number")

    assert open_reasons() == ["second", "of another link", "of a delivery with the same number"]
    [replaced] = letters(DeadLetterState.RESOLVED)
    assert replaced.reason == "first"
    assert replaced.closed_at is not None


def test_a_closed_letter_is_no_longer_shown(database):
    bury()
    with writing() as session:
        dead_letters.close(session, "link", 1, DeadLetterState.RESOLVED)

    assert open_reasons() == []


def test_replaying_a_link_makes_its_work_due_at_once(links):
    set_values(Link, links[0], state=LinkState.DEAD, due_at=None, attempts=5)
    bury(unit_id=links[0])

    with writing() as session:
        replay_link(session, "pf_jira", session.get_one(Link, links[0]))

    link = row(Link, links[0])
    assert link.due_at <= now()
    assert link.attempts == 0
    assert [letter.unit_id for letter in letters(DeadLetterState.REPLAYED)] == links[:1]
    assert open_reasons() == []
    assert story("11") == ["replayed"]


def test_replaying_a_link_whose_issue_was_deleted_asks_for_a_new_issue(links):
    set_values(Link, links[0], state=LinkState.ISSUE_DELETED, due_at=None)

    with writing() as session:
        replay_link(session, "pf_jira", session.get_one(Link, links[0]))

    assert row(Link, links[0]).state is LinkState.PENDING


def test_replaying_a_delivery_makes_it_wait_again(database):
    delivery_id = arrive()
    set_values(
        Delivery, delivery_id, state=DeliveryState.DEAD, due_at=None, attempts=5, finished_at=now()
    )
    bury(unit="delivery", unit_id=delivery_id)

    with writing() as session:
        replay_delivery(session, session.get_one(Delivery, delivery_id))

    delivery = row(Delivery, delivery_id)
    assert (delivery.state, delivery.attempts) == (DeliveryState.RETRYING, 0)
    assert delivery.due_at <= now()
    assert delivery.finished_at is None
    assert open_reasons() == []
