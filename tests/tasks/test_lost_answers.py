"""One task never becomes two issues, whatever happens between the call and our commit."""

from __future__ import annotations

import threading

import pytest
import requests

from connectors.jira.models import PROPERTY
from connectors.jira.service import Jira
from core.models import DeliveryState, LinkState
from core.settings import SANDBOX_JIRA_EMAIL, SANDBOX_JIRA_TOKEN, get_settings
from tasks import app
from tasks.pf_jira.claims import LEASE
from tests.tasks.world import BULK, EDIT, SEARCH, SINGLE, Killed

TRUST, LAG = 180, 60
# A single task is made by another call than several.
EITHER = pytest.mark.parametrize("count", [1, 3])


@pytest.fixture
def lagging(world, settings_env):
    """A Jira whose search learns of an issue a minute late, as on its slow days."""
    world.site.settings.index_lag_seconds = LAG
    settings_env.setenv("IGW_JIRA_INDEX_TRUST_SECONDS", str(TRUST))
    get_settings.cache_clear()
    return world


@pytest.fixture
def kill_after(monkeypatch):
    """Let the worker die right after a method of a class has done its work, once."""

    def arrange(owner, name):
        method = getattr(owner, name)

        def act_and_die(*args, **kwargs):
            monkeypatch.setattr(owner, name, method)
            method(*args, **kwargs)
            raise Killed

        monkeypatch.setattr(owner, name, act_and_die)

    return arrange


def lose_creates(world, kind="drop_after_write", **fault):
    world.jira.fault(kind, method="POST", path="/rest/api/3/issue*", **fault)


def assert_one_issue_each(world, ids):
    assert sorted(issue["task_id"] for issue in world.issues()) == sorted(ids)
    assert {link.state for link in world.links()} == {LinkState.SYNCED}
    for link in world.links():
        assert link.issue_id == world.issue(link.source_id)["id"]
        assert (link.intent_at, link.due_at) == (None, None)
    assert world.letters() == {}
    assert world.errors == []


@EITHER
@pytest.mark.parametrize("kind", ["drop_after_write", "truncate"])
def test_a_create_whose_answer_was_lost_is_found_and_not_repeated(world, count, kind):
    ids = world.has_tasks(count)
    lose_creates(world, kind)

    world.poll_and_work()
    assert len(world.issues()) == count
    assert {link.state for link in world.links()} == {LinkState.CREATING}

    world.later(10)
    world.later(10)
    assert_one_issue_each(world, ids)
    calls = world.jira.calls()
    assert calls.get(BULK, 0) + calls.get(SINGLE, 0) == 1
    assert set(world.story(ids[0])) >= {"adopted"}


@EITHER
def test_while_the_search_lags_a_lost_create_is_looked_for_again_and_not_repeated(lagging, count):
    ids = lagging.has_tasks(count)
    lose_creates(lagging)
    lagging.poll_and_work()

    lagging.later(10)
    lagging.later(10)
    assert {link.state for link in lagging.links()} == {LinkState.CREATING}
    assert "can be trusted" in lagging.link(ids[0]).reason
    assert len(lagging.issues()) == count

    lagging.later(LAG)
    lagging.later(10)
    assert_one_issue_each(lagging, ids)


@EITHER
def test_a_create_that_never_happened_is_made_once_the_search_can_be_trusted(lagging, count):
    ids = lagging.has_tasks(count)
    lose_creates(lagging, "status", status=502)
    lagging.poll_and_work()

    lagging.later(TRUST - 20)
    assert lagging.issues() == []

    lagging.later(30)
    assert_one_issue_each(lagging, ids)


@EITHER
def test_a_worker_killed_between_jiras_answer_and_our_commit_doubles_nothing(
    world, kill_after, count
):
    ids = world.has_tasks(count)
    world.poll()
    kill_after(Jira, "create")

    with pytest.raises(Killed):
        world.work()
    assert len(world.issues()) == count

    world.work()
    world.resume()
    assert_one_issue_each(world, ids)


def test_work_of_a_dead_worker_whose_message_is_gone_is_taken_over_after_its_lease(
    world, kill_after
):
    ids = world.has_tasks(2)
    world.poll()
    kill_after(Jira, "create")
    with pytest.raises(Killed):
        world.work()
    world.redis.delete("igw:pf_jira")

    world.later(LEASE.total_seconds() - 5)
    assert {link.state for link in world.links()} == {LinkState.CREATING}

    world.later(10)
    world.later(10)
    assert_one_issue_each(world, ids)


def test_a_worker_killed_before_jira_was_called_makes_the_issue_later(world, monkeypatch):
    [task_id] = world.has_tasks(1)
    world.poll()

    def die(*_):
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(Jira, "create", die)
        with pytest.raises(Killed):
            world.work()

    world.later(TRUST + 10)
    assert_one_issue_each(world, [task_id])


def test_a_worker_killed_after_an_edit_edits_again_and_tells_of_it_once(world, kill_after):
    [task_id] = world.has_synced_tasks(1)
    world.edit(task_id, title="Twice is as good as once")
    world.poll()
    kill_after(Jira, "update")
    with pytest.raises(Killed):
        world.work()

    world.work()

    assert world.issue(task_id)["summary"] == "Twice is as good as once"
    assert world.story(task_id) == ["created", "updated"]
    assert world.jira.calls()[EDIT] == 2


def test_a_task_completed_while_its_create_was_unanswered_finishes_its_issue(world):
    [task_id] = world.has_tasks(1)
    lose_creates(world)
    world.poll_and_work()
    world.complete(task_id)
    world.poll_and_work()

    world.later(10)
    world.later(10)

    assert world.issue(task_id)["statusCategory"] == "done"
    assert world.link(task_id).completed


def test_a_task_completed_while_its_create_was_not_carried_out_gets_no_issue(world):
    [task_id] = world.has_tasks(1)
    lose_creates(world, "status", status=502)
    world.poll_and_work()
    world.complete(task_id)
    world.poll_and_work()

    world.later(TRUST + 10)

    assert world.issues() == []
    assert world.link(task_id).state is LinkState.DROPPED


def test_an_adopted_issue_is_brought_up_to_date(world):
    [task_id] = world.has_tasks(1)
    lose_creates(world)
    world.poll_and_work()
    world.edit(task_id, title="Edited meanwhile")
    world.poll_and_work()

    world.later(10)
    world.later(10)

    assert world.issue(task_id)["summary"] == "Edited meanwhile"
    assert_one_issue_each(world, [task_id])


def test_of_two_issues_for_one_task_the_older_is_kept_and_the_other_named(world):
    [task_id] = world.has_tasks(1)
    lose_creates(world)
    world.poll_and_work()
    older = world.issue(task_id)
    newer = make_issue_by_hand(world, task_id)

    world.later(10)
    world.later(10)

    assert world.link(task_id).issue_key == older["key"]
    assert "duplicate_found" in world.story(task_id)
    assert f"{newer} were made for the same task" in world.summaries(task_id)


def make_issue_by_hand(world, task_id):
    body = {
        "fields": {
            "project": {"key": "HR"},
            "issuetype": {"name": "Task"},
            "summary": "The same once more",
            "labels": ["PeopleForce"],
        },
        "properties": [{"key": PROPERTY, "value": {"task_id": task_id}}],
    }
    answer = requests.post(
        f"{world.jira.url}/rest/api/3/issue",
        json=body,
        auth=(SANDBOX_JIRA_EMAIL, SANDBOX_JIRA_TOKEN),
        timeout=10,
    )
    return answer.json()["key"]


def test_the_webhook_of_an_unanswered_create_tells_what_the_search_does_not_know_yet(lagging):
    [task_id] = lagging.has_tasks(1)
    lagging.listen()
    lose_creates(lagging)
    lagging.poll_and_work()

    lagging.webhooks_arrive()
    assert lagging.link(task_id).issue_id is None

    lagging.later(5)
    lagging.webhooks_arrive()
    assert_one_issue_each(lagging, [task_id])
    assert SEARCH not in lagging.jira.calls()


def test_the_webhook_of_a_create_that_is_being_written_down_asks_nothing(world):
    world.listen()
    [task_id] = world.has_synced_tasks(1)

    world.webhooks_arrive()

    [delivery] = world.deliveries()
    assert (delivery.state, delivery.reason) == (
        DeliveryState.IGNORED,
        "our own issue, just made",
    )
    assert world.story(task_id) == ["created"]


def test_a_second_issue_that_names_the_same_task_is_told_to_people(world):
    [task_id] = world.has_synced_tasks(1)
    world.listen()
    key = make_issue_by_hand(world, task_id)

    world.webhooks_arrive()
    world.later(5)

    assert f"{key} names the same task" in world.summaries(task_id)
    assert world.link(task_id).issue_key != key


def test_two_workers_with_the_same_links_make_each_issue_once(world):
    ids = world.has_tasks(5)
    world.poll()
    world.redis.delete("igw:pf_jira")
    link_ids = [link.id for link in world.links()]
    sync = app.tasks["pf_jira.sync"]
    world.jira.fault("latency", seconds=0.2, times=None)

    threads = [
        threading.Thread(target=sync.apply, kwargs={"args": (link_ids,), "task_id": f"worker-{n}"})
        for n in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert world.jira.calls() == {BULK: 1}
    assert_one_issue_each(world, ids)


@pytest.mark.parametrize("first", ["the sync", "the webhook"])
def test_a_move_whose_worker_died_is_not_taken_for_a_persons(world, monkeypatch, first):
    """Meanwhile the task was reopened, and that is the last word."""
    [task_id] = world.has_synced_tasks(1)
    world.listen()
    move = Jira.move

    def move_and_die(*args, **values):
        monkeypatch.undo()
        move(*args, **values)
        raise Killed

    monkeypatch.setattr(Jira, "move", move_and_die)
    world.complete(task_id)
    world.poll()
    with pytest.raises(Killed):
        world.work()
    assert world.issue(task_id)["status"] == "Done"
    world.reopen(task_id)
    world.pass_time(LEASE.total_seconds() + 1)

    if first == "the webhook":
        world.webhooks_arrive()
        world.do_scheduled("ops.relay")
        world.work()
    world.poll_and_work()
    world.webhooks_arrive()
    world.later()

    assert not world.task(task_id)["completed"]
    assert world.issue(task_id)["status"] == "To Do"
    assert world.link(task_id).moving_at is None
    assert "task_completed" not in world.story(task_id)


def test_a_move_without_an_answer_is_made_sure_of_when_the_task_has_moved_back(world):
    [task_id] = world.has_synced_tasks(1)
    world.jira.fault("drop_after_write", method="POST", path="/rest/api/3/issue/*/transitions")
    world.complete(task_id)
    world.poll_and_work()
    assert world.issue(task_id)["status"] == "Done"
    world.reopen(task_id)

    world.pass_time(60)
    world.poll_and_work()
    world.later()

    assert world.issue(task_id)["status"] == "To Do"
    assert world.link(task_id).moving_at is None
    assert not world.task(task_id)["completed"]
