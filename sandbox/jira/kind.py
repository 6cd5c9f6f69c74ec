"""What every kind of field answers: what may be written, what is kept, and what is shown.

A kind turns a written value into the stored form (`read`, which raises `FieldValueError` with
Jira's words), the stored form into the JSON of an answer (`show`) and into the pair of id and text
that the history records (`describe`). None always stands for "not set".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from sandbox.jira.model import Field, Json, Project

if TYPE_CHECKING:
    from sandbox.jira.site import JiraSite
    from sandbox.jira.view import View

Described = tuple[str | None, str | None]


@dataclass(frozen=True)
class Reading:
    """What a kind needs to know to read a value; `text_is_plain` is the habit of API v2."""

    site: JiraSite
    project: Project
    field: Field
    text_is_plain: bool = False


class Kind:
    """A field kind; the class attributes are its schema in the create metadata."""

    type: ClassVar[str] = "string"
    items: ClassVar[str | None] = None
    custom: ClassVar[str | None] = None
    operations: ClassVar[tuple[str, ...]] = ("set",)

    @property
    def is_list(self) -> bool:
        """Say whether values can be added and removed one by one."""
        return self.items is not None

    def read(self, value: Json, reading: Reading) -> Json:
        """Return the stored form of a written value that is not null."""
        raise NotImplementedError

    def show(self, stored: Json, field: Field, view: View) -> Json:  # noqa: ARG002 - for subclasses
        """Return the JSON of a stored value."""
        return stored

    def empty(self) -> Json:
        """Return the JSON of a field that is not set."""
        return [] if self.is_list else None

    def describe(self, stored: Json, field: Field, site: JiraSite) -> Described:  # noqa: ARG002 - for subclasses
        """Return id and text of a stored value for the history."""
        return None, str(stored)

    def allowed(self, field: Field, project: Project, view: View) -> list[Json] | None:  # noqa: ARG002 - for subclasses
        """Return what can be chosen, or None when there is no list to choose from."""
        return None
