"""The tasks of the stand-in: what the vendor's database would hold, and the rules on it."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any

from sandbox.common.documents import Documents
from sandbox.peopleforce.switches import Switches

_BLOCKS = {"p", "br", "div", "li", "ul", "ol", "tr", "td", "th", "table", "h1", "h2", "h3", "h4"}
_KIND = "task"


@dataclass(frozen=True, kw_only=True)
class Task:
    """One task. People are held as the API shows them: {id, full_name, email}, a dict or None.

    Dates are ISO texts without a time, instants are UTC texts with milliseconds.
    """

    id: int
    type: str = "Tasks::General"
    title: str
    starts_on: str | None = None
    ends_on: str | None = None
    completed_at: str | None = None
    description: str | None = None
    assigned_to: dict[str, Any] | None = None
    associated_to: dict[str, Any] | None = None
    created_by: dict[str, Any] | None = None
    created_at: str
    updated_at: str

    @property
    def completed(self) -> bool:
        """Say whether the task is done."""
        return self.completed_at is not None

    def to_json(self, switches: Switches) -> dict[str, Any]:
        """Return the task as the public API shows it."""
        shown: dict[str, Any] = {
            "id": self.id,
            "type": self.type,
            "title": self.title,
            "starts_on": self.starts_on,
            "ends_on": self.ends_on,
            "completed_at": self.completed_at,
            "completed": self.completed,
            "description": self.description,
            "description_plain": plain_text(self.description),
        }
        for name in ("assigned_to", "associated_to", "created_by"):
            person = getattr(self, name)
            if person is not None or switches.unset_person == "null":
                shown[name] = person
        shown["created_at"] = self.created_at
        if switches.updated_at != "missing":
            bumped = switches.updated_at == "bumped"
            shown["updated_at"] = self.updated_at if bumped else self.created_at
        return shown


class Tasks:
    """Every task of the company, newest first. One lock, and every change is on disk first."""

    def __init__(self, documents: Documents) -> None:
        self._lock = threading.RLock()
        self._documents = documents
        self._tasks = {int(key): Task(**value) for key, value in documents.load(_KIND).items()}
        self._last_id = max(self._tasks, default=0)
        for counter in documents.load("counter").values():
            self._last_id = max(self._last_id, counter["last_id"])

    def newest_first(self, *, completed: bool | None = None) -> list[Task]:
        """Return the open or the completed tasks, or all of them, by id from the highest down."""
        with self._lock:
            tasks = reversed(self._tasks.values())
            return [task for task in tasks if completed is None or task.completed == completed]

    def get(self, task_id: int) -> Task | None:
        """Return one task, or None when it never was or is deleted."""
        with self._lock:
            return self._tasks.get(task_id)

    def create(self, **values: Any) -> Task:  # noqa: ANN401 - the fields of Task.
        """Add a task that starts today unless told otherwise."""
        now = datetime.now(UTC)
        values.setdefault("starts_on", now.date().isoformat())
        with self._lock:
            # The vendor numbers the tasks of all its customers in one sequence: gaps are normal.
            task_id = self._last_id + 1 + (self._last_id * 7919) % 97
            task = Task(
                id=task_id,
                created_at=instant(now),
                updated_at=instant(now),
                **values,
            )
            self._save(task)
            self._last_id = task_id
            # A deleted task's number is not given out again, not even after a restart.
            self._documents.put("counter", _KIND, {"last_id": task_id})
        return task

    def change(self, task_id: int, **values: Any) -> Task | None:  # noqa: ANN401 - as in create.
        """Edit a task; return None when it is not there."""
        with self._lock:
            task = self._tasks.get(task_id)
            if task is None:
                return None
            task = replace(task, updated_at=instant(datetime.now(UTC)), **values)
            self._save(task)
        return task

    def mark(self, task_id: int, *, completed: bool) -> tuple[Task | None, bool]:
        """Complete or reopen a task; say also whether that changed anything."""
        with self._lock:
            task = self._tasks.get(task_id)
            if task is None or task.completed == completed:
                return task, False
            moment = instant(datetime.now(UTC)) if completed else None
            return self.change(task_id, completed_at=moment), True

    def delete(self, task_id: int) -> bool:
        """Delete a task for good, without a trace in the API; say whether it was there."""
        with self._lock:
            self._documents.delete(_KIND, str(task_id))
            return self._tasks.pop(task_id, None) is not None

    def replace_all(self, tasks: Iterable[Task]) -> None:
        """Put `tasks`, ordered by id, in the place of everything."""
        with self._lock:
            for task_id in list(self._tasks):
                self.delete(task_id)
            for task in tasks:
                self._save(task)
            self._last_id = max(self._tasks, default=0)

    def _save(self, task: Task) -> None:
        self._documents.put(_KIND, str(task.id), asdict(task))
        self._tasks[task.id] = task


def instant(moment: datetime) -> str:
    """Write a moment in UTC as the vendor does: `2026-02-23T10:41:34.362Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def plain_text(html: str | None) -> str | None:
    """Return a description without its tags, on one line; None stays None."""
    if html is None:
        return None
    reader = _TextReader()
    reader.feed(html)
    reader.close()
    return " ".join("".join(reader.parts).split())


class _TextReader(HTMLParser):
    """Collect the text of a document; a block's edge is a space, lest words run together."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        if tag in _BLOCKS:
            self.parts.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in _BLOCKS:
            self.parts.append(" ")

    def handle_data(self, data: str) -> None:
        self.parts.append(data)
