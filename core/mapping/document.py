"""A rule as a plain JSON document: what is stored, exported, reviewed and imported again."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from core.mapping.conditions import WITHOUT_VALUE, Condition, Operator
from core.mapping.errors import RuleDocumentError, RuleError
from core.mapping.examples import dump_example, parse_example
from core.mapping.reading import DocumentReader
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

_RULE_KEYS = ("id", "name", "priority", "action", "project", "issue_type", "time_zone",
              "recreate_deleted", "conditions", "fields", "examples")  # fmt: skip
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
        "examples": [dump_example(example) for example in rule.examples],
    }
    usual = {
        "project": "",
        "issue_type": "",
        "time_zone": "UTC",
        "recreate_deleted": False,
        "examples": [],
    }
    return {
        key: value for key, value in document.items() if key not in usual or value != usual[key]
    }


def without_id(document: Document) -> Document:
    """Give a rule's document as a file has it: without the id, which a database gave it."""
    return {key: value for key, value in document.items() if key != "id"}


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


class _Parser(DocumentReader):
    """Reads the document of one rule."""

    def rule(self, document: object) -> Rule:
        if not isinstance(document, Mapping):
            raise RuleDocumentError([RuleError("a rule is a table of keys", "write it as one")])
        self.keys(document, _RULE_KEYS, "")
        name = self.typed(document, "name", str, "")
        if name == "":
            self.refuse("the rule has no name", "give it one", "name")
        parts: dict[str, Any] = {
            "id": self.typed(document, "id", int, 0),
            "name": name,
            "priority": self.typed(document, "priority", int, None),
            "action": self.word(document, "action", Action, Action.SYNC),
            "project": self.typed(document, "project", str, ""),
            "issue_type": self.typed(document, "issue_type", str, ""),
            "time_zone": self.typed(document, "time_zone", str, "UTC"),
            "recreate_deleted": self.typed(document, "recreate_deleted", bool, False),
            "conditions": self.each(document, "conditions", self._condition),
            "fields": self.each(document, "fields", self._field),
            "examples": self.each(document, "examples", partial(parse_example, self)),
        }
        complete = None not in parts.values()
        rule = self.made("", lambda: Rule(**parts)) if complete else None
        if rule is None or self.errors:
            raise RuleDocumentError([error.at(rule=name or "?") for error in self.errors])
        return rule

    def _condition(self, document: Mapping[str, Any], part: str) -> Condition | None:
        self.keys(document, _CONDITION_KEYS, part)
        path = self.typed(document, "path", str, None, part)
        operator = self.word(document, "operator", Operator, None, part)
        if path is None or operator is None:
            return None
        value = document.get("value")
        value = tuple(value) if isinstance(value, list) else value
        return self.made(part, lambda: Condition(path, operator, value))

    def _field(self, document: Mapping[str, Any], part: str) -> FieldMapping | None:
        self.keys(document, _FIELD_KEYS, part)
        before = len(self.errors)
        field_id = self.typed(document, "field", str, None, part)
        name = self.typed(document, "name", str, "", part)
        sources = self.each(document, "sources", self._source, part)
        when = self.word(document, "when_empty", WhenEmpty, WhenEmpty.LEAVE_UNSET, part)
        text_format = self.word(document, "format", TextFormat, TextFormat.HTML, part)
        if when is None or text_format is None or len(self.errors) > before:
            return None
        return self.made(part, lambda: FieldMapping(field_id, sources, name, when, text_format))

    def _source(self, document: Mapping[str, Any], part: str) -> Source | None:
        kinds = [kind for kind in ("static", "path", "template") if kind in document]
        if len(kinds) != 1:
            found = f"{len(kinds)} of them" if kinds else "none"
            self.refuse(
                f"a source is one of static, path and template, and this has {found}",
                "keep one",
                part,
            )
            return None
        kind = kinds[0]
        if kind == "static":
            self.keys(document, ("static",), part)
            return Static(document["static"])
        own = ("template", "strict") if kind == "template" else ("path",)
        self.keys(document, (*own, "table", "otherwise"), part)
        text = self.typed(document, kind, str, None, part)
        strict = self.typed(document, "strict", bool, False, part)
        if text is None or strict is None:
            return None
        inner = self.made(part, lambda: Path(text) if kind == "path" else Template(text, strict))
        return self._mapped(inner, document, part) if inner is not None else None

    def _mapped(
        self, inner: Path | Template, document: Mapping[str, Any], part: str
    ) -> Source | None:
        if "table" not in document:
            if "otherwise" in document:
                self.refuse("otherwise stands without a table", "add the table", part)
            return inner
        table = self.typed(document, "table", dict, None, part)
        if table is None:
            return None
        if not all(isinstance(key, str) for key in table):
            self.refuse("a key of the table is not a text", "put it in quotation marks", part)
            return None
        otherwise = document.get("otherwise", REFUSE)
        return self.made(part, lambda: ValueMap(inner, table, otherwise))
