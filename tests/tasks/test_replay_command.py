"""`igw replay`: what it would change, of which letters, and once for each nonce."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner
from sqlalchemy import select, update

from cli import replay as replay_command
from cli.main import igw
from core import audit, replay_once
from core.clock import now
from core.database import reading, writing
from core.dead_letters import count_open
from core.models import DeadLetter, Link, LinkState, Replay, Rule
from core.rule_states import trip
from tests.store.conftest import ago
from tests.tasks.world import TASK_LIST

WEEK = "2031-05-04"


def run(*words: str):
    return CliRunner().invoke(igw, ["replay", *words])


def foreseen(*words: str) -> dict[str, str]:
    """Give what a preview says, by record."""
    answer = json.loads(run(*words, "--preview", "--json").stdout)
    return {it["record"]: it["words"] for it in answer["records"]}


def replays() -> list[str]:
    with reading() as session:
        return [row.note for row in audit.latest(session) if row.action == "replayed"]


def waiting() -> int:
    with reading() as session:
        return count_open(session)


@pytest.fixture
def refused(world) -> list[str]:
    """Three tasks that Jira's workflow refused, the first given up first."""
    world.refuse_due_dates()
    ids = world.has_tasks(3)
    for task_id in ids:
        world.edit(task_id, ends_on=WEEK)
    world.poll_and_work()
    assert sorted(world.letters(), key=int) == ids
    world.refuse_due_dates(refuse=False)
    return list(world.letters())


def hold_one(world) -> str:
    """Let a rule that is tripped hold one more task, and put it back into force."""
    [task_id] = world.has_tasks(1)
    with writing() as session:
        rule = session.scalars(select(Rule)).one()
        trip(session, rule.id, rule.version, "Something is missing.")
    world.poll_and_work()
    assert world.link(task_id).state is LinkState.HELD
    return task_id


def test_a_preview_says_what_each_replay_would_do_and_does_nothing(world, refused):
    linked = world.has_synced_tasks(1)[0]
    before = world.everything_written()

    assert foreseen("--all") == dict.fromkeys(refused, "create an issue in HR")
    assert foreseen(linked) == {linked: "nothing: Jira has it already"}

    assert world.everything_written() == before
    assert world.redis.llen("igw:pf_jira") == 0
    assert replays() == []
    assert set(world.jira.calls()) <= {"GET /rest/api/3/user/search"}
    assert TASK_LIST not in world.peopleforce.calls()


def test_a_preview_names_the_fields_that_would_be_set(world):
    [task_id] = world.has_synced_tasks(1)
    world.edit(task_id, title="Another title", ends_on=WEEK)
    world.poll()

    said = foreseen(task_id)[task_id]

    assert "set Summary to 'Another title'" in said
    assert f"set Due date to '{WEEK}'" in said


def test_a_preview_says_that_an_issue_would_be_moved(world):
    [task_id] = world.has_synced_tasks(1)
    world.complete(task_id)
    world.poll()

    assert foreseen(task_id)[task_id] == f"move {world.issue(task_id)['key']} to Done"


def test_a_preview_says_what_is_still_refused_and_why(world, refused):
    world.change_rule(target_project="FAC")
    world.forget_schema()

    said = foreseen(refused[0])[refused[0]]

    assert said.startswith("still refused, and rule 'Default' would be tripped: ")


def test_a_preview_says_that_a_tripped_rule_would_hold_it_again(world):
    task_id = hold_one(world)

    assert foreseen(task_id)[task_id] == "held again: rule 'Default' is tripped"
    assert foreseen("--rule", "Default")[task_id] == "held again: rule 'Default' is tripped"


def test_a_preview_of_an_issue_that_was_deleted_says_that_a_new_one_would_be_made(world):
    [task_id] = world.has_synced_tasks(1)
    with writing() as session:
        values = {"state": LinkState.ISSUE_DELETED, "issue_id": None, "written": {}}
        session.execute(update(Link).values(**values))

    assert foreseen(task_id)[task_id] == "create an issue in HR"
    assert world.link(task_id).state is LinkState.ISSUE_DELETED


def test_a_preview_of_a_webhook_says_what_would_become_of_the_task(world):
    [task_id] = world.has_synced_tasks(1)
    world.listen()
    world.peopleforce.control("POST", "faults", {"kind": "status", "status": 503})
    world.move_issue(task_id, "Done")
    world.webhooks_arrive()
    world.peopleforce.control("DELETE", "faults")
    [delivery] = world.deliveries()
    key = world.issue(task_id)["key"]

    said = foreseen("--delivery", str(delivery.id))

    assert said == {f"delivery {delivery.id}": f"complete task {task_id}, since {key} is Done"}


def test_a_table_has_fifty_rows_and_counts_the_rest(world):
    world.refuse_due_dates()
    ids = world.has_tasks(55)
    for task_id in ids:
        world.edit(task_id, ends_on=WEEK)
    world.poll_and_work()

    shown = run("--all", "--preview").output

    assert shown.count("create an issue in HR") == 50
    assert "And 5 more: 5 create." in shown
    assert "Nothing was changed." in shown


def test_a_preview_that_cannot_ask_jira_says_how_much_it_could_not_look_at(world, refused):
    world.forget_schema()
    world.jira.control("POST", "faults", {"kind": "status", "status": 401})

    result = run("--all", "--preview")

    assert result.exit_code == 1
    assert "3 of 3 could not be looked at: jira did not" in result.output


def test_filters_choose_what_is_replayed(world, refused):
    held = hold_one(world)
    with writing() as session:
        values = {"created_at": ago(days=3), "reason": "A week of 50% is not accepted."}
        session.execute(update(DeadLetter).where(DeadLetter.record == refused[0]).values(**values))

    assert list(foreseen("--all", "--held")) == [held]
    assert list(foreseen("--all", "--failed", "--limit", "2")) == refused[:2]
    assert list(foreseen("--all", "--failed", "--since", "2d")) == refused[1:]
    assert list(foreseen("--all", "--like", "of 50%")) == refused[:1]
    assert foreseen("--all", "--since", "2099-01-01") == {}

    run("--all", "--like", "OF 50%")

    assert sorted(world.letters(), key=int) == sorted([*refused[1:], held], key=int)
    assert replays() == ["1 dead letter: with 'OF 50%' in the reason"]


def test_only_so_many_are_replayed_the_oldest_first(world, refused):
    assert "2 dead letters are tried again" in run("--all", "--limit", "2").output

    assert list(world.letters()) == refused[2:]
    world.work()
    assert sorted(issue["task_id"] for issue in world.issues()) == refused[:2]


@pytest.mark.parametrize("what", ["record", "all"])
def test_a_nonce_that_was_used_does_nothing_again_and_says_when(world, refused, what):
    words = ["--all"] if what == "all" else [refused[0]]

    assert "tried again" in run(*words, "--nonce", "tuesday").output
    left = waiting()
    again = run(*words, "--nonce", "tuesday")

    assert again.exit_code == 0
    assert "Nothing was done: with the nonce 'tuesday' this was replayed at " in again.output
    assert len(replays()) == 1
    assert waiting() == left == (0 if what == "all" else 2)


def test_a_nonce_is_for_one_replay_only(world, refused):
    run(refused[0], "--nonce", "tuesday")

    other = run(refused[1], "--nonce", "tuesday")

    assert other.exit_code == 1
    assert f"to replay task {refused[0]}" in other.stderr
    assert refused[1] in world.letters()


def test_without_a_nonce_one_is_made_and_told(world, refused):
    told = run(refused[0]).output
    with reading() as session:
        [replay] = session.scalars(select(Replay))
        [row] = audit.latest(session, about=f"task {refused[0]}")

    assert f"--nonce {replay.nonce}" in told
    assert row.after == {"nonce": replay.nonce}


def test_a_replay_that_was_cut_off_goes_on_with_what_was_meant_then(world, refused, monkeypatch):
    monkeypatch.setattr(replay_command, "replay_letters", lambda _wanted: 1 / 0)
    run("--all", "--limit", "2", "--nonce", "tuesday")
    monkeypatch.undo()
    assert waiting() == 3

    again = run("--all", "--limit", "2", "--nonce", "tuesday")

    assert "2 dead letters are tried again" in again.output
    assert list(world.letters()) == refused[2:]
    with reading() as session:
        [replay] = session.scalars(select(Replay))
    assert replay.finished_at is not None


def test_of_two_that_begin_with_one_nonce_the_second_sees_the_first(world):
    with writing() as session:
        first = replay_once.begin(session, "n", "task 1", "a", 7)
        replay_once.finish(session, first.id)
    with writing() as session:
        second = replay_once.begin(session, "n", "task 1", "b", 9)

    assert (second.id, second.asked_by, second.up_to) == (first.id, "a", 7)
    assert second.finished_at is not None
    assert second.at <= now()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "Name one task or issue"),
        (["1", "--all"], "Name one task or issue"),
        (["1", "--failed"], "choose among many"),
        (["--all", "--since", "yesterday"], "neither a moment (2026-05-04T10:00) nor a span"),
        (["--all", "--nonce", " "], "A nonce has 1 to 100 characters."),
        (["--all", "--json"], "--json goes with --preview."),
    ],
)
def test_what_cannot_be_meant_is_refused_in_words(settings_env, words, said):
    result = run(*words)

    assert result.exit_code == 2
    assert said in result.stderr.replace("\n", " ")
