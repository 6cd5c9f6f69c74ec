"""`igw rules`: rules as files, tried on real records against Jira's live schema."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from cli.rules import rules
from core.database import reading
from core.models import LinkState, Rule

LAPTOPS: dict[str, Any] = {
    "name": "Laptops to IT",
    "priority": 10,
    "project": "IT",
    "issue_type": "Task",
    "conditions": [{"path": "$.title", "operator": "contains", "value": "laptop"}],
    "fields": [{"field": "summary", "sources": [{"path": "$.title"}]}],
}
OFFICE = {"field": "customfield_10041", "name": "Office", "sources": [{"static": "Lviv"}]}


@pytest.fixture
def igw(world, tmp_path):
    """Run a command of `igw rules`; a document among the arguments becomes a file."""

    def run(*arguments):
        file = tmp_path / "rules.yaml"
        for argument in arguments:
            if isinstance(argument, list):
                file.write_text(yaml.safe_dump(argument), encoding="utf-8")
        words = [str(file) if isinstance(word, list) else word for word in arguments]
        return CliRunner().invoke(rules, words, catch_exceptions=False)

    return run


def names(world) -> set[str]:
    with reading() as session:
        return {rule.name for rule in session.query(Rule)}


def test_what_is_exported_imports_without_a_change(igw, tmp_path):
    file = tmp_path / "all.yaml"
    assert igw("export", str(file)).exit_code == 0

    assert "Nothing changed" in igw("import", str(file)).output


def test_a_dry_run_shows_the_difference_and_changes_nothing(world, igw):
    answer = igw("import", "--dry-run", [LAPTOPS])

    assert answer.exit_code == 0
    assert "+project: IT" in answer.output
    assert names(world) == {"Default"}


def test_an_import_takes_effect_with_the_next_change(world, igw):
    assert igw("import", [{**LAPTOPS, "fields": [*LAPTOPS["fields"], OFFICE]}]).exit_code == 0
    [task_id] = world.has_tasks(1)
    world.edit(task_id, title="Prepare laptop")

    world.poll_and_work()

    assert world.issue(task_id)["project"] == "IT"


def test_everything_that_is_wrong_with_a_file_is_said_and_nothing_is_stored(world, igw):
    broken = {**LAPTOPS, "issue_type": "", "conditions": [{"path": "$.a", "operator": "like"}]}

    answer = igw("import", [broken, LAPTOPS])

    assert answer.exit_code == 1
    assert "Laptops to IT" in answer.output
    assert "conditions[0].operator" in answer.output
    assert names(world) == {"Default"}


def test_a_trial_names_the_records_that_would_be_refused_and_why(world, igw):
    [task_id] = world.has_tasks(1)
    world.edit(task_id, title="Prepare laptop")
    world.poll_and_work()

    answer = igw("test", "--json", [LAPTOPS])

    [trial] = json.loads(answer.output)
    assert answer.exit_code == 1
    assert (trial["matches"], trial["would_fail"]) == (1, 1)
    assert trial["refused"][0]["task"] == task_id
    assert "Office (customfield_10041)" in trial["refused"][0]["why"]
    assert igw("test", [{**LAPTOPS, "fields": [*LAPTOPS["fields"], OFFICE]}]).exit_code == 0


def test_a_disabled_rule_takes_nothing_and_an_enabled_one_takes_what_nobody_took(world, igw):
    igw("disable", "Default")
    [task_id] = world.has_tasks(1)
    world.poll_and_work()
    assert world.link(task_id).state is LinkState.UNROUTED

    assert igw("enable", "Default").exit_code == 0
    world.later()

    assert world.link(task_id).state is LinkState.SYNCED


def test_rules_that_get_in_each_others_way_are_told(igw):
    catch_all = {**LAPTOPS, "name": "Everything", "priority": 5, "project": "HR"}
    del catch_all["conditions"]

    answer = igw("validate", [LAPTOPS, catch_all])

    assert answer.exit_code == 0
    assert "'Laptops to IT' never takes anything" in answer.output.replace("\n", " ")


def test_a_rule_that_does_not_exist_is_said_to(igw):
    answer = igw("disable", "Nothing")

    assert answer.exit_code == 1
    assert "igw rules list" in answer.output
