"""Since when work waits: kept by whoever makes a link due, whichever way it does so."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from alembic import command
from sqlalchemy import select, update

from core import ledger, rule_states, rules
from core.clock import now
from core.database import reading, writing
from core.migrate import alembic_config
from core.models import Link, LinkState, Rule
from core.replay import replay_link
from tests.store.conftest import ago, claim, row, see, set_values, sighting

LONG_AGO = ago(hours=5)


def change_seen(link_id: int) -> None:
    see(sighting("11", link_id, seen_hash="b"))


def rules_changed(_link_id: int) -> None:
    with writing() as session:
        rules.try_unrouted(session)


def rule_enabled(_link_id: int) -> None:
    with writing() as session:
        rule_states.enable(session, session.scalars(select(Rule)).one(), "somebody")


def rule_disabled(_link_id: int) -> None:
    with writing() as session:
        rule_states.disable(session, session.scalars(select(Rule)).one(), "somebody")


def replayed(link_id: int) -> None:
    with writing() as session:
        replay_link(session, "pf_jira", session.get_one(Link, link_id))


def set_on_the_object(link_id: int) -> None:
    with writing() as session:
        session.get_one(Link, link_id).due_at = now()


WAYS = [
    (change_seen, {}),
    (rules_changed, {"state": LinkState.UNROUTED}),
    (rule_enabled, {"state": LinkState.SYNCED, "issue_id": "10001", "target_hash": ""}),
    (rule_disabled, {"state": LinkState.HELD}),
    (replayed, {"state": LinkState.DEAD}),
    (set_on_the_object, {}),
]

each_way = pytest.mark.parametrize(
    ("make_due", "values"), WAYS, ids=[way.__name__ for way, _ in WAYS]
)


@pytest.fixture
def link_id(redis_client, links) -> int:
    """A link under a rule; redis_client is here because people hear of rules through Redis."""
    with writing() as session:
        rules.ensure_default_rule(session, "HR", "Task")
        rule = session.scalars(select(Rule)).one()
        session.execute(update(Link).where(Link.id == links[0]).values(rule_id=rule.id))
    return links[0]


def waits_since(link_id: int):
    return row(Link, link_id).waiting_since


@each_way
def test_work_waits_since_it_became_due(link_id, make_due: Callable[[int], None], values):
    # A row that older code finished kept its moment; it does not count.
    set_values(Link, link_id, due_at=None, waiting_since=LONG_AGO, **values)
    before = now()

    make_due(link_id)

    link = row(Link, link_id)
    assert link.due_at is not None
    assert before <= link.waiting_since <= now()


@each_way
def test_work_that_waits_already_goes_on_waiting_since_then(link_id, make_due, values):
    set_values(Link, link_id, due_at=now(), waiting_since=LONG_AGO, **values)

    make_due(link_id)

    assert waits_since(link_id) == LONG_AGO


def test_a_new_record_waits_since_it_was_seen(links):
    assert waits_since(links[0]) <= now()


def test_work_that_is_published_or_hurried_again_goes_on_waiting(links):
    values = {"waiting_since": LONG_AGO, "attempts": 2}
    set_values(Link, links[0], due_at=ago(seconds=1), **values)
    set_values(Link, links[1], due_at=now() + ledger.REPUBLISH, **values)

    with writing() as session:
        assert ledger.hurry(session, links[1:]) == [links[1]]
        assert ledger.take_due(session) == [links[0]]

    assert [waits_since(link_id) for link_id in links[:2]] == [LONG_AGO, LONG_AGO]


def test_only_what_failed_and_would_wait_for_long_is_hurried(links):
    soon = now() + ledger.SOON / 2
    set_values(Link, links[0], due_at=soon, attempts=1)
    set_values(Link, links[1], due_at=now() + ledger.REPUBLISH, attempts=0)
    set_values(Link, links[2], due_at=now() + ledger.REPUBLISH, attempts=1)
    claim(links[2:], "worker")

    with writing() as session:
        assert ledger.hurry(session, links) == []


def test_nothing_waits_any_more_once_the_work_is_done(links):
    with writing() as session:
        session.get_one(Link, links[0]).due_at = None

    assert waits_since(links[0]) is None


def test_work_from_before_the_column_was_there_waits_since_its_last_write(links, database):
    command.downgrade(alembic_config(database), "0004")
    command.upgrade(alembic_config(database), "head")

    with reading() as session:
        for link in session.scalars(select(Link)):
            assert link.waiting_since == link.updated_at


def test_work_that_older_code_made_due_gets_its_moment_when_it_is_published(links):
    set_values(Link, links[0], due_at=ago(seconds=1), waiting_since=None)

    with writing() as session:
        ledger.take_due(session)

    assert waits_since(links[0]) is not None
