"""Everything the stand-in holds, in one place: the tasks, the people, the switches, the limit."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from flask import current_app

from sandbox.common.documents import Documents
from sandbox.peopleforce.directory import Directory
from sandbox.peopleforce.rate_limit import RateLimit
from sandbox.peopleforce.seed import seed_tasks
from sandbox.peopleforce.switches import Switches
from sandbox.peopleforce.tasks import Tasks

_KEY_OWNER_ID = 1105


class Office:
    """The state behind the API, the control API and the page.

    A store that was never filled, or whose filling was interrupted, is filled with `open_tasks`
    open and `completed_tasks` completed tasks; otherwise the sandbox continues where it stopped.
    """

    def __init__(self, documents: Documents, *, open_tasks: int, completed_tasks: int) -> None:
        self._documents = documents
        self._sizes = (open_tasks, completed_tasks)
        self.rate_limit = RateLimit()
        settings = documents.load("settings")
        self.switches = Switches.model_validate(settings.get("switches", {}))
        self.tasks = Tasks(documents)
        # The mark is written last, so a seed that was cut short does not count as one.
        if "seed" in settings:
            self.directory = Directory(date.fromisoformat(settings["seed"]["day"]), documents)
        else:
            self.reset()

    @property
    def key_owner(self) -> dict[str, Any] | None:
        """Return the person in whose name the API key acts."""
        return self.directory.contact(_KEY_OWNER_ID)

    def reset(self) -> None:
        """Begin again: the first day's tasks, the usual switches, no calls counted."""
        now = datetime.now(UTC)
        self._documents.clear()
        self.directory = Directory(now.date(), self._documents)
        self.tasks.replace_all(seed_tasks(self.directory, now, *self._sizes))
        self.switches = Switches()
        self.rate_limit.clear()
        self._documents.put("settings", "seed", {"day": now.date().isoformat()})

    def switch(self, changes: object) -> Switches:
        """Change some switches and return all; raise pydantic's ValidationError on a wrong one."""
        named = Switches.model_validate(changes).model_dump(exclude_unset=True)
        switches = self.switches.model_copy(update=named)
        self._documents.put("settings", "switches", switches.model_dump())
        self.switches = switches
        return switches


def current_office() -> Office:
    """Return the state of the application that answers the request at hand."""
    return current_app.extensions["office"]
