"""A rule as a plain JSON document: what is stored, exported, reviewed and imported again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Any, TypeVar

from core.mapping.conditions import WITHOUT_VALUE, Condition, Operator
from core.mapping.errors import RuleDocumentError, RuleError
from core.mapping.routing import Action, Rule
from core.mapping.sources import (
    REFUSE,
    FieldMapping,
    Path,
    Source,
    Static,
    Template,
    TextFormat,
    ValueMap,
    WhenEmpty,
)

Document = dict[str, Any]
T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)

_RULE_KEYS = ("id", "name", "priority", "action", "project", "issue_type", "time_zone",
              "recreate_deleted", "conditions", "fields")  # fmt: skip
_CONDITION_KEYS = ("path", "operator", "value")
_FIELD_KEYS = ("field", "name", "sources", "when_empty", "format")


def dump(rule: Rule) -> Document:
    """Give a rule's document; what has its usual value is left out, so that reviews are short."""
    document: Document = {
        "id": rule.id,
        "name": rule.name,
        "priority": rule.priority,
        "action": str(rule.action),
        "project": rule.project,
        "issue_type": rule.issue_type,
        "time_zone": rule.time_zone,
        "recreate_deleted": rule.recreate_deleted,
        "conditions": [_dump_condition(condition) for condition in rule.conditions],
        "fields": [_dump_field(mapping) for mapping in rule.fields],
    }
    usual = {"project": "", "issue_type": "", "time_zone": "UTC", "recreate_deleted": False}
    return {
        key: value for key, value in document.items() if key not in usual or value != usual[key]
    }


def parse(document: object) -> Rule:
    """Give the rule that a document is.

    Raises RuleDocumentError with everything that is wrong, not only the first thing.
    """
    return _Parser().rule(document)


def _dump_condition(condition: Condition) -> Document:
    document: Document = {"path": condition.path, "operator": str(condition.operator)}
    if condition.operator not in WITHOUT_VALUE:
        value = condition.value
        document["value"] = list(value) if isinstance(value, tuple) else value
    return document


def _dump_field(mapping: FieldMapping) -> Document:
    document: Document = {"field": mapping.field_id}
    if mapping.name:
        document["name"] = mapping.name
    document["sources"] = [_dump_source(source) for source in mapping.sources]
    if mapping.when_empty is not WhenEmpty.LEAVE_UNSET:
        document["when_empty"] = str(mapping.when_empty)
    if mapping.text_format is not TextFormat.HTML:
        document["format"] = str(mapping.text_format)
    return document


def _dump_source(source: Source) -> Document:
    match source:
        case Static(value):
            return {"static": value}
        case Path(jsonpath):
            return {"path": jsonpath}
        case Template(text, strict):
            return {"template": text, "strict": True} if strict else {"template": text}
        case ValueMap(inner, table, otherwise):
            document = {**_dump_source(inner), "table": dict(table)}
            return document if otherwise is REFUSE else {**document, "otherwise": otherwise}


class _Parser:
    """Reads one document and collects what is wrong with it."""

    def __init__(self) -> None:
        self._errors: list[RuleError] = []

    def rule(self, document: object) -> Rule:
        if not isinstance(document, Mapping):
            raise RuleDocumentError([RuleError("a rule is a table of keys", "write it as one")])
        self._keys(document, _RULE_KEYS, "")
        name = self._typed(document, "name", str, "")
        if name == "":
            self._refuse("the rule has no name", "give it one", "name")
        parts: dict[str, Any] = {
            "id": self._typed(document, "id", int, 0),
            "name": name,
            "priority": self._typed(document, "priority", int, None),
            "action": self._word(document, "action", Action, Action.SYNC),
            "project": self._typed(document, "project", str, ""),
            "issue_type": self._typed(document, "issue_type", str, ""),
            "time_zone": self._typed(document, "time_zone", str, "UTC"),
            "recreate_deleted": self._typed(document, "recreate_deleted", bool, False),
            "conditions": self._each(document, "conditions", self._condition),
            "fields": self._each(document, "fields", self._field),
        }
        complete = None not in parts.values()
        rule = self._made("", lambda: Rule(**parts)) if complete else None
        if rule is None or self._errors:
            raise RuleDocumentError([error.at(rule=name or "?") for error in self._errors])
        return rule

    def _condition(self, document: Mapping[str, Any], part: str) -> Condition | None:
        self._keys(document, _CONDITION_KEYS, part)
        path = self._typed(document, "path", str, None, part)
        operator = self._word(document, "operator", Operator, None, part)
        if path is None or operator is None:
            return None
        value = document.get("value")
        value = tuple(value) if isinstance(value, list) else value
        return self._made(part, lambda: Condition(path, operator, value))

    def _field(self, document: Mapping[str, Any], part: str) -> FieldMapping | None:
        self._keys(document, _FIELD_KEYS, part)
        before = len(self._errors)
        field_id = self._typed(document, "field", str, None, part)
        name = self._typed(document, "name", str, "", part)
        sources = self._each(document, "sources", self._source, part)
        when = self._word(document, "when_empty", WhenEmpty, WhenEmpty.LEAVE_UNSET, part)
        text_format = self._word(document, "format", TextFormat, TextFormat.HTML, part)
        if when is None or text_format is None or len(self._errors) > before:
            return None
        return self._made(part, lambda: FieldMapping(field_id, sources, name, when, text_format))

    def _source(self, document: Mapping[str, Any], part: str) -> Source | None:
        kinds = [kind for kind in ("static", "path", "template") if kind in document]
        if len(kinds) != 1:
            found = f"{len(kinds)} of them" if kinds else "none"
            self._refuse(
                f"a source is one of static, path and template, and this has {found}",
                "keep one",
                part,
            )
            return None
        kind = kinds[0]
        if kind == "static":
            self._keys(document, ("static",), part)
            return Static(document["static"])
        own = ("template", "strict") if kind == "template" else ("path",)
        self._keys(document, (*own, "table", "otherwise"), part)
        text = self._typed(document, kind, str, None, part)
        strict = self._typed(document, "strict", bool, False, part)
        if text is None or strict is None:
            return None
        inner = self._made(part, lambda: Path(text) if kind == "path" else Template(text, strict))
        return self._mapped(inner, document, part) if inner is not None else None

    def _mapped(
        self, inner: Path | Template, document: Mapping[str, Any], part: str
    ) -> Source | None:
        if "table" not in document:
            if "otherwise" in document:
                self._refuse("otherwise stands without a table", "add the table", part)
            return inner
        table = self._typed(document, "table", dict, None, part)
        if table is None:
            return None
        if not all(isinstance(key, str) for key in table):
            self._refuse("a key of the table is not a text", "put it in quotation marks", part)
            return None
        otherwise = document.get("otherwise", REFUSE)
        return self._made(part, lambda: ValueMap(inner, table, otherwise))

    def _each(
        self,
        document: Mapping[str, Any],
        key: str,
        read: Callable[[Mapping[str, Any], str], T | None],
        part: str = "",
    ) -> tuple[T, ...]:
        items = self._typed(document, key, list, [], part) or []
        found: list[T] = []
        for position, item in enumerate(items):
            place = f"{_place(part, key)}[{position}]"
            if not isinstance(item, Mapping):
                self._refuse("this is not a table of keys", "write it as one", place)
                continue
            value = read(item, place)
            if value is not None:
                found.append(value)
        return tuple(found)

    def _made(self, part: str, make: Callable[[], T]) -> T | None:
        try:
            return make()
        except RuleError as error:
            self._errors.append(error.at(part))
            return None

    def _typed(
        self, document: Mapping[str, Any], key: str, kind: type, usual: object, part: str = ""
    ) -> Any:  # noqa: ANN401 - of the type asked for, or None where it is wrong
        if key not in document and usual is not None:
            return usual
        value = document.get(key)
        # To Python, true is an integer; to the author of a rule it is not.
        if isinstance(value, kind) and (kind is bool or not isinstance(value, bool)):
            return value
        problem = "it is missing" if value is None else f"{value!r:.80} is not {_WORDS[kind]}"
        self._refuse(problem, f"write {_WORDS[kind]}", _place(part, key))
        return None

    def _word(
        self, document: Mapping[str, Any], key: str, words: type[E], usual: E | None, part: str = ""
    ) -> E | None:
        if key not in document and usual is not None:
            return usual
        try:
            return words(document.get(key))
        except ValueError:
            problem = f"there is no {key} {document[key]!r:.80}" if key in document else "missing"
            self._refuse(problem, f"use one of {', '.join(words)}", _place(part, key))
            return None

    def _keys(self, document: Mapping[str, Any], known: Sequence[str], part: str) -> None:
        for key in document:
            if key not in known:
                self._refuse(
                    "there is no such key", f"use {', '.join(known)}", _place(part, str(key))
                )

    def _refuse(self, problem: str, remedy: str, part: str) -> None:
        self._errors.append(RuleError(problem, remedy, part))


def _place(part: str, key: str) -> str:
    return f"{part}.{key}" if part else key


_WORDS: dict[type, str] = {
    str: "a text", int: "a whole number", bool: "true or false", list: "a list",
    dict: "a table of keys",
}  # fmt: skip
"""The types of documents, as a message calls them."""
