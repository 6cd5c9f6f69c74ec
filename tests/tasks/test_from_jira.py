"""From Jira to PeopleForce: moved issues complete and reopen their tasks, and nothing loops."""

from __future__ import annotations

import pytest
from sqlalchemy import insert, update

from connectors.peopleforce.service import PeopleForce
from core import ledger
from core.clock import now
from core.database import writing
from core.errors import PayloadError, VendorUnavailableError
from core.models import Delivery, DeliveryState, Link, LinkState
from core.replay import replay_link
from tasks.pf_jira import deliveries
from tasks.pf_jira.claims import LEASE
from tests.tasks.world import TASK_LIST, Killed

READ = "GET /rest/api/3/issue/<id_or_key>"
COMPLETE = "PUT /api/public/v3/tasks/<task_id>/complete"
REOPEN = "PUT /api/public/v3/tasks/<task_id>/incomplete"


def outcomes(world):
    return [(delivery.state.value, delivery.reason) for delivery in world.deliveries()]


def test_an_issue_that_is_done_completes_its_task(world, linked):
    world.move_issue(linked, "Done")

    world.webhooks_arrive()

    assert world.task(linked)["completed"]
    assert world.link(linked).completed
    assert world.story(linked) == ["created", "task_completed"]
    assert outcomes(world) == [("done", "completed the task")]


def test_an_issue_that_is_no_longer_done_reopens_its_task(world, linked):
    world.move_issue(linked, "Done")
    world.webhooks_arrive()
    world.move_issue(linked, "In Progress")

    world.webhooks_arrive()

    assert not world.task(linked)["completed"]
    assert not world.link(linked).completed
    assert world.story(linked)[-1] == "task_reopened"


@pytest.mark.parametrize("steps", [["Done"], ["Done", "To Do"]])
def test_what_came_from_jira_does_not_go_back_there(world, linked, steps):
    for step in steps:
        world.move_issue(linked, step)
        world.webhooks_arrive()
    world.pass_time(60)
    world.forget_calls()
    before = world.everything_written()

    world.poll_and_work()
    world.webhooks_arrive()

    assert world.jira.calls() == {}
    assert world.peopleforce.calls() == {TASK_LIST: 1}
    assert world.everything_written() == before


def test_what_came_from_peopleforce_does_not_go_back_there(world, linked):
    world.complete(linked)
    world.poll_and_work()
    world.forget_calls()

    world.webhooks_arrive()

    assert world.peopleforce.calls() == {}
    assert ("done", "the task is there already") in outcomes(world)
    assert world.story(linked) == ["created", "issue_completed"]


def test_a_change_on_both_sides_at_once_comes_to_rest(world, linked):
    world.complete(linked)
    world.move_issue(linked, "Done")

    world.webhooks_arrive()
    world.later(60)
    world.poll_and_work()
    world.forget_calls()
    world.poll_and_work()

    assert world.task(linked)["completed"]
    assert world.issue(linked)["statusCategory"] == "done"
    assert world.jira.calls() == {}
    assert world.link(linked).due_at is None


def test_an_edit_in_jira_asks_nothing_of_peopleforce(world, linked):
    issue_id = world.issue(linked)["id"]
    world.jira.control("PATCH", f"issues/{issue_id}", {"fields": {"summary": "Renamed"}})

    world.webhooks_arrive()

    assert outcomes(world) == [("ignored", "its status did not change")]
    assert world.jira.calls() == {}
    assert world.peopleforce.calls() == {}


def test_an_issue_of_other_people_is_none_of_our_business(world, linked):
    world.jira.control("POST", "issues/HR-1/move", {"to": "Done"})

    world.webhooks_arrive()

    assert outcomes(world) == [("ignored", "not an issue of ours")]


def test_a_comment_is_written_down_and_ignored(world, linked):
    issue_id = world.issue(linked)["id"]
    world.jira.control("POST", f"issues/{issue_id}/comment", {"body": "Well done"})

    world.webhooks_arrive()

    assert ("ignored", "nobody handles the topic comment_created") in outcomes(world)


def test_events_in_any_order_end_in_what_is_true_now(world, linked):
    world.jira.control("PUT", "webhooks", {"reorder_window": 3})
    for step in ("Done", "In Progress", "Done"):
        world.move_issue(linked, step)

    world.webhooks_arrive()

    assert world.task(linked)["completed"]
    assert world.story(linked).count("task_completed") == 1


def together(world):
    """Work on all deliveries in one message, as the gateway sends a burst."""
    ids = [delivery.id for delivery in world.deliveries()]
    deliveries.handle_deliveries.apply(args=[ids], throw=True)


def test_a_burst_about_one_issue_is_one_look_at_it(world, linked):
    world.await_webhooks()
    for step in ("In Progress", "To Do", "Done"):
        world.move_issue(linked, step)
    world.await_webhooks()
    world.forget_calls()

    together(world)

    assert world.jira.calls() == {READ: 1}
    assert world.peopleforce.calls() == {COMPLETE: 1}
    first, *others = [one for one in world.deliveries() if one.state is DeliveryState.DONE]
    assert first.reason == "completed the task"
    assert [one.reason for one in others] == [f"seen to together with delivery {first.id}"] * 2


def test_what_waits_in_other_messages_about_the_issue_needs_no_look_either(world, linked):
    for step in ("In Progress", "To Do", "Done"):
        world.move_issue(linked, step)
    world.await_webhooks()
    first = world.deliveries()[0].id
    world.forget_calls()

    deliveries.handle_deliveries.apply(args=[[first]], throw=True)
    assert outcomes(world) == [
        ("done", "completed the task"),
        *[("done", f"seen to together with delivery {first}")] * 2,
    ]
    world.work()

    assert world.jira.calls() == {READ: 1}


def test_what_comes_after_the_look_has_a_look_of_its_own(world, linked, monkeypatch):
    world.move_issue(linked, "Done")
    world.await_webhooks()
    follow = deliveries.follow_issue

    def move_back_meanwhile(*args):
        monkeypatch.undo()
        outcome = follow(*args)
        world.move_issue(linked, "To Do")
        world.await_webhooks()
        return outcome

    monkeypatch.setattr(deliveries, "follow_issue", move_back_meanwhile)
    deliveries.handle_deliveries.apply(args=[[world.deliveries()[0].id]], throw=True)
    assert world.task(linked)["completed"]

    world.work()

    assert not world.task(linked)["completed"]


def test_while_work_is_postponed_each_webhook_may_be_what_it_waits_for(world, linked):
    with writing() as session:
        session.execute(update(Link).values(due_at=now() + LEASE, attempts=1))
    for step in ("In Progress", "Done"):
        world.move_issue(linked, step)
    world.await_webhooks()
    first, second = world.deliveries()

    deliveries.handle_deliveries.apply(args=[[first.id]], throw=True)

    assert [one.state for one in world.deliveries() if one.id == second.id] != [DeliveryState.DONE]


def test_of_a_burst_whose_first_look_failed_another_one_looks(world, linked, monkeypatch):
    def fail_once(*_):
        monkeypatch.undo()
        raise VendorUnavailableError("jira", "x")

    for step in ("In Progress", "Done"):
        world.move_issue(linked, step)
    world.await_webhooks()
    monkeypatch.setattr(deliveries, "_check_status", fail_once)

    together(world)

    first, second = world.deliveries()
    assert (second.state, second.reason) == (DeliveryState.DONE, "completed the task")
    # It was put back, and needs no look any more.
    assert (first.state, first.attempts) == (DeliveryState.DONE, 1)
    assert first.reason == f"seen to together with delivery {second.id}"
    assert world.task(linked)["completed"]


def test_a_webhook_that_comes_twice_is_worked_on_once(world, linked):
    world.jira.control("PUT", "webhooks", {"duplicate_next": 1})
    world.move_issue(linked, "Done")

    world.webhooks_arrive()

    assert len(world.deliveries()) == 1
    assert world.peopleforce.calls() == {COMPLETE: 1}


def test_a_deleted_issue_is_noted_and_not_made_anew(world, linked):
    world.delete_issue(linked)

    world.webhooks_arrive()

    link = world.link(linked)
    assert (link.state, link.issue_id, link.due_at) == (LinkState.ISSUE_DELETED, None, None), (
        "what becomes of the record is decided at once, not at the next turn of `resume`"
    )
    world.poll_and_work()
    assert world.issues() == []
    assert not world.task(linked)["completed"]
    assert "issue_deleted" in world.story(linked)


def test_a_deleted_issue_is_made_anew_where_the_rule_says_so(world, linked):
    world.change_rule(recreate_deleted=True)
    old = world.issue(linked)["key"]
    world.delete_issue(linked)

    world.webhooks_arrive()

    assert world.issue(linked)["key"] != old
    assert world.link(linked).state is LinkState.SYNCED


def test_a_deleted_issue_is_made_anew_when_a_person_asks_for_it(world, linked):
    world.delete_issue(linked)
    world.webhooks_arrive()
    world.resume()

    link = world.link(linked)
    with writing() as session:
        replay_link(session, "pf_jira", link)
    world.resume()

    assert world.issue(linked)
    assert world.link(linked).state is LinkState.SYNCED


def test_an_update_that_arrives_after_the_deletion_is_ignored(world, linked):
    world.jira.control("PUT", "webhooks", {"paused": True})
    world.move_issue(linked, "Done")
    world.delete_issue(linked)
    world.jira.control("PUT", "webhooks", {"paused": False})

    world.webhooks_arrive()
    world.later(60)
    world.later(60)

    assert world.letters() == {}
    assert {delivery.state for delivery in world.deliveries()} <= {
        DeliveryState.DONE,
        DeliveryState.IGNORED,
    }


def test_an_update_of_an_issue_that_was_let_go_is_ignored(world, linked):
    world.jira.control("PUT", "webhooks", {"paused": True})
    world.move_issue(linked, "In Progress")
    world.delete_issue(linked)
    world.edit(linked, title="Made anew")
    world.poll_and_work()
    world.jira.control("PUT", "webhooks", {"paused": False})

    world.webhooks_arrive()
    world.later(60)
    world.later(60)

    assert world.letters() == {}
    assert world.link(linked).state is LinkState.SYNCED
    assert world.issue(linked)["summary"] == "Made anew"


def test_a_task_that_is_gone_from_peopleforce_leaves_its_issue_alone(world, linked):
    world.delete_task(linked)
    world.move_issue(linked, "Done")

    world.webhooks_arrive()

    assert world.link(linked).state is LinkState.VANISHED
    assert world.issue(linked)["status"] == "Done"
    assert world.letters() == {}


@pytest.mark.parametrize("answer", ["ok", "unprocessable"])
def test_a_worker_killed_after_completing_a_task_comes_to_the_same_end(
    world, linked, monkeypatch, answer
):
    world.peopleforce.control("PUT", "switches", {"repeat_put": answer})
    complete = PeopleForce.complete

    def complete_and_die(*args):
        monkeypatch.undo()
        complete(*args)
        raise Killed

    world.move_issue(linked, "Done")
    monkeypatch.setattr(PeopleForce, "complete", complete_and_die)
    with pytest.raises(Killed):
        world.webhooks_arrive()

    world.work()

    assert world.task(linked)["completed"]
    assert world.link(linked).completed
    assert world.story(linked) == ["created", "task_completed"]
    assert outcomes(world) == [("done", "completed the task")]


@pytest.mark.parametrize("kind", ["drop_after_write", "truncate"])
def test_an_issue_moved_back_after_a_lost_answer_takes_its_task_along(world, linked, kind):
    world.peopleforce.fault(kind, method="PUT", path="/api/*/complete", times=1)
    world.move_issue(linked, "Done")
    world.webhooks_arrive()
    assert world.task(linked)["completed"]

    world.move_issue(linked, "To Do")
    world.webhooks_arrive()
    world.later()
    world.poll_and_work()

    assert not world.task(linked)["completed"]
    assert world.issue(linked)["status"] == "To Do"
    assert world.link(linked).intent_at is None


def test_a_poll_does_not_take_our_own_unanswered_write_for_a_persons_change(world, linked):
    world.peopleforce.fault("drop_after_write", method="PUT", path="/api/*/complete", times=1)
    world.move_issue(linked, "Done")
    world.webhooks_arrive()
    assert world.task(linked)["completed"]
    world.peopleforce.fault("status", status=503, method="PUT", path="/api/*", times=None)
    world.move_issue(linked, "To Do")
    world.webhooks_arrive()

    world.pass_time(60)
    world.poll()
    world.work()

    assert world.issue(linked)["status"] == "To Do"
    world.peopleforce.control("DELETE", "faults")
    world.later()
    world.poll_and_work()
    assert not world.task(linked)["completed"]
    assert world.issue(linked)["status"] == "To Do"
    assert world.story(linked) == ["created", "task_reopened"]
    assert world.link(linked).intent_at is None


def test_a_write_that_was_surely_not_made_leaves_nothing_to_wait_for(world, linked):
    world.peopleforce.fault("status", status=429, method="PUT", path="/api/*", times=None)
    world.move_issue(linked, "Done")
    world.webhooks_arrive()

    assert outcomes(world)[0][0] == "retrying"
    assert world.link(linked).intent_at is None


def test_a_record_in_other_hands_is_come_back_to(world, linked):
    link_id = world.link(linked).id
    with writing() as session:
        ledger.claim(session, [link_id], "somebody else", LEASE)
    world.move_issue(linked, "Done")
    world.webhooks_arrive()
    assert not world.task(linked)["completed"]
    assert outcomes(world) == [("retrying", "somebody else is working on the record")]

    world.later(LEASE.total_seconds() + 1)

    assert world.task(linked)["completed"]


@pytest.mark.parametrize(
    "failure", [PayloadError("unreadable"), VendorUnavailableError("jira", "x")]
)
def test_a_worker_whose_lease_ran_out_leaves_a_delivery_to_who_took_it_over(
    world, linked, monkeypatch, failure
):
    def be_overtaken(*_):
        monkeypatch.undo()
        world.pass_time(LEASE.total_seconds() + 1)
        world.resume()
        raise failure

    world.move_issue(linked, "Done")
    monkeypatch.setattr(deliveries, "_act", be_overtaken)
    world.webhooks_arrive()

    assert outcomes(world) == [("done", "completed the task")]
    assert world.letters() == {}
    assert world.errors == []


def test_a_poll_that_read_the_past_does_not_undo_a_completion(world, linked):
    def complete_meanwhile():
        world.move_issue(linked, "Done")
        world.webhooks_arrive()

    world.peopleforce_wire.after("GET", "/api/public/v3/tasks", complete_meanwhile)

    world.poll_and_work()

    assert world.task(linked)["completed"]
    assert world.issue(linked)["status"] == "Done"
    assert world.story(linked) == ["created", "task_completed"]
    world.later(60)
    world.poll_and_work()
    assert world.story(linked) == ["created", "task_completed"]


def test_a_poll_that_read_the_past_does_not_undo_a_reopening(world, linked):
    world.move_issue(linked, "Done")
    world.webhooks_arrive()
    world.pass_time(60)

    def reopen_meanwhile():
        world.move_issue(linked, "To Do")
        world.webhooks_arrive()

    world.peopleforce_wire.after("GET", "/api/public/v3/tasks", reopen_meanwhile)
    world.poll_and_work()
    world.later(60)
    world.poll_and_work()

    assert not world.task(linked)["completed"]
    assert world.issue(linked)["status"] == "To Do"


def test_a_delivery_that_cannot_be_read_is_given_up_with_the_remedy(world):
    with writing() as session:
        session.execute(
            insert(Delivery).values(
                source="jira",
                topic="jira:issue_updated",
                external_id="1",
                record_id="10001",
                task="pf_jira.handle_deliveries",
                request_id="r",
                headers={},
                body=b'{"webhookEvent": "jira:issue_updated"}',
                state=DeliveryState.RECEIVED,
                due_at=now(),
            )
        )

    world.resume()

    [delivery] = world.deliveries()
    assert delivery.state is DeliveryState.DEAD
    assert f"igw replay --delivery {delivery.id}" in world.letters()["10001"]
