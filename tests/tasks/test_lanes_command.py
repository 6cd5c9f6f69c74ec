"""Lanes: what waits is shown, tried at once after an event, and can be taken out of the way."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner
from sqlalchemy import select, update

from cli.main import igw
from core import audit
from core.clock import now
from core.database import reading, writing
from core.models import DeadLetter, DeadLetterState, DeliveryState, Link, LinkState
from core.settings import SANDBOX_JIRA_EMAIL
from tasks.pf_jira.claims import LEASE
from tests.tasks.world import EDIT, on_sqlite

TITLE = "Another title"
FAILS = {"kind": "status", "status": 503, "path": "/rest/api/3/issue/*"}


def run(*words: str):
    return CliRunner().invoke(igw, list(words))


def lanes_shown() -> list[dict]:
    return json.loads(run("lanes", "--json").stdout)["lanes"]


@pytest.fixture
def stuck(world) -> str:
    """A task whose change Jira does not take, and which is tried again in a minute."""
    [task_id] = world.has_synced_tasks(1)
    world.listen()
    world.edit(task_id, title=TITLE)
    world.jira.control("POST", "faults", FAILS)
    world.poll_and_work()
    world.jira.control("DELETE", "faults")
    postpone(task_id)
    world.forget_calls()
    return task_id


def postpone(task_id: str) -> None:
    """Let the next attempt be far away, whatever its jitter was."""
    with writing() as session:
        session.execute(
            update(Link)
            .where(Link.source_id == task_id)
            .values(due_at=now() + LEASE, claimed_until=None)
        )


def test_a_lane_is_shown_with_its_age_and_its_cause(world, stuck):
    world.pass_time(60)

    [lane] = lanes_shown()

    assert (lane["record"], lane["unit"], lane["attempts"]) == (stuck, "link", 1)
    assert 60 <= lane["age"] < 120
    assert "503" in lane["why"]
    shown = run("lanes").output
    assert stuck in shown
    assert f"igw skip {stuck} --note TEXT" in shown


def test_without_waiting_work_there_are_no_lanes(world):
    world.has_synced_tasks(1)

    assert run("lanes").output == "No work waits.\n"


def test_the_status_tells_how_long_the_oldest_work_has_waited(world, stuck):
    world.pass_time(3700)

    shown = run("status").output

    assert "work waiting   1, the oldest for 1 h 1 min" in shown
    assert "igw lanes" in shown


def test_work_goes_on_waiting_since_it_began_while_it_is_tried_again(world, stuck):
    began = world.link(stuck).waiting_since
    world.jira.control("POST", "faults", FAILS)

    world.resume()

    assert world.link(stuck).waiting_since == began


def test_a_persons_touch_of_the_issue_tries_postponed_work_at_once(world, stuck):
    world.move_issue(stuck, "In Progress")
    world.webhooks_arrive()

    assert world.issue(stuck)["fields"]["summary"] == TITLE
    assert world.link(stuck).due_at is None


def test_an_event_of_our_own_does_not_hurry_postponed_work(world, stuck):
    # Otherwise a write whose answer is lost each time would be repeated without a pause.
    due_at = world.link(stuck).due_at
    path = f"issues/{world.issue(stuck)['id']}/move"
    world.jira.control("POST", path, {"to": "In Progress", "actor": SANDBOX_JIRA_EMAIL})

    world.webhooks_arrive()

    assert len(world.deliveries()) == 1
    assert world.link(stuck).due_at == due_at


def test_a_new_change_of_the_task_tries_postponed_work_at_once(world, stuck):
    world.edit(stuck, title="Yet another title")

    world.poll()
    world.work()

    assert world.issue(stuck)["fields"]["summary"] == "Yet another title"


def test_a_delivery_that_succeeds_takes_those_before_it_along(world):
    [task_id] = world.has_synced_tasks(1)
    world.listen()
    world.peopleforce.control("POST", "faults", {"kind": "status", "status": 503})
    world.move_issue(task_id, "Done")
    world.webhooks_arrive()
    world.peopleforce.control("DELETE", "faults")
    [first] = world.deliveries()
    assert first.state is DeliveryState.RETRYING
    with writing() as session:
        session.get_one(type(first), first.id).due_at = now() + LEASE

    world.move_issue(task_id, "In Progress")
    world.webhooks_arrive()

    assert {delivery.state for delivery in world.deliveries()} == {DeliveryState.DONE}


def test_a_skipped_change_is_out_of_the_way_and_told(world, stuck):
    result = run("skip", stuck, "--note", "Jira's field is being rebuilt")

    assert result.exit_code == 0
    assert f"Task {stuck}: skipped its waiting change." in result.output
    link = world.link(stuck)
    assert (link.state, link.due_at, link.waiting_since) == (LinkState.SKIPPED, None, None)
    assert world.story(stuck)[-1] == "skipped"
    assert "Jira's field is being rebuilt" in world.summaries(stuck)
    with reading() as session:
        [letter] = session.scalars(select(DeadLetter))
        [row] = audit.latest(session, about=stuck)
    assert (letter.state, letter.reason) == (
        DeadLetterState.RESOLVED,
        "Skipped: Jira's field is being rebuilt",
    )
    assert (row.action, row.note) == ("skipped", "Jira's field is being rebuilt")
    world.later()
    assert EDIT not in world.jira.calls()


def test_the_next_change_of_a_skipped_task_is_worked_on_as_usual(world, stuck):
    run("skip", stuck, "--note", "later")
    world.poll_and_work()
    assert world.link(stuck).state is LinkState.SKIPPED

    world.edit(stuck, title="The last title")
    world.poll_and_work()

    assert world.issue(stuck)["fields"]["summary"] == "The last title"
    assert world.link(stuck).state is LinkState.SYNCED


def test_a_task_that_was_skipped_before_it_had_an_issue_gets_one_with_its_next_change(world):
    [task_id] = world.has_tasks(1)
    world.poll()
    run("skip", task_id, "--note", "not yet")
    world.work()
    world.resume()
    assert world.issues() == []

    world.edit(task_id, title=TITLE)
    world.poll_and_work()

    assert world.issue(task_id)["fields"]["summary"] == TITLE


def test_a_skipped_change_can_be_tried_after_all(world, stuck):
    run("skip", stuck, "--note", "later")

    run("replay", stuck)
    world.work()

    assert world.issue(stuck)["fields"]["summary"] == TITLE


@on_sqlite
def test_a_change_that_was_given_up_can_be_skipped_too(world):
    world.refuse_due_dates()
    [task_id] = world.has_tasks(1)
    world.edit(task_id, ends_on="2031-05-04")
    world.poll_and_work()
    assert task_id in world.letters()

    result = run("skip", task_id, "--note", "nobody needs it")

    assert result.exit_code == 0
    assert world.letters() == {}


def test_a_waiting_webhook_is_skipped_with_its_record_or_by_its_id(world):
    ids = world.has_synced_tasks(2)
    world.listen()
    world.peopleforce.control("POST", "faults", {"kind": "status", "status": 503})
    for task_id in ids:
        world.move_issue(task_id, "Done")
    world.webhooks_arrive()
    world.peopleforce.control("DELETE", "faults")
    by_issue = {delivery.record_id: delivery.id for delivery in world.deliveries()}
    first, second = (by_issue[world.issue(task_id)["id"]] for task_id in ids)

    assert f"skipped delivery {first}" in run("skip", ids[0], "--note", "by hand").output
    assert run("skip", "--delivery", str(second), "--note", "by hand").exit_code == 0

    assert {delivery.state for delivery in world.deliveries()} == {DeliveryState.IGNORED}
    assert {delivery.reason for delivery in world.deliveries()} == {"skipped: by hand"}
    assert [world.story(task_id)[-1] for task_id in ids] == ["skipped", "skipped"]
    world.later()
    assert not any(world.task(task_id)["completed"] for task_id in ids)


def test_nothing_is_skipped_where_nothing_waits(world):
    [task_id] = world.has_synced_tasks(1)

    result = run("skip", task_id, "--note", "why not")

    assert result.exit_code == 1
    assert result.stderr == (
        f"Nothing waits for task {task_id}: there is nothing to skip. See what happened to it: "
        f"igw why {task_id}\n"
    )


def test_nothing_is_skipped_while_somebody_works_on_it(world, stuck):
    with writing() as session:
        session.execute(update(Link).values(claimed_by="worker", claimed_until=now() + LEASE))

    result = run("skip", stuck, "--note", "why not")

    assert result.exit_code == 1
    assert "is being worked on at this moment" in result.stderr
    assert world.link(stuck).due_at is not None


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["999999999", "--note", "x"], "The gateway knows no task and no issue 999999999."),
        (["--delivery", "999999", "--note", "x"], "There is no delivery 999999"),
        (["1"], "Missing option '--note'"),
        (["1", "--note", " "], "The note must say why."),
        (["--note", "x"], "Name one task or issue"),
    ],
)
def test_what_cannot_be_skipped_is_refused_in_words(world, words, said):
    result = run("skip", *words)

    assert result.exit_code != 0
    assert said in result.stderr
