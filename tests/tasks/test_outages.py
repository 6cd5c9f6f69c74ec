"""What is down delays work and loses none of it; what is wrong with a record is told to people."""

from __future__ import annotations

import pytest

from core.breaker import THRESHOLD
from core.database import writing
from core.dispatch import LINKS_AT_ONCE, publish_batches
from core.models import DeliveryState, LinkState
from core.replay import replay_link
from tasks.pf_jira import preparing
from tasks.pf_jira.failures import MAX_UNEXPECTED
from tests.tasks.world import BULK, SEARCH, SINGLE, on_sqlite

pytestmark = on_sqlite

DOWN = {"kind": "status", "status": 503, "times": None}
BUSY = {"kind": "status", "status": 429, "retry_after": 5, "times": None}
WEB_PAGE = {"kind": "html", "times": None}
# Between attempts the stand-ins' answers and our waits are random; this is longer than any.
LONG = 300


@pytest.fixture(params=[DOWN, BUSY, WEB_PAGE], ids=lambda fault: fault["kind"] + str(len(fault)))
def trouble(request):
    """A vendor that is down, busy or in maintenance."""
    return request.param


def mend(vendor):
    vendor.control("DELETE", "faults")


def assert_nothing_is_lost(world):
    assert world.letters() == {}
    assert world.errors == []
    assert all(link.due_at is not None for link in world.links())


def test_jira_in_trouble_delays_new_tasks(world, trouble):
    ids = world.has_tasks(2)
    world.jira.fault(**trouble)
    world.poll_and_work()
    for _ in range(MAX_UNEXPECTED + 1):
        world.later(LONG)
        assert_nothing_is_lost(world)
    assert world.issues() == []

    mend(world.jira)
    for _ in range(3):
        world.later(LONG)

    assert sorted(issue["task_id"] for issue in world.issues()) == sorted(ids)
    assert {link.state for link in world.links()} == {LinkState.SYNCED}


def test_jira_in_trouble_delays_edits_and_completions(world, trouble):
    edited, completed = world.has_synced_tasks(2)
    world.edit(edited, title="Edited while Jira was away")
    world.complete(completed)
    world.jira.fault(**trouble)
    world.poll_and_work()
    for _ in range(MAX_UNEXPECTED + 1):
        world.later(LONG)
        world.poll_and_work()
        assert_nothing_is_lost(world)

    mend(world.jira)
    world.later(LONG)

    assert world.issue(edited)["summary"] == "Edited while Jira was away"
    assert world.issue(completed)["statusCategory"] == "done"


def test_after_a_429_a_create_is_repeated_without_a_search(world):
    ids = world.has_tasks(3)
    world.jira.fault("status", status=429, retry_after=5)
    world.poll_and_work()

    world.later(LONG)

    assert len(world.issues()) == len(ids)
    assert world.jira.calls() == {BULK: 2}
    assert SEARCH not in world.jira.calls()


def test_a_vendor_in_trouble_is_not_asked_once_per_record(world):
    ids = world.has_synced_tasks(10)
    for task_id in ids:
        world.edit(task_id, title=f"New title {task_id}")
    world.jira.fault(**DOWN)

    world.poll()
    world.work()

    assert sum(world.jira.calls().values()) == 1


def test_a_refused_log_in_waits_for_a_person_and_buries_nothing(world):
    new, edited = world.has_tasks(1)[0], world.has_synced_tasks(1)[0]
    world.edit(edited, title="Edited")
    token, world.site.token = world.site.token, "another token"
    world.listen()
    world.move_issue(edited, "Done")
    world.poll_and_work()
    world.webhooks_arrive()
    for _ in range(MAX_UNEXPECTED + 1):
        world.later(LONG)
    assert world.letters() == {}
    assert world.link(edited).state is LinkState.SYNCED
    assert world.link(edited).issue_id is not None

    world.site.token = token
    world.later(LONG)
    world.later(LONG)
    assert world.issue(edited)["summary"] == "Edited"
    assert world.task(edited)["completed"]
    assert world.issue(new)


def test_peopleforce_in_trouble_delays_completions(world, trouble):
    [task_id] = world.has_synced_tasks(1)
    world.listen()
    world.peopleforce.fault(**trouble)
    world.move_issue(task_id, "Done")
    world.webhooks_arrive()
    for _ in range(MAX_UNEXPECTED + 1):
        world.later(LONG)
        [delivery] = world.deliveries()
        assert delivery.state is DeliveryState.RETRYING
    assert world.letters() == {}

    mend(world.peopleforce)
    world.later(LONG)

    assert world.task(task_id)["completed"]
    assert world.link(task_id).completed


def test_jira_in_trouble_delays_webhooks(world, trouble):
    [task_id] = world.has_synced_tasks(1)
    world.listen()
    world.move_issue(task_id, "Done")
    world.jira.fault(**trouble)
    world.webhooks_arrive()
    for _ in range(MAX_UNEXPECTED + 1):
        world.later(LONG)
    assert world.letters() == {}

    mend(world.jira)
    world.later(LONG)

    assert world.task(task_id)["completed"]


def test_while_the_breaker_is_open_work_waits_without_calls_and_spends_no_attempt(world):
    ids = world.has_synced_tasks(THRESHOLD + 3)
    world.jira.fault("status", status=503, times=None)
    for number, task_id in enumerate(ids):
        # One more in each poll: the first failure of a batch is for all that are in it.
        world.edit(task_id, title=f"Edited {task_id}")
        if number < THRESHOLD:
            world.poll_and_work()
    world.forget_calls()
    world.poll()
    before = {one: world.link(one).attempts for one in ids}

    publish_batches("pf_jira.sync", [world.link(one).id for one in ids], LINKS_AT_ONCE)
    world.work()

    assert world.jira.calls() == {}, "the breaker is open"
    assert {one: world.link(one).attempts for one in ids} == before
    assert "503" in world.link(ids[0]).reason, "why it waits is still told"
    assert "all calls wait" in world.link(ids[-1]).reason
    assert world.errors == []
    mend(world.jira)
    world.later(LONG)
    assert world.issue(ids[3])["summary"] == f"Edited {ids[3]}"
    assert world.letters() == {}


def test_one_refused_task_of_many_becomes_a_dead_letter_and_the_others_issues(world):
    ids = world.has_tasks(5)
    refused = ids[2]
    world.refuse_due_dates()
    world.edit(refused, ends_on="2026-12-24")

    world.poll_and_work()

    assert sorted(issue["task_id"] for issue in world.issues()) == sorted({*ids} - {refused})
    assert world.letters().keys() == {refused}
    reason = world.letters()[refused]
    assert reason.startswith(f"jira refused to create issue for task {refused}: duedate: ")
    assert reason.endswith(f"try again with: igw replay {refused}")
    link = world.link(refused)
    assert (link.state, link.due_at, link.intent_at) == (LinkState.DEAD, None, None)
    assert world.story(refused) == ["given_up"]


def test_when_all_of_a_batch_are_refused_each_is_told(world):
    ids = world.has_tasks(3)
    world.refuse_due_dates()
    for task_id in ids:
        world.edit(task_id, ends_on="2026-12-24")

    world.poll_and_work()

    assert world.letters().keys() == {*ids}
    assert world.errors == []


def test_a_refused_edit_is_a_dead_letter_that_names_the_issue(world):
    [task_id] = world.has_synced_tasks(1)
    world.refuse_due_dates()
    world.edit(task_id, ends_on="2026-12-24")

    world.poll_and_work()

    key = world.issue(task_id)["key"]
    assert f"for task {task_id} (issue {key}): duedate: " in world.letters()[task_id]


def test_a_dead_letter_is_resolved_when_the_task_is_corrected(world):
    [task_id] = world.has_tasks(1)
    world.refuse_due_dates()
    world.edit(task_id, ends_on="2026-12-24")
    world.poll_and_work()
    world.edit(task_id, ends_on=None)

    world.poll_and_work()

    assert world.issue(task_id)
    assert world.letters() == {}
    assert world.link(task_id).state is LinkState.SYNCED


def test_a_dead_letter_costs_no_further_calls_until_somebody_acts(world):
    [task_id] = world.has_tasks(1)
    world.refuse_due_dates()
    world.edit(task_id, ends_on="2026-12-24")
    world.poll_and_work()
    world.forget_calls()

    world.later()
    world.poll_and_work()

    assert world.jira.calls() == {}
    assert world.letters().keys() == {task_id}


def test_a_dead_letter_can_be_replayed_after_jira_was_mended(world):
    [task_id] = world.has_tasks(1)
    world.refuse_due_dates()
    world.edit(task_id, ends_on="2026-12-24")
    world.poll_and_work()
    world.refuse_due_dates(refuse=False)

    link = world.link(task_id)
    with writing() as session:
        replay_link(session, "pf_jira", link)
    world.resume()

    assert world.issue(task_id)["fields"]["duedate"] == "2026-12-24"
    assert world.letters() == {}
    assert world.story(task_id) == ["given_up", "replayed", "created"]


def test_a_workflow_without_a_way_is_told_to_people(world, monkeypatch):
    world.change_rule(target_project="FAC")
    world.accept_plain_tasks("FAC")
    [task_id] = world.has_synced_tasks(1)
    monkeypatch.setattr("connectors.jira.moves.MAX_STEPS", 1)
    world.complete(task_id)

    world.poll_and_work()

    assert "refused to move issue" in world.letters()[task_id]
    assert "no way from" in world.letters()[task_id]


def test_an_error_nobody_foresaw_is_tried_again_and_then_told_to_people(world, monkeypatch):
    [task_id] = world.has_tasks(1)
    attempts = []

    def fail(*_):
        attempts.append(task_id)
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(preparing, "plan", fail)
        world.poll_and_work()
        while not world.letters():
            assert world.link(task_id).due_at is not None
            assert len(attempts) < 20
            world.later()

    assert len(attempts) == MAX_UNEXPECTED
    assert "ZeroDivisionError" in world.letters()[task_id]
    assert f"igw replay {task_id}" in world.letters()[task_id]

    link = world.link(task_id)
    with writing() as session:
        replay_link(session, "pf_jira", link)
    world.resume()
    assert world.issue(task_id)
    assert world.letters() == {}


def test_one_record_that_breaks_does_not_hold_up_the_others(world, monkeypatch):
    broken, *others = world.has_tasks(4)
    plan = preparing.plan

    def fail_for_one(link, *rest):
        if link.source_id == broken:
            raise ZeroDivisionError
        return plan(link, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(preparing, "plan", fail_for_one)
        world.poll_and_work()
        for _ in range(6):
            world.later()

    assert world.letters().keys() == {broken}
    assert sorted(issue["task_id"] for issue in world.issues()) == sorted(others)


def test_a_single_create_is_given_its_own_call(world):
    world.has_tasks(1)

    world.poll_and_work()

    assert world.jira.calls() == {SINGLE: 1}
