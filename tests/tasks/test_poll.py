"""The poll: one per interval, and it concludes nothing that a list does not prove."""

from __future__ import annotations

import threading
import time

import pytest

from connectors.peopleforce.service import PeopleForce
from core import locks, reports
from core.database import writing
from core.domain_settings import set_setting
from core.errors import PayloadError
from core.models import LinkState
from core.redis_client import NAMESPACE
from tasks import app
from tests.tasks.world import EDIT, TASK_LIST, on_sqlite

TASKS = "/api/public/v3/tasks"


LOCK = f"{NAMESPACE}lock:pf_jira.poll"


def lose_lock(world):
    """Let somebody else have the poll's lock, and its holder notice."""
    world.redis.set(LOCK, "somebody else")
    time.sleep(0.5)


@pytest.fixture(autouse=True)
def prompt_renewals(monkeypatch):
    monkeypatch.setattr(locks, "RENEW_SECONDS", 0.1)


def poll(*args):
    app.tasks["pf_jira.poll"].apply(args=args, throw=True)


def test_a_poll_leaves_a_report_of_counts(world):
    world.has_tasks(3)

    world.poll()

    report = reports.last("pf_jira.poll")
    assert report is not None
    assert {key: report[key] for key in ("open", "new", "changed", "missing")} == {
        "open": 3,
        "new": 3,
        "changed": 0,
        "missing": 0,
    }
    assert report["seconds"] >= 0


def test_two_polls_at_once_are_one(world):
    world.has_tasks(3)
    world.peopleforce.fault("latency", seconds=0.3, times=None)

    threads = [threading.Thread(target=poll, args=(True,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert world.peopleforce.calls() == {TASK_LIST: 1}
    assert len(world.links()) == 3


def test_a_poll_whose_lock_was_lost_while_it_read_notes_nothing(world):
    [task_id] = world.has_synced_tasks(1)
    world.edit(task_id, title="New")
    world.peopleforce_wire.after("GET", TASKS, lambda: lose_lock(world))
    before = world.rows()
    reported = reports.last("pf_jira.poll")

    poll(True)

    assert world.rows() == before
    assert reports.last("pf_jira.poll") == reported
    world.redis.delete(LOCK)
    poll(True)
    assert world.rows() != before


def test_there_is_one_poll_per_interval_however_many_messages_come(world):
    poll()
    poll()
    assert world.peopleforce.calls() == {TASK_LIST: 1}

    poll(True)
    assert world.peopleforce.calls() == {TASK_LIST: 2}


def test_a_paused_poll_runs_only_for_a_person_who_asks(world):
    with writing() as session:
        set_setting(session, "pf_jira", "poll_paused", True, "a test")

    poll()
    assert world.peopleforce.calls() == {}

    poll(True)
    assert world.peopleforce.calls() == {TASK_LIST: 1}


def test_the_next_poll_can_begin_after_one_that_failed(world, monkeypatch):
    def fail(_self):
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr(PeopleForce, "open_tasks", fail)
        with pytest.raises(RuntimeError):
            world.poll()

    world.poll()
    assert reports.last("pf_jira.poll")


def test_a_task_that_slipped_between_two_pages_is_neither_completed_nor_lost(world):
    ids = world.has_synced_tasks(51)
    slipped, newest = ids[0], ids[-1]  # The oldest is alone on the second page.
    world.peopleforce_wire.after("GET", TASKS, lambda: world.complete(newest))

    world.poll_and_work()

    assert world.link(slipped).missing_scans == 1
    assert world.issue(slipped)["statusCategory"] == "new"
    world.forget_calls()
    world.poll_and_work()
    assert world.link(slipped).missing_scans == 0
    assert world.link(slipped).state is LinkState.SYNCED
    assert EDIT not in world.jira.calls()
    assert world.issue(newest)["statusCategory"] == "done"


def test_a_deleted_task_is_given_up_after_three_polls_and_its_issue_is_left_alone(world):
    gone, _ = world.has_synced_tasks(2)
    issue = world.issue(gone)
    world.delete_task(gone)

    world.poll_and_work()
    world.poll_and_work()
    assert world.link(gone).state is LinkState.SYNCED

    world.poll_and_work()
    assert world.link(gone).state is LinkState.VANISHED
    assert world.story(gone) == ["created", "vanished"]
    assert world.issue(gone) == issue
    assert world.letters() == {}


def test_a_vanished_task_is_not_looked_for_any_more(world):
    gone, _ = world.has_synced_tasks(2)
    world.delete_task(gone)
    for _ in range(3):
        world.poll_and_work()
    world.forget_calls()
    before = world.everything_written()

    world.poll_and_work()

    assert world.peopleforce.calls() == {TASK_LIST: 1}
    assert world.everything_written() == before


def test_a_missing_task_is_searched_for_among_the_completed_ones_as_far_as_needed(world):
    for task_id in world.has_tasks(60):
        world.complete(task_id)
    [newest] = world.has_synced_tasks(1)
    world.complete(newest)

    world.poll_and_work()

    # The empty open list, and the first completed page, which has it in front.
    assert world.peopleforce.calls() == {TASK_LIST: 2}
    assert world.issue(newest)["statusCategory"] == "done"


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "html"},
        {"kind": "status", "status": 503},
        {"kind": "status", "status": 500},
        {"kind": "status", "status": 401},
        {"kind": "status", "status": 429, "retry_after": 1},
        {"kind": "truncate", "length": "cut"},
        {"kind": "drop_after_write"},
    ],
    ids=lambda fault: f"{fault['kind']}-{fault.get('status', '')}",
)
@pytest.mark.parametrize("page", [1, 2])
@on_sqlite
def test_from_a_list_that_could_not_be_read_nothing_is_concluded(world, fault, page):
    world.has_synced_tasks(51)
    before = world.rows()

    def break_down():
        world.peopleforce.fault(**{"times": 2, **fault})

    if page == 1:
        break_down()
    else:
        world.peopleforce_wire.after("GET", TASKS, break_down)
    world.poll_and_work()

    assert "error" in (reports.last("pf_jira.poll") or {})
    assert world.rows() == before
    assert world.jira.calls() == {}

    world.peopleforce.control("DELETE", "faults")
    world.pass_time(60)
    world.poll_and_work()
    assert "error" not in (reports.last("pf_jira.poll") or {})
    assert world.rows() == before


def test_a_list_of_an_unknown_shape_is_told_like_an_outage(world, monkeypatch):
    def read_another_shape(_self):
        raise PayloadError("PeopleForce's answer is not a list: it has no `data`")

    monkeypatch.setattr(PeopleForce, "open_tasks", read_another_shape)

    world.poll()

    assert "it has no `data`" in (reports.last("pf_jira.poll") or {}).get("error", "")


def test_while_jira_is_down_a_completed_task_is_noted_once_and_not_at_every_poll(world):
    [task_id] = world.has_synced_tasks(1)
    world.jira.fault("status", status=503, times=None)
    world.complete(task_id)
    world.poll_and_work()
    before = world.everything_written()
    world.forget_calls()

    world.poll()

    assert world.peopleforce.calls() == {TASK_LIST: 1}
    assert world.everything_written() == before
    world.jira.control("DELETE", "faults")
    world.later(300)
    assert world.issue(task_id)["statusCategory"] == "done"


def test_a_task_whose_edit_was_refused_is_still_seen_to_be_completed(world):
    [task_id] = world.has_synced_tasks(1)
    world.refuse_due_dates()
    world.edit(task_id, ends_on="2026-12-24")
    world.poll_and_work()
    assert world.letters().keys() == {task_id}
    world.edit(task_id, ends_on=None)
    world.complete(task_id)

    world.poll_and_work()

    assert world.issue(task_id)["statusCategory"] == "done"
    assert world.letters() == {}
