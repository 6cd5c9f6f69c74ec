"""`igw rules history`, `diff`, `rollback`, the examples of an import, and `igw audit`."""

from __future__ import annotations

import json

import pytest

from core import audit
from core.database import reading
from core.models import RuleState
from tests.tasks.ruling import FAILS, FITTING, HOLDS, LAPTOPS, commands, rule_named, trip_and_hold


@pytest.fixture
def igw(world, tmp_path):
    return commands(tmp_path)


@pytest.fixture
def changed(igw):
    """The rule in two versions: as it fits, and with another priority."""
    assert igw("rules", "import", [FITTING]).exit_code == 0
    later = {**FITTING, "priority": 20}
    assert igw("rules", "import", "--note", "IT asked for it", [later]).exit_code == 0
    return igw


def calls_of_jira(world) -> int:
    return world.jira.control("GET", "calls")["total"]


def test_the_history_says_who_changed_what_and_why(changed):
    versions = json.loads(changed("rules", "history", "Laptops to IT", "--json").output)

    assert [(it["version"], it["changed"], it["note"]) for it in versions] == [
        (2, "priority 10 -> 20", "IT asked for it"),
        (1, "made", ""),
    ]
    assert all(it["author"].endswith("at the command line") for it in versions)
    assert "IT asked for it" in changed("rules", "history", "Laptops to IT").output


def test_a_diff_is_of_the_last_change_unless_versions_are_named(changed):
    for words in ((), (1,), (1, 2)):
        output = changed("rules", "diff", "Laptops to IT", *words).output
        assert output.splitlines()[:2] == ["--- version 1", "+++ version 2"]
        assert "-priority: 10" in output
        assert "+priority: 20" in output

    assert "the same" in changed("rules", "diff", "Laptops to IT", 2, 2).output
    refused = changed("rules", "diff", "Laptops to IT", 1, 7)
    assert (refused.exit_code, "there are: 1, 2" in refused.output) == (1, True)


def test_a_rollback_shows_the_way_back_and_goes_it(changed):
    dry = changed("rules", "rollback", "Laptops to IT", "--dry-run")
    assert "+priority: 10" in dry.output
    assert rule_named().version == 2

    answer = changed("rules", "rollback", "Laptops to IT", "--note", "too late")

    assert answer.exit_code == 0
    assert "is as it was in version 1; this is version 3" in answer.output
    assert (rule_named().priority, rule_named().version) == (10, 3)
    with reading() as session:
        assert audit.latest(session, 1)[0].note == "back to version 1: too late"


def test_a_rollback_with_nothing_to_go_back_to_is_refused_in_words(igw):
    answer = igw("rules", "rollback", "Default")

    assert answer.exit_code == 1
    assert "nothing before it to go back to" in answer.output


def test_a_rollback_to_a_version_whose_example_fails_needs_force(igw):
    igw("rules", "import", "--force", [{**FITTING, "examples": [FAILS]}])
    igw("rules", "import", [{**FITTING, "examples": [HOLDS]}])

    refused = igw("rules", "rollback", "Laptops to IT")
    assert refused.exit_code == 1
    assert "example 'in Kyiv', field Office" in refused.output
    assert rule_named().version == 2

    assert igw("rules", "rollback", "Laptops to IT", "--force").exit_code == 0
    with reading() as session:
        note = audit.latest(session, 1)[0].note
    assert note == "back to version 1: forced, although its example failed"


@pytest.mark.parametrize("dry_run", [(), ("--dry-run",)])
def test_a_failing_example_refuses_the_whole_import(world, igw, dry_run):
    other = {**FITTING, "name": "Other", "priority": 50}

    answer = igw("rules", "import", *dry_run, [{**FITTING, "examples": [HOLDS, FAILS]}, other])

    assert answer.exit_code == 1
    assert (
        "Rule 'Laptops to IT', example 'in Kyiv', field Office (customfield_10041): "
        '"Kyiv" was expected, and "Lviv" came.'
    ) in answer.output
    assert "Nothing was changed" in answer.output
    assert igw("rules", "show", "Other").exit_code == 1


def test_examples_that_hold_let_a_rule_in(world, igw):
    answer = igw("rules", "import", [{**FITTING, "examples": [HOLDS]}])

    assert answer.exit_code == 0
    assert "Its example holds." in answer.output
    assert rule_named().examples == [HOLDS]


def test_a_forced_import_is_written_and_the_history_says_so(igw):
    answer = igw("rules", "import", "--force", [{**FITTING, "examples": [FAILS]}])

    assert answer.exit_code == 0
    [version] = json.loads(igw("rules", "history", "Laptops to IT", "--json").output)
    assert version["note"] == "forced, although its example failed"


def test_an_import_without_examples_does_not_ask_jira(world, igw):
    world.forget_calls()

    assert igw("rules", "import", [FITTING]).exit_code == 0

    assert calls_of_jira(world) == 0


def test_while_jira_does_not_answer_examples_keep_a_rule_out_unless_forced(world, igw):
    world.jira.control("POST", "faults", {"kind": "status", "status": 503})

    answer = igw("rules", "import", [{**FITTING, "examples": [HOLDS]}])

    assert answer.exit_code == 1
    assert "could not be tried" in answer.output
    assert igw("rules", "import", "--force", [{**FITTING, "examples": [HOLDS]}]).exit_code == 0


def test_a_rule_out_of_force_is_changed_without_its_examples_and_stays_out(world, igw):
    igw("rules", "import", [FITTING])
    trip_and_hold(world, 1)

    answer = igw("rules", "import", [{**FITTING, "examples": [FAILS]}])

    assert answer.exit_code == 0
    assert "is tripped and stays so until: igw rules enable 'Laptops to IT' --replay" in (
        answer.output
    )
    assert rule_named().state is RuleState.TRIPPED


def test_a_test_of_the_rules_tries_their_examples(world, igw):
    answer = igw("rules", "test", [{**FITTING, "examples": [FAILS]}])

    assert answer.exit_code == 1
    assert "example 'in Kyiv'" in answer.output
    assert igw("rules", "test", [{**FITTING, "examples": [HOLDS]}]).exit_code == 0


def test_the_people_of_an_example_are_found_by_their_e_mail(world, igw):
    person = next(user for user in world.site.users.values() if user.email and user.active)
    fields = [
        *FITTING["fields"],
        {"field": "assignee", "sources": [{"path": "$.assigned_to.email"}]},
    ]
    example = {
        "name": "whose",
        "record": {"title": "A laptop", "assigned_to": {"email": person.email}},
        "expect": {"assignee": person.email},
    }

    answer = igw("rules", "import", [{**FITTING, "fields": fields, "examples": [example]}])

    assert answer.exit_code == 0, answer.output


def test_the_audit_tells_who_did_what_newest_first(world, changed):
    [task_id] = world.has_synced_tasks(1)
    changed("set", "pf_jira.poll_interval_seconds", 30)
    changed("replay", task_id)

    rows = json.loads(changed("audit", "--json", "--limit", 3).output)

    assert [(row["action"], row["subject"]) for row in rows] == [
        ("replayed", f"task {task_id}"),
        ("set", "setting pf_jira.poll_interval_seconds"),
        ("changed", "rule Laptops to IT"),
    ]
    shown = " ".join(changed("audit", "--about", "poll_interval").output.split())
    assert "60 -> 30" in shown
    assert "Laptops" not in shown
    assert "Nothing about 'nobody'" in changed("audit", "--about", "nobody").output


def test_what_is_asked_of_a_replay_is_in_the_audit(world, igw):
    igw("rules", "import", [LAPTOPS])
    trip_and_hold(world, 2)
    igw("rules", "enable", "--force", "Laptops to IT")

    igw("replay", "--rule", "Laptops to IT")
    igw("replay", "--all")

    with reading() as session:
        rows = [(row.subject, row.note) for row in audit.latest(session, 2)]
    assert rows == [
        ("all dead letters", "0 dead letters"),
        ("rule Laptops to IT", "2 dead letters"),
    ]
