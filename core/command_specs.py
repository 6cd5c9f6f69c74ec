"""Commands as a `domain.toml` declares them, and whether given arguments fit. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal, Self

from pydantic import Field, model_validator

from core.declarations import Declaration, Name
from core.models.credentials import Role

TEXT_LENGTH = 200
"""Characters of a text; what commands ask for are ids and names."""

LARGEST = 2**63 - 1
"""The largest number that every database can hold."""

NAME_SHOWN = 50
UNKNOWN_SHOWN = 5
"""How much of what nobody asked for an answer repeats."""

_TYPES: dict[str, type] = {"bool": bool, "int": int, "str": str}
_WORDS = {
    "bool": "true or false",
    "int": "a whole number",
    "str": f"a text of 1 to {TEXT_LENGTH} printable characters",
}


class ArgumentSpec(Declaration):
    """One argument of a command."""

    title: str
    type: Literal["bool", "int", "str"]
    required: bool = False
    pattern: str | None = None
    """What the whole of a text must match."""
    form: str | None = None
    """What the pattern asks for, in words for a person."""

    @model_validator(mode="after")
    def _usable_pattern(self) -> Self:
        if self.pattern is None:
            return self
        if self.type != "str":
            message = "pattern is for arguments of the type str alone"
            raise ValueError(message)
        try:
            re.compile(self.pattern)
        except re.error as error:
            message = f"pattern is no regular expression: {error}"
            raise ValueError(message) from error
        return self

    def problem(self, value: object) -> str:
        """Say what a value must be and is not; "" where it fits."""
        if type(value) is not _TYPES[self.type]:
            return _WORDS[self.type]
        if isinstance(value, int) and abs(value) > LARGEST:
            return f"between {-LARGEST} and {LARGEST}"
        if isinstance(value, str):
            # What is not printable includes what no database can store as text.
            if not (0 < len(value) <= TEXT_LENGTH and value.isprintable()):
                return _WORDS["str"]
            if self.pattern is not None and not re.fullmatch(self.pattern, value):
                return f"of the form {self.form or self.pattern}"
        return ""


class DomainCommand(Declaration):
    """A question that a caller may ask: `POST /commands/<domain>/<name>`."""

    name: Name
    title: str
    task: str
    """Name of the task that answers it; it takes the request's id."""
    role: Role = Role.VIEWER
    """Least role of the API key that may ask it."""
    arguments: dict[Name, ArgumentSpec] = Field(default_factory=dict)

    def problems(self, given: object) -> list[str]:
        """Say everything that is wrong with the arguments of a call; nothing where they fit."""
        if not isinstance(given, Mapping):
            return ["the body must be a JSON object with the arguments"]
        unknown = [name[:NAME_SHOWN] for name in map(str, given) if name not in self.arguments]
        found = [
            f"{name!r} is no argument of {self.name}; it takes {self._names()}"
            for name in unknown[:UNKNOWN_SHOWN]
        ]
        for name, spec in self.arguments.items():
            if name not in given:
                if spec.required:
                    found.append(f"{name} is missing: {spec.title}")
            elif problem := spec.problem(given[name]):
                found.append(f"{name} must be {problem}")
        return found

    def _names(self) -> str:
        return ", ".join(self.arguments) or "none"
