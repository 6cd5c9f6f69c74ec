"""PeopleForce's tasks, read once at the edge and tolerant of absent fields."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connectors.peopleforce.payloads import integer, is_last_page, read_list, text
from core.errors import PayloadError


@dataclass(frozen=True)
class Person:
    """Somebody whom a task is given to."""

    id: int | None
    full_name: str | None
    email: str | None


@dataclass(frozen=True)
class Associated:
    """Whom a task is about; `type` is `Employee` or `Candidate`, whose ids are separate."""

    id: int | None
    type: str | None
    full_name: str | None
    email: str | None


@dataclass(frozen=True)
class Task:
    """One task. Dates are `YYYY-MM-DD`, as PeopleForce writes them.

    `type` is an open set of the vendor's class names, such as `Tasks::General`; "" when absent.
    Source: https://developer.peopleforce.io/reference/get-tasks
    """

    id: int
    type: str
    title: str
    description_html: str
    starts_on: str | None
    ends_on: str | None
    completed: bool
    assigned_to: Person | None
    associated_to: Associated | None
    created_at: str | None

    @classmethod
    def from_payload(cls, payload: object) -> Task:
        """Read one task; raise `PayloadError` where it has no id or no title."""
        if not isinstance(payload, Mapping):
            raise PayloadError("a task of PeopleForce is not an object")
        task_id = integer(payload.get("id"))
        if task_id is None:
            raise PayloadError("a task of PeopleForce has no id")
        title = text(payload.get("title"))
        if title is None:
            raise PayloadError(f"PeopleForce's task {task_id} has no title")
        return cls(
            id=task_id,
            type=text(payload.get("type")) or "",
            title=title,
            description_html=text(payload.get("description")) or "",
            starts_on=text(payload.get("starts_on")),
            ends_on=text(payload.get("ends_on")),
            completed=payload.get("completed") is True,
            assigned_to=_person(payload.get("assigned_to")),
            associated_to=_associated(payload.get("associated_to")),
            created_at=text(payload.get("created_at")),
        )

    def to_record(self) -> dict[str, Any]:
        """Give plain JSON under the vendor's names: what rules see and what is stored."""
        assigned, about = self.assigned_to, self.associated_to
        return {
            "id": self.id,
            "type": self.type,
            "title": self.title,
            "description": self.description_html,
            "starts_on": self.starts_on,
            "ends_on": self.ends_on,
            "completed": self.completed,
            "assigned_to": assigned
            and {"id": assigned.id, "full_name": assigned.full_name, "email": assigned.email},
            "associated_to": about
            and {
                "id": about.id,
                "type": about.type,
                "full_name": about.full_name,
                "email": about.email,
            },
            "created_at": self.created_at,
        }


@dataclass(frozen=True)
class TaskPage:
    """One page of a list of tasks.

    `pages` and `count` are None where the answer does not say. `unreadable` holds one line for
    each record of the page that is no task; one bad record does not hide the others.
    """

    tasks: list[Task]
    page: int
    pages: int | None
    count: int | None
    unreadable: list[str]

    @property
    def is_last(self) -> bool:
        """Say whether nothing follows: no records here, or no page after this one."""
        empty = not self.tasks and not self.unreadable
        return is_last_page(self.page, self.pages, empty=empty)

    @classmethod
    def from_payload(cls, payload: object, page: int) -> TaskPage:
        """Read the answer to a request for `page`; raise `PayloadError` where it is no list."""
        records, pagination = read_list(payload)
        tasks: list[Task] = []
        unreadable: list[str] = []
        for record in records:
            try:
                tasks.append(Task.from_payload(record))
            except PayloadError as error:
                unreadable.append(str(error))
        return cls(
            tasks=tasks,
            page=page,
            pages=integer(pagination.get("pages")),
            count=integer(pagination.get("count")),
            unreadable=unreadable,
        )


def record_hash(record: Mapping[str, Any]) -> str:
    """Give a SHA-256 that changes when the task changed in a way that matters.

    That is everything of `Task.to_record` but `created_at`. Texts are compared in Unicode's NFC
    and with plain line ends: how a text is spelled in bytes is no edit.
    """
    matters = {key: value for key, value in record.items() if key != "created_at"}
    canonical = json.dumps(_canonical(matters), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()


def _canonical(value: object) -> object:
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value.replace("\r\n", "\n").replace("\r", "\n"))
    if isinstance(value, Mapping):
        return {key: _canonical(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_canonical(item) for item in value]
    return value


def _person(payload: object) -> Person | None:
    if not isinstance(payload, Mapping) or not payload:
        return None
    return Person(
        id=integer(payload.get("id")),
        full_name=text(payload.get("full_name")),
        email=text(payload.get("email")),
    )


def _associated(payload: object) -> Associated | None:
    if not isinstance(payload, Mapping) or not payload:
        return None
    return Associated(
        id=integer(payload.get("id")),
        type=text(payload.get("type")),
        full_name=text(payload.get("full_name")),
        email=text(payload.get("email")),
    )
