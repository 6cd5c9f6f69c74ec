"""Work that nobody would come back to by itself, and whoever looks at the status must be told."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest
from sqlalchemy import delete, update

from core import reports
from core.clock import now
from core.database import writing
from core.migrate import upgrade
from core.models import Link, LinkState, Rule, RuleField
from core.settings import get_settings
from core.status import read_status
from tasks.pf_jira import sweep, sync
from tests.tasks.world import SEARCH


def set_link(task_id: str, **values: object) -> None:
    with writing() as session:
        session.execute(update(Link).where(Link.source_id == task_id).values(**values))


def test_tasks_that_no_rule_took_get_their_issues_when_a_default_project_is_named(world):
    with writing() as session:
        session.execute(delete(RuleField))
        session.execute(delete(Rule))
    ids = world.has_tasks(2)
    world.poll_and_work()
    assert {link.state for link in world.links()} == {LinkState.UNROUTED}

    upgrade(get_settings())
    world.resume()

    assert sorted(issue["task_id"] for issue in world.issues()) == ids


def test_an_issue_that_was_out_of_sight_is_linked_again(world):
    [task_id] = world.has_synced_tasks(1)
    issue_id = world.issue(task_id)["id"]
    set_link(task_id, issue_id=None, state=LinkState.ISSUE_DELETED)
    world.listen()

    world.move_issue(task_id, "Done")
    world.webhooks_arrive()
    for _ in range(3):
        world.later(10)

    assert world.link(task_id).issue_id == issue_id
    assert world.task(task_id)["completed"]
    assert "duplicate_found" not in world.story(task_id)


def test_a_message_that_comes_twice_does_nothing(world):
    [task_id] = world.has_synced_tasks(1)
    set_link(task_id, state=LinkState.VANISHED)

    sync.sync.apply(args=([world.link(task_id).id],), throw=True)

    assert world.link(task_id).state is LinkState.VANISHED
    assert world.jira.calls() == {}


def test_a_sweep_that_failed_is_made_up_for_by_the_next(world):
    world.has_synced_tasks(1)
    reports.save("pf_jira.sweep", {"began": (now() - timedelta(days=3)).isoformat()})
    world.jira.control("POST", "faults", {"kind": "status", "status": 500, "times": 5})
    world.sweep()
    world.jira.control("DELETE", "faults")
    world.forget_calls()

    world.sweep()

    [body] = [body for method, path, body in world.jira_wire.bodies if path.endswith("/search/jql")]
    assert f"updated >= -{(3 * 24 + 2) * 60 + 1}m" in body["jql"]
    complete = datetime.fromisoformat((reports.last(sweep.ENTRY) or {})["began"])
    assert now() - complete < timedelta(minutes=1)
    assert world.jira.calls() == {SEARCH: 1}


@pytest.mark.parametrize(
    ("minutes_ago", "report", "sentence"),
    [
        (0, {}, "Everything is well."),
        (12, {}, "The last poll of PeopleForce was 12 minutes ago"),
        (0, {"error": "no connection"}, "no connection."),
    ],
)
def test_the_status_says_when_polls_stop(world, minutes_ago, report, sentence):
    began = now() - timedelta(minutes=minutes_ago)
    report = {"open": 0, "began": began.isoformat(), **report}
    world.redis.set("igw:report:pf_jira.poll", json.dumps(report))

    assert sentence in read_status().sentence


def test_the_status_says_what_work_waits_for(world):
    [task_id] = world.has_synced_tasks(1)
    set_link(task_id, due_at=now(), attempts=7, reason="jira did not edit issue (status 503)")

    expected = "Running; 1 task waits for another attempt: jira did not edit issue (status 503)."
    assert read_status().sentence == expected


def test_what_ends_a_poll_unexpectedly_is_told_by_the_status(world, monkeypatch):
    monkeypatch.setattr("tasks.pf_jira.poll.compare", lambda *_, **__: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        world.poll()

    assert "an unexpected error (ZeroDivisionError)" in read_status().sentence
