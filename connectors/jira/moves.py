"""Move an issue into a category of statuses, through as many transitions as its workflow needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from connectors.jira.client import JiraClient
from connectors.jira.models import DONE, Issue, Transition
from connectors.jira.session import VENDOR
from connectors.jira.transitions import choose, fields_for
from core.errors import VendorConflictError, VendorRejectedError

MAX_STEPS = 5
"""Transitions that one move may take; workflows of people's work are shorter."""

STATUS_FIELDS = ("status", "project", "issuetype", "updated")

_OPEN_CATEGORIES = ("new", "indeterminate")


@dataclass(frozen=True)
class MoveOutcome:
    """Where an issue ended up. `path` names the statuses that it went through; empty: it stayed."""

    status_id: str
    status_name: str
    status_category: str
    path: tuple[str, ...]

    @property
    def moved(self) -> bool:
        """Say whether anything was written."""
        return bool(self.path)


@dataclass(frozen=True)
class _Status:
    id: str
    name: str
    category: str

    @classmethod
    def of(cls, issue: Issue) -> _Status:
        return cls(issue.status_id, issue.status_name, issue.status_category)

    @classmethod
    def after(cls, transition: Transition) -> _Status:
        return cls(transition.to_id, transition.to_name, transition.to_category)


def move(client: JiraClient, issue_id: str, *, done: bool) -> MoveOutcome:
    """Bring an issue to a finished status, or back to an open one. Safe to repeat.

    When Jira refuses a step because somebody was faster, the issue is read again and the move
    starts anew, once. Raises `VendorRejectedError` when the workflow has no way there within
    `MAX_STEPS`; the issue then stays in the last status that it reached.
    """
    try:
        return _walk(client, client.get_issue(issue_id, STATUS_FIELDS), done=done)
    except (VendorConflictError, VendorRejectedError) as error:
        if error.status is None:
            raise  # Our own finding that there is no way, not an answer of Jira.
        before = error
    # The transition may have been taken by somebody else between our look and our step.
    return _walk(client, client.get_issue(issue_id, STATUS_FIELDS), done=done, after=before)


def _walk(
    client: JiraClient, issue: Issue, *, done: bool, after: Exception | None = None
) -> MoveOutcome:
    status = _Status.of(issue)
    visited = {status.id}
    path: list[str] = []
    while (status.category == DONE) != done:
        transitions = client.get_transitions(issue.id)
        step = choose(transitions, (DONE,) if done else _OPEN_CATEGORIES, visited)
        if step is None or len(path) == MAX_STEPS:
            raise _no_way(status, transitions, done=done) from after
        client.do_transition(issue.id, step.id, fields_for(step))
        status = _Status.after(step)
        visited.add(status.id)
        path.append(status.name)
    return MoveOutcome(status.id, status.name, status.category, tuple(path))


def _no_way(
    status: _Status, transitions: Sequence[Transition], *, done: bool
) -> VendorRejectedError:
    ways = ", ".join(
        f"{way.name!r} to {way.to_name!r} ({way.to_category})"
        + "".join(f" needs {field.name!r}" for field in way.required_fields)
        for way in transitions
    )
    return VendorRejectedError(
        VENDOR,
        "move_issue",
        None,
        f"no way from {status.name!r} to {'a finished' if done else 'an open'} status; "
        f"available: {ways or 'no transition'}",
    )
