"""What one webhook of Jira asks of us. Pure: no I/O."""

from __future__ import annotations

from dataclasses import dataclass

from connectors.jira.events import ISSUE_CREATED, ISSUE_DELETED, ISSUE_UPDATED, IssueEvent
from connectors.jira.models import LABEL


@dataclass(frozen=True)
class Ignore:
    """Nothing to do; the reason is shown to whoever asks why."""

    reason: str


@dataclass(frozen=True)
class NoteDeletion:
    """The issue was deleted: write that down, and leave the task as it is."""


@dataclass(frozen=True)
class CheckStatus:
    """Read the issue again and bring its task to where it is now."""


@dataclass(frozen=True)
class FindTask:
    """An issue of ours that the ledger does not know: its property says whose it is."""


Decision = Ignore | NoteDeletion | CheckStatus | FindTask


def decide(event: IssueEvent, *, linked: bool) -> Decision:
    """Say what to do about one event; `linked` says whether the ledger knows the issue.

    Only the kind of event is believed, never the state in its body: events come in any order, and
    what is true now is read from Jira. An edit of fields asks nothing of us, because PeopleForce
    has no call to edit a task.
    """
    if not linked:
        if LABEL in event.labels and event.event in {ISSUE_CREATED, ISSUE_UPDATED}:
            return FindTask()
        return Ignore("not an issue of ours")
    if event.event == ISSUE_DELETED:
        return NoteDeletion()
    if event.event == ISSUE_CREATED:
        return Ignore("our own issue, just made")
    if event.changes and not (event.status_changed or event.moved):
        return Ignore("its status did not change")
    return CheckStatus()
