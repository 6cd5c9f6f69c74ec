"""`igw rules enable` and `disable`: what would fail comes into force only where it is forced."""

from __future__ import annotations

import re

import pytest

from core import audit
from core.database import reading
from core.dead_letters import count_open
from core.models import LinkState, RuleState
from core.rule_states import held_by
from tests.tasks.ruling import FAILS, FITTING, HOLDS, LAPTOPS, commands, rule_named, trip_and_hold


@pytest.fixture
def igw(world, tmp_path):
    run = commands(tmp_path)
    assert run("rules", "import", "--force", [FITTING]).exit_code == 0
    return run


def held() -> int:
    rule_id = rule_named().id
    with reading() as session:
        return held_by(session, rule_id)


def last_note() -> str:
    with reading() as session:
        [row] = audit.latest(session, 1)
    return f"{row.action}: {row.note}"


def test_a_rule_that_fits_comes_into_force_and_what_it_held_arrives_once(world, igw):
    ids = trip_and_hold(world, 3)

    answer = igw("rules", "enable", "Laptops to IT", "--replay")
    world.work()
    world.later()

    assert answer.exit_code == 0
    assert "3 changes are sent now" in answer.output
    assert rule_named().state is RuleState.ACTIVE
    assert [world.issue(task_id)["project"] for task_id in ids] == ["IT"] * 3
    with reading() as session:
        assert count_open(session) == 0
        assert [row.action for row in audit.latest(session, 2)] == ["replayed", "enabled"]


def test_a_rule_that_does_not_fit_what_it_holds_stays_out_and_it_is_said_why(world, igw):
    ids = trip_and_hold(world, 4)
    path = "schema/projects/IT/types/Task/fields/customfield_10041"
    world.jira.control("PATCH", path, {"on_screen": False})

    answer = igw("rules", "enable", "Laptops to IT", "--replay")

    assert answer.exit_code == 1
    assert "Office (customfield_10041): " in answer.output
    concerned = re.search(r"It concerns 4 of 4: task (\d+), (\d+), (\d+) and others", answer.output)
    assert concerned is not None
    assert set(concerned.groups()) < set(ids)
    assert "none of the 4 changes that it holds fits Jira" in answer.output
    assert "--force" in answer.output
    assert (rule_named().state, held()) == (RuleState.TRIPPED, 4)


def test_a_forced_rule_comes_into_force_and_the_audit_says_so(world, igw):
    trip_and_hold(world, 1)
    path = "schema/projects/IT/types/Task/fields/customfield_10041"
    world.jira.control("PATCH", path, {"on_screen": False})

    answer = igw("rules", "enable", "Laptops to IT", "--force", "--note", "IT knows")

    assert answer.exit_code == 0
    assert rule_named().state is RuleState.ACTIVE
    assert last_note() == (
        "enabled: IT knows; forced, although the change that it holds does not fit Jira"
    )


def test_the_schema_is_read_fresh(world, igw):
    """Jira was mended a moment ago; the schema of the last hour would refuse."""
    path = "schema/projects/IT/types/Task/fields/customfield_10041"
    world.jira.control("PATCH", path, {"on_screen": False})
    trip_and_hold(world, 1)
    assert igw("rules", "enable", "Laptops to IT").exit_code == 1
    world.jira.control("PATCH", path, {"on_screen": True})

    assert igw("rules", "enable", "Laptops to IT").exit_code == 0


def test_a_rule_that_holds_nothing_is_tried_by_itself(world, igw):
    igw("rules", "disable", "Laptops to IT")
    assert igw("rules", "import", [LAPTOPS]).exit_code == 0

    answer = igw("rules", "enable", "Laptops to IT")

    assert answer.exit_code == 1
    assert "IT, Task demands this field, and the rule does not fill it" in answer.output
    assert rule_named().state is RuleState.DISABLED


def test_a_failing_example_keeps_a_rule_out(world, igw):
    igw("rules", "disable", "Laptops to IT")
    assert igw("rules", "import", [{**FITTING, "examples": [HOLDS, FAILS]}]).exit_code == 0

    answer = igw("rules", "enable", "Laptops to IT")

    assert answer.exit_code == 1
    assert "example 'in Kyiv', field Office" in answer.output
    assert "1 of its 2 examples failed" in answer.output


def test_while_jira_does_not_answer_nothing_comes_into_force_unseen(world, igw):
    trip_and_hold(world, 1)
    world.jira.control("POST", "faults", {"kind": "status", "status": 503})

    answer = igw("rules", "enable", "Laptops to IT")

    assert answer.exit_code == 1
    assert "Jira's schema could not be read" in answer.output
    assert rule_named().state is RuleState.TRIPPED


def test_without_a_terminal_what_is_held_stays_held_and_it_is_said_how_to_send_it(world, igw):
    trip_and_hold(world, 2)

    answer = igw("rules", "enable", "Laptops to IT")

    assert "It holds 2 changes. Send them: igw replay --rule 'Laptops to IT'" in answer.output
    assert (rule_named().state, held()) == (RuleState.ACTIVE, 2)


@pytest.mark.parametrize(("answer", "left"), [("y\n", 0), ("n\n", 2)])
def test_at_a_terminal_it_is_asked_whether_to_send(world, igw, monkeypatch, answer, left):
    trip_and_hold(world, 2)
    monkeypatch.setattr("cli.rule_states.at_terminal", lambda: True)

    said = igw("rules", "enable", "Laptops to IT", answer=answer).output

    assert "2 changes are held. Send them now?" in said
    assert held() == left


def test_it_is_not_asked_where_the_command_line_says_it(world, igw, monkeypatch):
    trip_and_hold(world, 2)
    monkeypatch.setattr("cli.rule_states.at_terminal", lambda: True)

    assert "?" not in igw("rules", "enable", "Laptops to IT", "--no-replay").output
    assert held() == 2


def test_an_active_rule_is_left_as_it_is(world, igw):
    version = rule_named().version

    answer = igw("rules", "enable", "Laptops to IT")

    assert answer.exit_code == 0
    assert "active already" in answer.output
    assert last_note().startswith("created")
    assert rule_named().version == version


def test_what_a_disabled_rule_held_goes_to_the_next_one(world, igw):
    ids = trip_and_hold(world, 2)

    answer = igw("rules", "disable", "Laptops to IT", "--note", "IT left")
    world.resume()

    assert "The 2 changes that it held go to the next rule" in answer.output
    assert [world.issue(task_id)["project"] for task_id in ids] == ["HR", "HR"]
    assert {world.link(task_id).state for task_id in ids} == {LinkState.SYNCED}
    assert last_note() == "disabled: IT left"


def test_a_disabled_rule_is_not_disabled_again(world, igw):
    igw("rules", "disable", "Laptops to IT")

    assert "disabled already" in igw("rules", "disable", "Laptops to IT", "--note", "x").output
    assert last_note() == "disabled: "


def test_a_tripped_rule_is_named_with_since_when_and_what_it_holds(world, igw):
    trip_and_hold(world, 2)

    listed = igw("rules", "list").output
    shown = igw("rules", "show", "Laptops to IT").output
    status = igw("status").output

    since = f"{rule_named().tripped_at:%H:%M} UTC"
    assert "tripped since" in listed
    assert re.search(r"Laptops to IT .* 2 *\n", listed)
    assert "Office is gone from IT's screen." in shown
    assert "igw rules enable 'Laptops to IT' --replay" in shown
    assert f"rule 'Laptops to IT' is tripped since {since} and holds 2 changes." in status


def test_a_rule_that_is_not_there_is_said_with_what_may_be_meant(igw):
    for command in ("enable", "disable", "show", "history", "diff", "rollback"):
        answer = igw("rules", command, "Laptop to IT")

        assert answer.exit_code == 1
        assert "There is no rule 'Laptop to IT'. Is 'Laptops to IT' meant?" in answer.output
