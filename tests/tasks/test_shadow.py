"""Rules that no longer fit Jira are found and taken out before real work fails on them."""

from __future__ import annotations

import pytest

from core import rule_states
from core.database import writing
from core.models import LinkState, RuleState, RunState, ShadowVerdict
from tests.tasks.shadowing import (
    COST_CENTRE,
    FROM_TITLE,
    IN_LVIV,
    IT_FIELDS,
    OFFICE,
)
from tests.tasks.world import on_sqlite


def test_a_rule_that_fits_is_said_to_and_nothing_is_done(shadowed):
    shadowed.rule()
    shadowed.tasks("a", "b")

    shadowed.nightly()

    result = shadowed.result()
    assert (result.verdict, result.tried, result.failed) == (ShadowVerdict.FITS, 2, 0)
    assert result.summary == "It fits: all of its 2 newest records would be taken."
    assert shadowed.result("Default").verdict is ShadowVerdict.UNUSED
    assert shadowed.told() == []
    [run] = shadowed.runs()
    assert (run.state, run.rules_total, run.rules_done, run.records) == (RunState.DONE, 2, 2, 2)


def test_a_field_that_jira_demands_since_is_a_strike_and_the_next_check_trips(shadowed):
    shadowed.rule()
    shadowed.tasks(*"abc")
    shadowed.demand_a_field()

    shadowed.nightly()

    assert (shadowed.result().verdict, shadowed.result().action) == (ShadowVerdict.UNFIT, "strike")
    assert (shadowed.stored().state, shadowed.stored().strikes) == (RuleState.ACTIVE, 1)
    text = shadowed.alert("rule_struck").text
    assert f"Field {COST_CENTRE} (customfield_" in text
    assert "3 of its 3 newest records" in text
    assert f"What would help: map {COST_CENTRE}" in text
    assert "igw rules shadow 'Laptops'" in text

    shadowed.recheck()

    assert shadowed.stored().state is RuleState.TRIPPED
    assert f"Field {COST_CENTRE} (customfield_" in shadowed.stored().tripped_reason
    assert shadowed.result().action == "tripped"
    assert shadowed.told() == ["rule_tripped"]
    assert shadowed.stored("Default").state is RuleState.ACTIVE
    assert len(shadowed.world.issues()) == 3, "what exists already was left alone"


@on_sqlite
def test_two_runs_in_the_same_minute_are_one_strike(shadowed):
    shadowed.rule()
    shadowed.demand_a_field()

    shadowed.nightly()
    shadowed.run(shadowed.ask())

    assert shadowed.result().verdict is ShadowVerdict.UNFIT
    assert shadowed.result().action == ""
    assert (shadowed.stored().state, shadowed.stored().strikes) == (RuleState.ACTIVE, 1)


@on_sqlite
def test_a_strike_is_forgotten_when_the_rule_fits_at_the_next_check(shadowed):
    shadowed.rule()
    shadowed.office(rename_options=[{"value": "Lviv", "to": "Lviv office"}])
    shadowed.nightly()
    assert shadowed.told() == ["rule_struck"]

    shadowed.office(rename_options=[{"value": "Lviv office", "to": "Lviv"}])
    shadowed.recheck()

    assert (shadowed.stored().state, shadowed.stored().strikes) == (RuleState.ACTIVE, 0)
    assert shadowed.told() == []


@on_sqlite
def test_people_hear_that_a_rule_they_mended_fits(shadowed):
    shadowed.rule()
    shadowed.office(rename_options=[{"value": "Lviv", "to": "Lviv office"}])
    shadowed.nightly()

    shadowed.rule({**IN_LVIV, "sources": [{"static": "Lviv office"}]})
    shadowed.recheck()

    assert shadowed.told() == []
    assert shadowed.stored().state is RuleState.ACTIVE


@pytest.mark.parametrize(
    ("change", "mend"),
    [
        (
            {"rename_options": [{"value": "Lviv", "to": "Lviv office"}]},
            f'offer Office ({OFFICE}) what it has now: "Lviv" -> "Lviv office"',
        ),
        (
            {"delete_options": ["Lviv"], "add_options": ["Lvov"]},
            f'offer Office ({OFFICE}) what it has now: "Lviv" -> "Lvov"',
        ),
        (
            # An option keeps its id, so even a name that is nothing like it is found.
            {"rename_options": [{"value": "Lviv", "to": "West"}]},
            f'offer Office ({OFFICE}) what it has now: "Lviv" -> "West"',
        ),
        ({"disable_options": ["Lviv"]}, f'offer Office ({OFFICE}) another value than "Lviv"'),
    ],
    ids=["renamed", "deleted", "renamed unlike", "disabled"],
)
@on_sqlite
def test_an_option_that_the_rule_names_and_that_is_gone_is_the_rules_fault(shadowed, change, mend):
    shadowed.rule()
    shadowed.tasks("a")
    shadowed.office(**change)

    shadowed.nightly()

    result = shadowed.result()
    assert (result.verdict, result.failed) == (ShadowVerdict.UNFIT, 1)
    assert '"Lviv" was offered' in result.summary
    assert result.mends[0]["text"].startswith(mend)
    assert result.mends[0]["helps"] == (1 if result.mends[0]["applicable"] else 0)


@on_sqlite
def test_a_renamed_option_that_comes_from_records_is_told_by_how_many_have_it(shadowed):
    shadowed.rule(FROM_TITLE)
    shadowed.tasks(*["Lviv"] * 4, *["Kyiv"] * 3)
    shadowed.office(rename_options=[{"value": "Lviv", "to": "West"}])

    shadowed.nightly()

    result = shadowed.result()
    assert (result.verdict, result.tried, result.failed) == (ShadowVerdict.UNFIT, 7, 4)
    assert result.summary.startswith(
        f"4 of its 7 newest records would be refused: field Office ({OFFICE})"
    )
    [mend] = result.mends
    assert (mend["helps"], mend["of"]) == (4, 4)
    assert mend["details"] == ['"Lviv" -> "West"']
    assert "Lviv" not in shadowed.alert("rule_struck").text.partition("Allowed")[0]


@on_sqlite
def test_a_few_records_that_would_be_refused_are_told_of_and_the_rule_stays(shadowed):
    shadowed.rule(FROM_TITLE)
    ids = shadowed.tasks(*["Kyiv"] * 5, "Lviv")
    shadowed.office(delete_options=["Lviv"])

    shadowed.nightly()
    shadowed.recheck()

    result = shadowed.result()
    assert (result.verdict, result.failed, result.action) == (ShadowVerdict.SOME_FAIL, 1, "")
    assert result.findings[0]["examples"] == [ids[-1]]
    assert (shadowed.stored().state, shadowed.stored().strikes) == (RuleState.ACTIVE, 0)
    assert f"For example the tasks {ids[-1]}." in shadowed.alert("rule_some_fail").text
    shadowed.office(add_options=["Lviv"])
    shadowed.nightly()
    assert shadowed.told() == []


@on_sqlite
def test_the_share_of_records_that_blames_a_rule_is_the_admins(shadowed):
    shadowed.rule(FROM_TITLE)
    shadowed.tasks(*["Kyiv"] * 4, "Lviv")
    shadowed.office(delete_options=["Lviv"])
    shadowed.set("trip_share_percent", 20)

    shadowed.nightly()

    assert shadowed.result().verdict is ShadowVerdict.UNFIT


@pytest.mark.parametrize("moved", [False, True], ids=["gone", "under another id"])
@on_sqlite
def test_a_field_off_the_screen_makes_the_rule_unfit(shadowed, moved):
    laptop = "customfield_10043"
    shadowed.rule(IN_LVIV, {"field": laptop, "name": "Laptop", "sources": [{"static": "MacBook"}]})
    shadowed.tasks("a")
    shadowed.world.jira.control("PATCH", f"{IT_FIELDS}/{laptop}", {"on_screen": False})
    if moved:
        shadowed.demand_a_field(name="Laptop", kind="select", options=["MacBook"])

    shadowed.nightly()

    [mend] = shadowed.result().mends[:1]
    assert shadowed.result().verdict is ShadowVerdict.UNFIT
    assert mend["key"].startswith(f"{laptop}:moved-to-" if moved else f"{laptop}:remove")
    assert mend["helps"] == 1


def _no_type(world) -> None:
    world.jira.control("DELETE", "schema/projects/IT/types/Task")


def _archived(world) -> None:
    world.jira.control("PATCH", "schema/projects/IT", {"archived": True})


@pytest.mark.parametrize(
    ("change", "words"), [(_no_type, "no issue type 'Task'"), (_archived, "IT, Task is not there")]
)
@on_sqlite
def test_a_target_that_is_gone_makes_the_rule_unfit(shadowed, change, words):
    shadowed.rule()
    shadowed.tasks("a", "b")
    change(shadowed.world)

    shadowed.nightly()
    assert shadowed.result().verdict is ShadowVerdict.UNFIT
    assert (shadowed.result().tried, shadowed.result().failed) == (2, 2)
    assert words in shadowed.alert("rule_struck").text
    shadowed.recheck()

    assert shadowed.stored().state is RuleState.TRIPPED


@on_sqlite
def test_a_closed_account_is_its_records_fault_and_the_rule_stays(shadowed):
    shadowed.rule(
        IN_LVIV,
        {"field": "assignee", "name": "Assignee", "sources": [{"path": "$.assigned_to.email"}]},
    )
    [task_id] = shadowed.tasks("a")
    email = shadowed.world.link(task_id).snapshot["assigned_to"]["email"]
    shadowed.world.jira.control("PATCH", f"schema/users/{email}", {"active": False})
    for key in shadowed.world.redis.scan_iter("igw:jira:account:*"):
        shadowed.world.redis.delete(key)

    shadowed.nightly()
    shadowed.recheck()

    assert (shadowed.result().verdict, shadowed.result().failed) == (ShadowVerdict.SOME_FAIL, 1)
    assert shadowed.stored().state is RuleState.ACTIVE
    assert email not in shadowed.alert("rule_some_fail").text
    assert email not in str(shadowed.result().findings)


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "status": 503},
        {"kind": "status", "status": 429, "retry_after": 1},
        {"kind": "status", "status": 401},
        {"kind": "html"},
    ],
    ids=lambda fault: f"{fault['kind']} {fault.get('status', '')}",
)
@on_sqlite
def test_an_outage_during_the_nightly_run_strikes_nothing_and_the_run_is_repeated(shadowed, fault):
    shadowed.rule()
    shadowed.tasks("a")
    shadowed.demand_a_field()
    shadowed.world.jira.fault(**fault, times=None)

    shadowed.nightly()
    for _ in range(3):
        shadowed.recheck()

    runs = shadowed.runs()
    assert {run.state for run in runs} == {RunState.FAILED}
    assert len(runs) == 1, "the same failure is not kept again and again"
    assert runs[0].reason
    assert (shadowed.stored().state, shadowed.stored().strikes) == (RuleState.ACTIVE, 0)
    assert shadowed.told() == (["credentials"] if fault.get("status") == 401 else [])

    shadowed.world.jira.control("DELETE", "faults")
    shadowed.recheck()

    assert shadowed.runs()[0].state is RunState.DONE
    assert shadowed.stored().strikes == 1


@on_sqlite
def test_nothing_is_concluded_from_one_rule_whose_schema_cannot_be_read(shadowed, monkeypatch):
    shadowed.rule()
    shadowed.demand_a_field()
    shadowed.world.jira.fault("status", status=409, path="*/createmeta/IT/*", times=None)

    shadowed.nightly()

    assert shadowed.result().verdict is ShadowVerdict.UNKNOWN
    assert shadowed.stored().strikes == 0
    assert shadowed.runs()[0].state is RunState.DONE


def trip_with_something_held(shadowed) -> str:
    """Let the rule be tripped by two strikes, with one change held."""
    shadowed.rule()
    shadowed.office(delete_options=["Lviv"])
    shadowed.nightly()
    shadowed.recheck()
    assert shadowed.stored().state is RuleState.TRIPPED
    [task_id] = shadowed.world.has_tasks(1)
    shadowed.world.poll_and_work()
    assert shadowed.world.link(task_id).state is LinkState.HELD
    return task_id


@on_sqlite
def test_a_tripped_rule_that_fits_again_is_offered_once(shadowed):
    trip_with_something_held(shadowed)
    shadowed.recheck()
    assert shadowed.told() == ["rule_tripped"]

    shadowed.office(add_options=["Lviv"])
    for _ in range(3):
        shadowed.recheck()

    assert shadowed.stored().state is RuleState.TRIPPED
    alert = shadowed.alert("rule_fits_again")
    assert alert.count == 1
    assert "holds 1 change." in alert.text
    assert "igw rules enable 'Laptops' --replay" in alert.text
    shadowed.enable()
    assert shadowed.told() == []


def test_by_policy_a_tripped_rule_that_fits_again_is_put_back_and_sends_what_it_held(shadowed):
    task_id = trip_with_something_held(shadowed)
    shadowed.set("reenable_by_itself", True)

    shadowed.office(add_options=["Lviv"])
    shadowed.recheck()

    assert shadowed.stored().state is RuleState.ACTIVE
    assert shadowed.result().action == "enabled"
    assert shadowed.world.issue(task_id)["project"] == "IT"
    assert shadowed.world.letters() == {}
    assert shadowed.told() == []


@on_sqlite
def test_a_rule_that_jira_refused_although_its_schema_fits_is_not_put_back(shadowed):
    rule_id = shadowed.rule()
    shadowed.set("reenable_by_itself", True)
    with writing() as session:
        rule_states.trip(session, rule_id, 1, "Jira refused it for a reason of its own.")

    shadowed.recheck()

    assert shadowed.result().verdict is ShadowVerdict.UNUSED
    assert shadowed.stored().state is RuleState.TRIPPED
    assert shadowed.told() == ["rule_tripped"]

    shadowed.rule({**IN_LVIV, "sources": [{"static": "Kyiv"}]})
    shadowed.recheck()
    assert shadowed.stored().state is RuleState.ACTIVE, "it was changed since"


@on_sqlite
def test_a_tripped_rule_that_goes_on_not_to_fit_leaves_one_run_and_not_one_each_time(shadowed):
    trip_with_something_held(shadowed)
    before = len(shadowed.runs())

    for _ in range(4):
        shadowed.recheck()

    assert len(shadowed.runs()) == before + 1
