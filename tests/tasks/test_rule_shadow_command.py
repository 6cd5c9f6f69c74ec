"""`igw rules shadow` and `igw rules mend`: what a person sees and does about rules."""

from __future__ import annotations

import json
import threading
from collections.abc import Generator
from contextlib import contextmanager

import pytest
from click.testing import CliRunner

from cli import rule_shadow
from cli.rules import rules
from core.models import RuleState, RunState
from tests.tasks.shadowing import FROM_TITLE, OFFICE
from tests.tasks.world import on_sqlite

pytestmark = on_sqlite


def igw(*words: str):
    return CliRunner().invoke(rules, list(words), catch_exceptions=False)


@contextmanager
def a_worker(shadowed) -> Generator[None]:
    """Work on what is published, as long as the block lasts."""
    over = threading.Event()

    def work() -> None:
        while not over.wait(0.05):
            shadowed.world.work()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def test_a_run_shows_each_rule_its_findings_and_what_would_help(shadowed):
    shadowed.rule(FROM_TITLE)
    shadowed.tasks(*["Lviv"] * 6)
    newest = [link.source_id for link in reversed(shadowed.world.links())]
    shadowed.office(rename_options=[{"value": "Lviv", "to": "West"}])

    with a_worker(shadowed):
        answer = igw("shadow")

    assert answer.exit_code == 1
    text = " ".join(answer.output.split())
    assert "Laptops active unfit 6 6" in text
    assert "Default active unused 0 0" in text
    assert f"6 of its 6 newest records would be refused: field Office ({OFFICE})" in text
    assert 'Refused: "Lviv" (6).' in text
    assert f"Tasks: {', '.join(newest[:5])} and 1 more." in text
    assert "(seen to help 6 of 6)" in text
    assert f"igw rules mend Laptops {OFFICE}:table --apply" in text
    assert "tried again in about five minutes" in text


def test_one_rule_that_fits_is_told_and_ends_with_0(shadowed):
    shadowed.rule()

    with a_worker(shadowed):
        answer = igw("shadow", "Laptops", "--json")

    assert answer.exit_code == 0
    document = json.loads(answer.output)
    assert document["state"] == "done"
    [found] = document["rules"]
    assert (found["rule"], found["verdict"], found["records"]) == ("Laptops", "unused", 0)


def test_an_outage_is_said_to_have_changed_nothing(shadowed):
    shadowed.rule()
    shadowed.world.jira.fault("status", status=503, times=None)

    with a_worker(shadowed):
        answer = igw("shadow")

    assert answer.exit_code == 1
    assert "Nothing could be found out" in answer.output
    assert "No rule was changed" in answer.output


def test_a_worker_that_does_not_run_is_said_so(shadowed, monkeypatch):
    monkeypatch.setattr(rule_shadow, "PICKED_UP_WITHIN", 0.2)

    answer = igw("shadow")

    assert answer.exit_code == 1
    assert "the worker pf_jira does not run" in answer.output
    assert "data/logs/worker-pf_jira.log" in answer.output
    assert shadowed.runs()[0].state is RunState.WAITING, "it is done once there is a worker"


@pytest.mark.parametrize("command", ["shadow", "mend"])
def test_a_rule_that_does_not_exist_is_said_to(shadowed, command):
    answer = igw(command, "Nothing")

    assert answer.exit_code == 1
    assert "There is no rule 'Nothing'" in answer.output
    assert shadowed.runs() == []


def test_a_mend_is_shown_as_a_difference_and_made_only_when_asked_for(shadowed):
    shadowed.rule()
    shadowed.tasks("a")
    shadowed.office(rename_options=[{"value": "Lviv", "to": "West"}])

    shown = igw("mend", "Laptops")
    assert shown.exit_code == 0
    assert "-  - static: Lviv" in shown.output
    assert "+  - static: West" in shown.output
    assert "Nothing was changed" in shown.output
    assert shadowed.stored().version == 1

    made = igw("mend", "Laptops", f"{OFFICE}:option", "--apply")
    assert made.exit_code == 0
    assert shadowed.stored().version == 2
    assert "(version 2)" in made.output
    after = igw("mend", "Laptops")
    assert after.exit_code == 0
    assert "It fits" in after.output


def test_a_mend_that_needs_a_choice_is_not_made(shadowed):
    shadowed.rule()
    shadowed.demand_a_field(kind="select", options=["10", "20"])

    answer = igw("mend", "Laptops", "--apply")

    assert answer.exit_code == 1
    assert "a person has to choose one of 10, 20" in answer.output
    assert "igw rules export" in answer.output
    assert shadowed.stored().version == 1


def test_a_mend_that_there_is_not_is_said_to(shadowed):
    shadowed.rule()
    shadowed.office(delete_options=["Lviv"], add_options=["Lvov"])

    answer = igw("mend", "Laptops", "summary:remove", "--apply")

    assert answer.exit_code == 1
    assert f"it has {OFFICE}:option" in answer.output


def test_of_several_mends_one_has_to_be_named(shadowed):
    shadowed.rule()
    shadowed.office(delete_options=["Lviv"], add_options=["Lvov"])
    shadowed.demand_a_field(kind="select", options=["Only"])

    answer = igw("mend", "Laptops", "--apply")

    assert answer.exit_code == 1
    assert "Name the one to make" in answer.output
    assert shadowed.stored().version == 1


def test_a_mended_rule_that_is_tripped_says_how_it_is_put_back(shadowed):
    shadowed.rule()
    shadowed.office(delete_options=["Lviv"], add_options=["Lvov"])
    shadowed.nightly()
    shadowed.recheck()
    assert shadowed.stored().state is RuleState.TRIPPED

    answer = igw("mend", "Laptops", "--apply")

    assert answer.exit_code == 0
    assert "igw rules enable Laptops --replay" in answer.output


def test_jira_that_cannot_be_asked_is_said_so(shadowed):
    shadowed.rule()
    shadowed.world.jira.fault("status", status=503, times=None)

    answer = igw("mend", "Laptops")

    assert answer.exit_code == 1
    assert "Jira could not be asked" in answer.output
