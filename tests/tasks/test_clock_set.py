"""Work goes on, and is done once, when the machine's clock is set while the gateway runs."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from core import ledger
from core.database import writing
from core.models import Delivery, Link
from core.settings import get_settings
from tasks import app
from tasks.pf_jira import creating
from tasks.pf_jira.claims import LEASE
from tasks.pf_jira.preparing import Planner
from tests.conftest import wait_until
from tests.tasks.world import BULK, SINGLE

HOUR = timedelta(hours=1)
MOMENTS = ("due_at", "waiting_since", "intent_at", "moving_at", "claimed_until", "pushed_at")


def set_clock(world, by: timedelta) -> None:
    """Set the clock: to the tables, everything that was written lies that much further back."""
    world._age(Link, MOMENTS, by)
    world._age(Delivery, ("due_at", "claimed_until"), by)
    creating._watch._offset -= by.total_seconds()


@pytest.fixture(autouse=True)
def watch(monkeypatch):
    monkeypatch.setattr(creating, "_watch", creating.SteadyWatch())


def lose_messages(world) -> None:
    world.redis.delete("igw:pf_jira")


def test_a_change_whose_message_was_lost_is_made_after_the_clock_was_set_back(world):
    [task_id] = world.has_synced_tasks(1)
    world.edit(task_id, title="New")
    world.poll()
    lose_messages(world)

    set_clock(world, -HOUR)
    world.resume()

    assert world.issue(task_id)["summary"] == "New"


def test_what_a_dead_worker_held_is_taken_over_after_the_clock_was_set_back(world):
    [task_id] = world.has_synced_tasks(1)
    world.edit(task_id, title="New")
    world.poll()
    lose_messages(world)
    link_id = world.link(task_id).id
    with writing() as session:
        ledger.claim(session, [link_id], "a dead one", LEASE)

    set_clock(world, -HOUR)
    world.resume()

    assert world.issue(task_id)["summary"] == "New"


def test_a_webhook_whose_message_was_lost_is_worked_on_after_the_clock_was_set_back(world):
    [task_id] = world.has_synced_tasks(1)
    world.listen()
    world.move_issue(task_id, "Done")
    wait_until(lambda: world.dispatcher.waiting() == 0, every=0.01)
    lose_messages(world)

    set_clock(world, -HOUR)
    world.resume()

    assert world.task(task_id)["completed"]


def test_a_task_that_we_completed_is_read_again_after_the_clock_was_set_back(world):
    [task_id] = world.has_synced_tasks(1)
    world.listen()
    world.move_issue(task_id, "Done")
    world.webhooks_arrive()
    world.reopen(task_id)

    set_clock(world, -HOUR)
    world.poll_and_work()

    assert world.issue(task_id)["statusCategory"] == "new"


@pytest.mark.parametrize("by", [HOUR, -HOUR], ids=["forward", "back"])
def test_a_create_whose_answer_was_lost_is_not_repeated_after_the_clock_was_set(
    world, settings_env, by
):
    settings_env.setenv("IGW_JIRA_INDEX_TRUST_SECONDS", "60")
    get_settings.cache_clear()
    world.site.settings.index_lag_seconds = 30
    [task_id] = world.has_tasks(1)
    world.jira.fault("drop_after_write", method="POST", path="/rest/api/3/issue*")
    world.poll_and_work()
    assert len(world.issues()) == 1

    set_clock(world, by)
    world.resume()
    world.later(20)
    world.later(20)
    world.later(20)

    assert [issue["task_id"] for issue in world.issues()] == [task_id]
    assert world.link(task_id).issue_id == world.issue(task_id)["id"]


def test_a_message_that_the_broker_hands_out_twice_at_once_makes_one_issue(world, monkeypatch):
    """A clock that is set forward makes Redis' transport do so with all that is worked on."""
    [task_id] = world.has_tasks(1)
    world.poll()
    lose_messages(world)
    both_have_planned = threading.Barrier(2)
    plan_all = Planner.plan_all

    def plan_and_wait(self, claim):
        plans = plan_all(self, claim)
        both_have_planned.wait(10)
        return plans

    monkeypatch.setattr(Planner, "plan_all", plan_and_wait)
    ids = [link.id for link in world.links()]
    sync = app.tasks["pf_jira.sync"]
    threads = [
        threading.Thread(target=sync.apply, kwargs={"args": (ids,), "task_id": "the same"})
        for _ in range(2)
    ]
    threads[0].start()
    # PostgreSQL gives what somebody is claiming this moment to nobody else.
    wait_until(lambda: both_have_planned.n_waiting == 1, what="the first to have planned")
    threads[1].start()
    for thread in threads:
        thread.join()

    calls = world.jira.calls()
    assert calls.get(SINGLE, 0) + calls.get(BULK, 0) == 1
    assert [issue["task_id"] for issue in world.issues()] == [task_id]
