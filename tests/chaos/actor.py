"""The people: a random stream of changes on both sides, and what each record should come to.

Within a round a record is changed on one side alone. Where both sides change the same record while
nothing can travel, either may have the last word, and nobody could say what is right.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import Enum

from tests.support.vendors import JiraControl, PeopleForceControl

SHARE_FOR_JIRA = 0.4
"""Of the records, those that a round changes in Jira."""


class Gone(Enum):
    """Where a record was deleted; it is left alone from then on."""

    NOWHERE = "nowhere"
    PEOPLEFORCE = "PeopleForce"
    JIRA = "Jira"


@dataclass
class Expected:
    """What a record should be on both sides once all is done."""

    title: str
    completed: bool
    gone: Gone = Gone.NOWHERE
    issue_key: str | None = None
    changes: int = 0
    """How often its state was changed in PeopleForce in this round."""
    side: str = "PeopleForce"
    """Where this round changes it."""


class Actor:
    """Everybody who works with tasks and issues, decided by one seed."""

    def __init__(self, people: PeopleForceControl, jira: JiraControl, rng: random.Random) -> None:
        self._people, self._jira, self._rng = people, jira, rng
        self.expected: dict[str, Expected] = {
            str(task["id"]): Expected(task["title"], task["completed"])
            for completed in (False, True)
            for task in people.tasks(completed=completed)
        }
        self._ours: list[str] = []
        self._theirs: list[str] = []
        self._made = 0
        self.changes = 0

    def begin(self) -> None:
        """Begin a round: say anew which records are changed where."""
        keys = {issue["task_id"]: issue["key"] for issue in self._jira.issues()}
        self._ours, self._theirs = [], []
        for task_id, record in self.expected.items():
            record.changes = 0
            if record.gone is not Gone.NOWHERE:
                continue  # Its issue is known by the key that it had.
            record.issue_key = keys.get(task_id)
            in_jira = record.issue_key is not None and self._rng.random() < SHARE_FOR_JIRA
            record.side = "Jira" if in_jira else "PeopleForce"
            (self._theirs if in_jira else self._ours).append(task_id)

    def act(self) -> None:
        """Make one change."""
        self.changes += 1
        if self._theirs and self._rng.random() < SHARE_FOR_JIRA:
            self._act_in_jira(self._rng.choice(self._theirs))
        elif not self._ours or self._rng.random() < 0.3:
            self._create()
        else:
            self._act_in_peopleforce(self._rng.choice(self._ours))

    def forget(self, task_id: str) -> None:
        """Leave a record alone from now on: what is wrong with it has been told."""
        self.expected.pop(task_id, None)

    def _create(self) -> None:
        self._made += 1
        title = f"Chaos {self._made}"
        task = self._people.create(title=title)
        task_id = str(task["id"])
        self.expected[task_id] = Expected(title, completed=False)
        self._ours.append(task_id)

    def _act_in_peopleforce(self, task_id: str) -> None:
        record = self.expected[task_id]
        choice = self._rng.random()
        if choice < 0.05:
            self._people.delete(task_id)
            record.gone = Gone.PEOPLEFORCE
            self._ours.remove(task_id)
        elif record.completed:
            self._people.reopen(task_id)
            record.completed = False
            record.changes += 1
        elif choice < 0.5:
            # Only of open tasks: a poll does not read those that are completed again.
            record.title = f"{record.title.partition(' v')[0]} v{self.changes}"
            self._people.edit(task_id, title=record.title)
        else:
            self._people.complete(task_id)
            record.completed = True
            record.changes += 1

    def _act_in_jira(self, task_id: str) -> None:
        record = self.expected[task_id]
        assert record.issue_key is not None
        if self._rng.random() < 0.05:
            self._jira.delete(record.issue_key)
            record.gone = Gone.JIRA
            self._theirs.remove(task_id)
            return
        record.completed = not record.completed
        self._jira.move(record.issue_key, "Done" if record.completed else "To Do")
