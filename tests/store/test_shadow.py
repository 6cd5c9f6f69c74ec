"""Shadow mappings as they are stored: what is asked for, how far it is, what was found."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from core import rule_states, rules, shadow
from core.database import reading, writing
from core.mapping import document
from core.models import Link, LinkState, Rule, RunState, ShadowResult, ShadowRun, ShadowVerdict
from core.shadow import Found
from tests.store.conftest import ago, row, set_values

DOMAIN = "pf_jira"


def rule(name="Laptops", priority=10) -> int:
    parts = {"name": name, "priority": priority, "project": "IT", "issue_type": "Task"}
    with writing() as session:
        return rules.save(session, document.parse({**parts, "fields": []}), "test").id


def ask(asked_by="a test", only_rule=None) -> int:
    with writing() as session:
        return shadow.ask(session, DOMAIN, asked_by, only_rule)


def begin(run_id) -> ShadowRun | None:
    with writing() as session:
        return shadow.begin(session, run_id)


def advance(run_id, rule_id, verdict=ShadowVerdict.FITS, action="") -> None:
    with writing() as session:
        shadow.advance(session, run_id, Found(rule_id, 1, verdict, "x"), action)


def finish(run_id) -> None:
    with writing() as session:
        shadow.finish(session, run_id)


def fail(run_id) -> None:
    with writing() as session:
        shadow.fail(session, run_id, "Jira is down")


def scheduled(rule_id=None, verdict=ShadowVerdict.UNFIT, action="", **values) -> int:
    """Let a run of beat's come to its end."""
    run_id = ask(shadow.SCHEDULE, **values)
    if rule_id is not None:
        advance(run_id, rule_id, verdict, action)
    finish(run_id)
    return run_id


def run_ids() -> list[int]:
    with reading() as session:
        return [run.id for run in reversed(shadow.latest(session))]


def is_mended(rule_id) -> bool:
    with reading() as session:
        return shadow.was_mended(session, session.get_one(Rule, rule_id))


@pytest.fixture
def laptops(database, redis_client) -> int:
    return rule()


def test_a_run_goes_on_where_it_was_and_keeps_its_beginning(laptops):
    run_id = ask()
    assert row(ShadowRun, run_id).state is RunState.WAITING
    first = begin(run_id)
    advance(run_id, laptops)

    again = begin(run_id)

    assert first is not None
    assert again is not None
    assert (again.state, again.rules_done) == (RunState.RUNNING, 1)
    assert again.started_at == first.started_at


@pytest.mark.parametrize("end", [finish, fail])
def test_a_run_that_is_over_is_not_begun_again(laptops, end):
    run_id = ask()
    begin(run_id)
    end(run_id)

    assert begin(run_id) is None
    assert begin(run_id + 1) is None
    assert row(ShadowRun, run_id).finished_at is not None


def test_the_oldest_run_that_is_not_over_is_next(laptops):
    first, second, third = ask(), ask(), ask()
    finish(first)
    begin(second)

    with reading() as session:
        assert shadow.oldest_unfinished(session, DOMAIN) == second
        assert shadow.oldest_unfinished(session, "other") is None
    finish(second)
    finish(third)
    with reading() as session:
        assert shadow.oldest_unfinished(session, DOMAIN) is None


def test_the_results_of_a_run_stand_in_the_order_of_the_rules(laptops):
    earlier = rule("Phones", 5)
    run_id = ask()
    advance(run_id, laptops)
    advance(run_id, earlier)

    with reading() as session:
        found = shadow.results(session, run_id)

    assert [stored.name for _, stored in found] == ["Phones", "Laptops"]
    assert row(ShadowRun, run_id).rules_done == 2


def test_a_scheduled_run_of_one_rule_takes_the_place_of_one_that_found_the_same(laptops):
    scheduled(laptops, only_rule="Laptops")

    last = scheduled(laptops, only_rule="Laptops")

    assert run_ids() == [last]
    with reading() as session:
        assert session.scalar(select(func.count()).select_from(ShadowResult)) == 1


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"verdict": ShadowVerdict.UNFIT}, {"verdict": ShadowVerdict.FITS}),
        ({"action": "strike"}, {"action": "strike"}),
        ({"action": "tripped"}, {}),
    ],
    ids=["another verdict", "strikes", "after something was done"],
)
def test_what_differs_or_was_acted_on_is_kept(laptops, before, after):
    first = scheduled(laptops, only_rule="Laptops", **before)

    second = scheduled(laptops, only_rule="Laptops", **after)

    assert run_ids() == [first, second]


def test_nights_and_what_people_asked_for_are_kept(laptops):
    nights = [scheduled(laptops), scheduled(laptops)]
    asked = ask("Olena", "Laptops")
    advance(asked, laptops, ShadowVerdict.UNFIT)
    finish(asked)

    last = scheduled(laptops, only_rule="Laptops")

    assert run_ids() == [*nights, asked, last]


def test_nights_that_fail_one_after_another_are_kept_as_one(laptops):
    for _ in range(3):
        run_id = ask(shadow.SCHEDULE)
        begin(run_id)
        fail(run_id)

    assert run_ids() == [run_id]
    with reading() as session:
        newest = shadow.latest_of_all(session, DOMAIN)
    assert newest is not None
    assert newest.reason == "Jira is down"


def test_rules_that_are_tripped_or_struck_are_watched(laptops):
    struck, told = rule("Struck", 20), rule("Told", 30)
    rule("Fine", 40)
    with writing() as session:
        rule_states.trip(session, laptops, 1, "x")
        rule_states.strike(session, struck, 1, "x")

    with reading() as session:
        assert shadow.rules_to_watch(session) == ["Laptops", "Struck"]
        assert shadow.rules_to_watch(session, [told]) == ["Laptops", "Struck", "Told"]


def test_a_disabled_rule_is_not_watched(laptops):
    with writing() as session:
        rule_states.strike(session, laptops, 1, "x")
        rule_states.disable(session, session.get_one(Rule, laptops), "test")

    with reading() as session:
        assert shadow.rules_to_watch(session, [laptops]) == []


def test_a_tripped_rule_was_mended_once_it_was_changed_or_seen_not_to_fit(laptops):
    old = scheduled(laptops)
    set_values(ShadowResult, row_of(old), at=ago(days=1))
    with writing() as session:
        rule_states.trip(session, laptops, 1, "x")
    assert not is_mended(laptops)

    scheduled(laptops, ShadowVerdict.FITS)
    assert not is_mended(laptops)

    scheduled(laptops)
    assert is_mended(laptops)


def test_a_tripped_rule_that_was_changed_was_mended(laptops):
    with writing() as session:
        rule_states.trip(session, laptops, 1, "x")

    rule()

    assert is_mended(laptops)


def row_of(run_id: int) -> int:
    with reading() as session:
        return session.scalars(select(ShadowResult.id).where(ShadowResult.run_id == run_id)).one()


def test_the_newest_records_come_first_and_in_parts(laptops, links):
    with reading() as session:
        first = shadow.newest(session, 2)
        second = shadow.newest(session, 2, first[-1].link_id)

    assert [it.link_id for it in (*first, *second)] == sorted(links, reverse=True)
    assert first[0].snapshot["title"] == f"Task {first[0].source_id}"


def test_the_records_that_followed_a_rule_are_found(laptops, links):
    for link_id in links[:2]:
        set_values(Link, link_id, rule_id=laptops)

    with reading() as session:
        assert shadow.newest_ids_of(session, laptops, 10) == [links[1], links[0]]
        assert shadow.newest_ids_of(session, laptops, 1) == [links[1]]
        assert [it.link_id for it in shadow.records(session, links[:2])] == [links[1], links[0]]


def test_what_was_written_counts_only_for_the_record_as_it_is(laptops, links):
    written = {"customfield_1": {"id": "7"}}
    seen = row(Link, links[0]).seen_hash
    for link_id in links[:2]:
        set_values(Link, link_id, written=written, state=LinkState.SYNCED)
    set_values(Link, links[0], last_sync_hash=seen)

    with reading() as session:
        found = {it.link_id: it.written for it in shadow.records(session, links)}

    assert found == {links[0]: written, links[1]: {}, links[2]: {}}
