"""The judge: compares both vendors with the ledger and with what people wanted. Pure: no I/O."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from tests.chaos.actor import Expected, Gone


class Kind(StrEnum):
    """What can be wrong once everything has come to rest."""

    LOST = "lost"
    """A change that never arrived or was undone, and no dead letter says so."""
    DOUBLED = "doubled"
    """An effect that was made more than once."""
    STUCK = "stuck"
    """Work that is due and that nobody does."""
    WRONG = "wrong"
    """The sides disagree in a way that nobody asked for, and no dead letter says so."""


@dataclass(frozen=True)
class Finding:
    """One broken promise; `record` is the task's id, `delivery <id>` or `webhook <identifier>`."""

    kind: Kind
    record: str
    text: str
    final: bool = False
    """Whether it is certain already, while work goes on: nothing could make it right again."""


@dataclass(frozen=True)
class SeenTask:
    """A task as PeopleForce has it."""

    title: str
    completed: bool


@dataclass(frozen=True)
class SeenIssue:
    """An issue as Jira has it."""

    key: str
    summary: str
    done: bool
    moved_by_us: int = 0
    """How often the gateway changed its status in this round."""


@dataclass(frozen=True)
class SeenLink:
    """A link as the ledger has it."""

    state: str
    completed: bool
    waiting: bool


@dataclass(frozen=True)
class World:
    """Everything there is to see, at one moment."""

    tasks: Mapping[str, SeenTask]
    issues: Mapping[str, Sequence[SeenIssue]]
    """By the task's id."""
    links: Mapping[str, SeenLink]
    waiting_deliveries: Sequence[int] = ()
    forgotten_deliveries: Sequence[int] = ()
    """Those that are not done, and that nobody will come back to."""
    never_stored: Collection[str] = field(default_factory=frozenset)
    """Jira's identifiers of webhooks that were answered 2xx and are not on disk."""
    letters: Collection[str] = field(default_factory=frozenset)
    """Records with an open dead letter, by whatever names it: a task's id, an issue's id or key."""
    never_accepted: Collection[str] = field(default_factory=frozenset)
    """Keys of deleted issues of whose deletion Jira could not tell the gateway."""


def judge(expected: Mapping[str, Expected], world: World) -> list[Finding]:
    """Give everything that breaks the promise; the empty list is what it promises."""
    found = [
        Finding(Kind.STUCK, f"delivery {number}", "is due") for number in world.waiting_deliveries
    ]
    found += [
        Finding(Kind.LOST, f"delivery {number}", "is neither done nor due", final=True)
        for number in world.forgotten_deliveries
    ]
    found += [
        Finding(Kind.LOST, f"webhook {name}", "was answered 2xx and is not on disk", final=True)
        for name in sorted(world.never_stored)
    ]
    for task_id, record in expected.items():
        verdict = _judge_one(task_id, record, world)
        if verdict is not None:
            kind, text = verdict
            # What was made twice stays so.
            found.append(Finding(kind, task_id, text, final=kind is Kind.DOUBLED))
    return found


def _judge_one(task_id: str, record: Expected, world: World) -> tuple[Kind, str] | None:
    issues = world.issues.get(task_id, ())
    link = world.links.get(task_id)
    names = {task_id, record.issue_key, *(issue.key for issue in issues)}
    if (doubled := _judge_effects(record, issues)) or not names.isdisjoint(world.letters):
        return doubled
    if link is not None and link.waiting:
        return Kind.STUCK, f"its link is {link.state} and due"
    if record.gone is Gone.PEOPLEFORCE:
        return _judge_deleted_task(link)
    if record.gone is Gone.JIRA:
        return _judge_deleted_issue(record, link, world)
    if not issues:
        return _judge_without_issue(record, world.tasks.get(task_id), link)
    return _judge_states(record, world.tasks.get(task_id), issues[0])


def _judge_effects(record: Expected, issues: Sequence[SeenIssue]) -> tuple[Kind, str] | None:
    if len(issues) > 1:
        return Kind.DOUBLED, f"has {', '.join(issue.key for issue in issues)}"
    allowed = 0 if record.side == "Jira" else record.changes
    if issues and issues[0].moved_by_us > allowed:
        moved = issues[0].moved_by_us
        return Kind.DOUBLED, f"its issue was moved {moved} times for {allowed} changes of the task"
    return None


def _judge_deleted_task(link: SeenLink | None) -> tuple[Kind, str] | None:
    # A completed task is not looked for any more, and one that was never seen leaves nothing.
    if link is None or link.completed or link.state in {"vanished", "dropped"}:
        return None
    return Kind.LOST, f"was deleted in PeopleForce, and its link is {link.state}"


def _judge_deleted_issue(
    record: Expected, link: SeenLink | None, world: World
) -> tuple[Kind, str] | None:
    if link is not None and link.state == "issue_deleted":
        return None
    # At night the gateway asks for the issues of open tasks; of the others only webhooks tell.
    if record.issue_key in world.never_accepted and link is not None and link.completed:
        return None
    state = link.state if link else "missing"
    return Kind.LOST, f"its issue {record.issue_key} was deleted, and its link is {state}"


def _judge_without_issue(
    record: Expected, task: SeenTask | None, link: SeenLink | None
) -> tuple[Kind, str] | None:
    # Between two polls nobody sees a task; one that is completed by then needs no issue.
    completed = record.completed and task is not None and task.completed
    if completed and (link is None or link.state == "dropped"):
        return None
    return Kind.LOST, f"has no issue; its link is {link.state if link else 'missing'}"


def _judge_states(
    record: Expected, task: SeenTask | None, issue: SeenIssue
) -> tuple[Kind, str] | None:
    if task is None:
        return Kind.WRONG, "is gone from PeopleForce, where nobody deleted it"
    if issue.done != task.completed:
        where_wanted = issue.done if record.side == "Jira" else task.completed
        kind = Kind.LOST if where_wanted == record.completed else Kind.WRONG
        return kind, f"completed: {task.completed}, but {issue.key} done: {issue.done}"
    if task.completed != record.completed:
        return Kind.LOST, f"completed: {task.completed}, against the last word in {record.side}"
    if not task.completed and issue.summary != " ".join(record.title.split()):
        return Kind.LOST, f"is called {record.title!r}, and {issue.key} {issue.summary!r}"
    return None
