"""Reading a document that a person wrote: all that is wrong is collected, each with its place."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Any, TypeVar

from core.mapping.errors import RuleError

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)


class DocumentReader:
    """Reads parts of one document; what is wrong with it is in `errors`.

    `part` is the place of the part at hand (`fields[2].sources[0]`), empty for the document itself.
    """

    def __init__(self) -> None:
        self.errors: list[RuleError] = []

    def refuse(self, problem: str, remedy: str, part: str) -> None:
        """Note that a part cannot be used."""
        self.errors.append(RuleError(problem, remedy, part))

    def keys(self, document: Mapping[str, Any], known: Sequence[str], part: str) -> None:
        """Refuse the keys that are not known: a misspelt one would do nothing, unnoticed."""
        for key in document:
            if key not in known:
                self.refuse(
                    "there is no such key", f"use {', '.join(known)}", place(part, str(key))
                )

    def typed(
        self, document: Mapping[str, Any], key: str, kind: type, usual: object, part: str = ""
    ) -> Any:  # noqa: ANN401 - of the type asked for, or None where it is wrong
        """Give the value of a key, `usual` where it is left out, and None where it is refused.

        Without a usual value the key must be there.
        """
        if key not in document and usual is not None:
            return usual
        value = document.get(key)
        # To Python, true is an integer; to the author of a rule it is not.
        if isinstance(value, kind) and (kind is bool or not isinstance(value, bool)):
            return value
        problem = "it is missing" if value is None else f"{value!r:.80} is not {_WORDS[kind]}"
        self.refuse(problem, f"write {_WORDS[kind]}", place(part, key))
        return None

    def word(
        self, document: Mapping[str, Any], key: str, words: type[E], usual: E | None, part: str = ""
    ) -> E | None:
        """Give one of the words of an enumeration, as `typed` does."""
        if key not in document and usual is not None:
            return usual
        try:
            return words(document.get(key))
        except ValueError:
            problem = f"there is no {key} {document[key]!r:.80}" if key in document else "missing"
            self.refuse(problem, f"use one of {', '.join(words)}", place(part, key))
            return None

    def each(
        self,
        document: Mapping[str, Any],
        key: str,
        read: Callable[[Mapping[str, Any], str], T | None],
        part: str = "",
    ) -> tuple[T, ...]:
        """Give what `read` makes of each table in a list; it gets the table and its place."""
        items = self.typed(document, key, list, [], part) or []
        found: list[T] = []
        for position, item in enumerate(items):
            at = f"{place(part, key)}[{position}]"
            if not isinstance(item, Mapping):
                self.refuse("this is not a table of keys", "write it as one", at)
                continue
            value = read(item, at)
            if value is not None:
                found.append(value)
        return tuple(found)

    def made(self, part: str, make: Callable[[], T]) -> T | None:
        """Give what `make` makes, or None where it raises a RuleError, which is noted."""
        try:
            return make()
        except RuleError as error:
            self.errors.append(error.at(part))
            return None


def place(part: str, key: str) -> str:
    """Give the place of a key within a part."""
    return f"{part}.{key}" if part else key


_WORDS: dict[type, str] = {
    str: "a text", int: "a whole number", bool: "true or false", list: "a list",
    dict: "a table of keys",
}  # fmt: skip
"""The types of documents, as a message calls them."""
