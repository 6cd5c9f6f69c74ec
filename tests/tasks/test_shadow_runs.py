"""Runs of a shadow mapping: when there is one, one at a time, and to its end whatever happens."""

from __future__ import annotations

from core.models import RuleState, RunState, ShadowVerdict
from tasks.pf_jira import shadow as module
from tests.tasks.shadowing import FROM_TITLE
from tests.tasks.world import on_sqlite

pytestmark = on_sqlite


def test_without_a_strike_or_a_tripped_rule_nothing_is_done_between_the_nights(shadowed):
    shadowed.rule()
    shadowed.tasks("a")
    shadowed.nightly()
    shadowed.world.forget_calls()
    before = shadowed.world.everything_written()

    shadowed.world.do_scheduled("pf_jira.recheck")
    shadowed.world.work()

    assert shadowed.world.everything_written() == before
    assert shadowed.world.jira.calls() == {}


def test_each_schema_is_read_fresh_and_once_a_night_and_is_warm_then(shadowed):
    shadowed.rule()
    shadowed.rule(name="Phones", priority=20)
    shadowed.tasks("a")
    shadowed.world.forget_calls()

    shadowed.nightly()
    assert shadowed.schema_reads() == 2, "one for IT and one for HR"
    [task_id] = shadowed.tasks("b")

    assert shadowed.world.issue(task_id)["project"] == "IT"
    assert shadowed.schema_reads() == 2


def test_rules_that_can_take_the_same_records_are_reported_with_both(shadowed):
    condition = {"path": "$.title", "operator": "contains", "value": "laptop"}
    shadowed.rule(conditions=[condition])
    shadowed.rule(FROM_TITLE, name="Phones", priority=20, conditions=[{**condition, "value": "x"}])

    shadowed.nightly()

    for name in ("Laptops", "Phones"):
        [collision] = shadowed.result(name).collisions
        assert "can take the same records" in collision


def test_records_of_a_rule_that_leaves_them_out_are_counted_and_not_mapped(shadowed):
    drop = {"action": "drop", "project": "", "issue_type": "", "fields": []}
    shadowed.rule(**drop)
    shadowed.tasks("a", "b")

    shadowed.nightly()

    assert (shadowed.result().verdict, shadowed.result().tried) == (ShadowVerdict.FITS, 2)


def test_what_does_not_get_done_in_one_message_is_done_by_the_next(shadowed, monkeypatch):
    shadowed.rule()
    shadowed.rule(name="Phones", priority=20, project="HR", fields=[])
    monkeypatch.setattr(module, "WORK_SECONDS", -1.0)
    run_id = shadowed.ask()
    shadowed.run(run_id)
    assert (shadowed.runs()[0].state, shadowed.runs()[0].rules_done) == (RunState.RUNNING, 0)

    monkeypatch.undo()
    shadowed.world.work()

    [run] = shadowed.runs()
    assert (run.state, run.rules_total, run.rules_done) == (RunState.DONE, 3, 3)


def test_a_run_that_was_done_is_not_done_again(shadowed):
    shadowed.rule()
    run_id = shadowed.ask()
    shadowed.run(run_id)
    before = shadowed.world.everything_written(), shadowed.result().id

    shadowed.run(run_id)

    assert (shadowed.world.everything_written(), shadowed.result().id) == before


def test_a_run_waits_for_the_one_that_is_worked_on_and_follows_it(shadowed):
    shadowed.rule()
    first, second = shadowed.ask(), shadowed.ask()
    with shadowed.world.redis.lock(module.LOCK_KEY, timeout=module.LOCK_SECONDS):
        shadowed.run(second)
    assert {run.state for run in shadowed.runs()} == {RunState.WAITING}

    shadowed.run(first)
    shadowed.world.work()

    assert {run.state for run in shadowed.runs()} == {RunState.DONE}


def test_a_run_whose_message_was_lost_is_found_by_the_next_check(shadowed):
    shadowed.rule()
    shadowed.ask()

    shadowed.recheck()

    assert shadowed.runs()[0].state is RunState.DONE


def test_a_rule_that_was_changed_while_it_was_tried_gets_no_strike(shadowed):
    shadowed.rule()
    shadowed.demand_a_field()
    shadowed.world.jira_wire.before("GET", "*/createmeta/IT/*", shadowed.rule)

    shadowed.nightly()

    assert shadowed.result().verdict is ShadowVerdict.UNFIT
    assert (shadowed.stored().version, shadowed.stored().strikes) == (2, 0)


def test_one_rule_can_be_tried_alone_and_before_it_is_in_force(shadowed):
    shadowed.rule()
    shadowed.disable()
    shadowed.tasks("a")
    shadowed.demand_a_field()

    shadowed.run(shadowed.ask("Laptops"))

    result = shadowed.result()
    assert (result.verdict, result.tried, result.action) == (ShadowVerdict.UNFIT, 1, "")
    assert shadowed.stored().state is RuleState.DISABLED
    assert shadowed.runs()[0].rules_total == 1
