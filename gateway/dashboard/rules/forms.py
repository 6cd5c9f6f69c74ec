"""A rule as a form: what somebody typed, the document that it makes, and the way back. Pure.

The form keeps what was typed, whether or not a rule can be made of it, so that nothing is lost on
an error. A rule that says what the form cannot show is edited as YAML.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from werkzeug.datastructures import MultiDict

from core.mapping.conditions import WITHOUT_VALUE, Operator
from core.mapping.document import Document
from core.mapping.errors import RuleError
from core.mapping.schema import MANY, TargetField
from core.mapping.sources import TextFormat, WhenEmpty
from core.rule_text import RuleTextError, from_yaml, to_yaml

MOST_ROWS = 300
"""Rows of one kind that a form may have; no screen of a target has more fields."""

LIKELY = {
    "summary": "$.title",
    "description": "$.description",
    "duedate": "$.ends_on",
    "assignee": "$.assigned_to.email",
}
"""Where the value of a field comes from most often, as a beginning."""

TEXT, NUMBER, YES_NO = "text", "number", "yes_no"
TYPES = {TEXT: "text", NUMBER: "number", YES_NO: "true or false"}
KINDS = {
    "path": "From the task (JSONPath)",
    "template": "Template",
    "static": "Fixed value",
    "json": "Fixed value, as JSON",
}


@dataclass
class ConditionForm:
    """One condition as it was typed."""

    path: str = ""
    operator: str = Operator.CONTAINS
    value: str = ""
    type: str = TEXT


@dataclass
class SourceForm:
    """One source of a field's value. `values` are those of a fixed value, `many` as a list."""

    kind: str = "path"
    text: str = ""
    values: list[str] = field(default_factory=lambda: [""])
    many: bool = False
    strict: bool = False
    mapped: bool = False
    table: list[tuple[str, str]] = field(default_factory=list)
    has_otherwise: bool = False
    otherwise: str = ""


@dataclass
class FieldForm:
    """One field of the target, and where its value comes from."""

    field_id: str = ""
    name: str = ""
    sources: list[SourceForm] = field(default_factory=list)
    when_empty: str = WhenEmpty.LEAVE_UNSET
    format: str = TextFormat.HTML


@dataclass
class RuleForm:
    """A rule as it was typed."""

    name: str = ""
    priority: str = "100"
    action: str = "sync"
    project: str = ""
    issue_type: str = ""
    time_zone: str = "UTC"
    recreate_deleted: bool = False
    conditions: list[ConditionForm] = field(default_factory=list)
    fields: list[FieldForm] = field(default_factory=list)
    examples: str = ""

    def places(self) -> set[str]:
        """Give the parts of the document at which the form can show an error."""
        found = {"name", "priority", "action", "project", "issue_type", "time_zone", "examples"}
        for row in range(len(self.conditions)):
            found |= {f"conditions[{row}].{key}" for key in ("path", "operator", "value")}
        for row, one in enumerate(self.fields):
            found.add(f"fields[{row}]")
            found |= {f"fields[{row}].sources[{it}]" for it in range(len(one.sources))}
        return found


def empty_field(target: TargetField | None, field_id: str) -> FieldForm:
    """Give a field that is to be mapped: with one source, of the kind that is most likely."""
    name = target.name if target is not None else ""
    fixed = target is not None and bool(target.allowed)
    many = target is not None and target.kind in MANY
    source = SourceForm("static" if fixed else "path", LIKELY.get(field_id, ""), many=many)
    return FieldForm(field_id, name, [source])


def read(form: MultiDict[str, str]) -> RuleForm:
    """Give what a submitted form says; what is missing is as in an empty form."""
    return RuleForm(
        name=_line(form, "name"),
        priority=_line(form, "priority"),
        action=_line(form, "action") or "sync",
        project=_line(form, "project"),
        issue_type=_line(form, "issue_type"),
        time_zone=_line(form, "time_zone"),
        recreate_deleted="recreate_deleted" in form,
        conditions=[
            ConditionForm(
                _line(form, f"{row}-path"),
                _line(form, f"{row}-operator"),
                _text(form, f"{row}-value"),
                _line(form, f"{row}-type") or TEXT,
            )
            for row in _rows(form, "conditions")
        ],
        fields=[_read_field(form, row) for row in _rows(form, "fields")],
        examples=_text(form, "examples"),
    )


def _read_field(form: MultiDict[str, str], row: str) -> FieldForm:
    return FieldForm(
        _line(form, f"{row}-field"),
        _line(form, f"{row}-name"),
        [_read_source(form, source) for source in _rows(form, f"{row}-sources")],
        _line(form, f"{row}-when_empty") or WhenEmpty.LEAVE_UNSET,
        _line(form, f"{row}-format") or TextFormat.HTML,
    )


def _read_source(form: MultiDict[str, str], row: str) -> SourceForm:
    keys, values = form.getlist(f"{row}-key"), form.getlist(f"{row}-entry")
    return SourceForm(
        _line(form, f"{row}-kind"),
        _text(form, f"{row}-text"),
        [value.strip() for value in form.getlist(f"{row}-static")] or [""],
        f"{row}-many" in form,
        f"{row}-strict" in form,
        f"{row}-mapped" in form,
        list(zip(keys, (value.strip() for value in values), strict=False))[:MOST_ROWS],
        f"{row}-has_otherwise" in form,
        _line(form, f"{row}-otherwise"),
    )


def _rows(form: MultiDict[str, str], prefix: str) -> list[str]:
    """Give the rows of a list, in the order in which they stand in the form."""
    begin = re.compile(rf"{re.escape(prefix)}-(\d{{1,6}})-")
    found = (begin.match(name) for name in form)
    return list(dict.fromkeys(f"{prefix}-{it[1]}" for it in found if it))[:MOST_ROWS]


def _line(form: MultiDict[str, str], name: str) -> str:
    return form.get(name, "").strip()


def _text(form: MultiDict[str, str], name: str) -> str:
    # Browsers send the lines of a text with CRLF.
    return form.get(name, "").replace("\r\n", "\n")


def to_document(form: RuleForm) -> Document:
    """Give the document that a form makes; the rule's reader says what is wrong with it.

    What cannot stand in a document at all is left out of it; `problems` tells of that.
    """
    document: Document = {
        "name": form.name,
        "priority": _number(form.priority),
        "action": form.action,
        "conditions": [_condition(it) for it in form.conditions],
        "fields": [_field(it) for it in form.fields] if form.action == "sync" else [],
    }
    if form.project:
        document["project"] = form.project
    if form.issue_type:
        document["issue_type"] = form.issue_type
    if form.time_zone:
        document["time_zone"] = form.time_zone
    if form.recreate_deleted:
        document["recreate_deleted"] = True
    if form.examples.strip():
        document["examples"] = _examples(form.examples)
    return document


def _examples(text: str) -> object:
    try:
        return from_yaml(text)
    except RuleTextError:
        return []  # `problems` says what is wrong with it.


def problems(form: RuleForm) -> list[RuleError]:
    """Say what is wrong with what was typed, beyond what a document can hold."""
    found: list[RuleError] = []
    for row, one in enumerate(form.fields):
        for number, source in enumerate(one.sources):
            if source.kind == "json" and not _is_json(source.text):
                part = f"fields[{row}].sources[{number}]"
                found.append(RuleError("this is not JSON", 'write it as ["a", "b"] or 12', part))
    try:
        from_yaml(form.examples)
    except RuleTextError as error:
        found.append(RuleError(f"this is not YAML: {error}", "mend the text", "examples"))
    return found


def _number(text: str) -> object:
    return int(text) if re.fullmatch(r"-?\d{1,9}", text) else text


def _condition(form: ConditionForm) -> Document:
    document: Document = {"path": form.path, "operator": form.operator}
    if form.operator == Operator.ONE_OF:
        lines = [line.strip() for line in form.value.splitlines()]
        document["value"] = [_scalar(line, form.type) for line in lines if line]
    elif form.operator not in WITHOUT_VALUE and form.value != "":
        document["value"] = _scalar(form.value, form.type)
    return document


def _scalar(text: str, kind: str) -> object:
    """Give a condition's value; what is not of its kind stays a text, and is compared as one."""
    if kind == TEXT:
        return text
    try:
        value = json.loads(text.strip().lower())
    except ValueError:
        return text
    wanted = bool if kind == YES_NO else (int, float)
    return (
        value
        if isinstance(value, wanted) and (kind == YES_NO) is isinstance(value, bool)
        else (text)
    )


def _field(form: FieldForm) -> Document:
    document: Document = {"field": form.field_id, "sources": [_source(it) for it in form.sources]}
    if form.name:
        document["name"] = form.name
    if form.when_empty != WhenEmpty.LEAVE_UNSET:
        document["when_empty"] = form.when_empty
    if form.format != TextFormat.HTML:
        document["format"] = form.format
    return document


def _source(form: SourceForm) -> Document:
    if form.kind == "static":
        values = [value for value in form.values if value != ""]
        return {"static": values if form.many or len(values) > 1 else "".join(values)}
    if form.kind == "json":
        return {"static": json.loads(form.text) if _is_json(form.text) else None}
    document: Document = {form.kind: form.text if form.kind == "template" else form.text.strip()}
    if form.kind == "template" and form.strict:
        document["strict"] = True
    if form.mapped:
        document["table"] = {key: value or None for key, value in form.table if key or value}
        if form.has_otherwise:
            document["otherwise"] = form.otherwise or None
    return document


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def from_document(document: Document) -> RuleForm:
    """Give the form that shows a rule's document, as `core.mapping.document.dump` gives it."""
    return RuleForm(
        name=document["name"],
        priority=str(document["priority"]),
        action=document["action"],
        project=document.get("project", ""),
        issue_type=document.get("issue_type", ""),
        time_zone=document.get("time_zone", "UTC"),
        recreate_deleted=document.get("recreate_deleted", False),
        conditions=[_condition_form(it) for it in document["conditions"]],
        fields=[_field_form(it) for it in document["fields"]],
        examples=to_yaml(document["examples"]) if document.get("examples") else "",
    )


def fits(document: Document) -> bool:
    """Say whether the form can show all that a rule's document says."""
    try:
        shown = to_document(from_document(document))
    except (AttributeError, TypeError, ValueError):
        return False
    return {"time_zone": "UTC", **document} == {"time_zone": "UTC", **shown}


def _condition_form(document: Mapping[str, Any]) -> ConditionForm:
    value = document.get("value")
    values: Sequence[Any] = value if isinstance(value, list) else [value]
    return ConditionForm(
        document["path"],
        document["operator"],
        "\n".join(_typed(it) for it in values) if value is not None else "",
        _type_of(values),
    )


def _type_of(values: Iterable[object]) -> str:
    for value in values:
        if isinstance(value, bool):
            return YES_NO
        if isinstance(value, int | float):
            return NUMBER
    return TEXT


def _typed(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _field_form(document: Mapping[str, Any]) -> FieldForm:
    return FieldForm(
        document["field"],
        document.get("name", ""),
        [_source_form(it) for it in document["sources"]],
        document.get("when_empty", WhenEmpty.LEAVE_UNSET),
        document.get("format", TextFormat.HTML),
    )


def _source_form(document: Mapping[str, Any]) -> SourceForm:
    if "static" in document:
        value = document["static"]
        if isinstance(value, str):
            return SourceForm("static", values=[value])
        if isinstance(value, list) and value and all(isinstance(it, str) and it for it in value):
            return SourceForm("static", values=list(value), many=True)
        return SourceForm("json", json.dumps(value, ensure_ascii=False))
    kind = "path" if "path" in document else "template"
    return SourceForm(
        kind,
        document[kind],
        strict=document.get("strict", False),
        mapped="table" in document,
        table=[(key, _entry(value)) for key, value in document.get("table", {}).items()],
        has_otherwise="otherwise" in document,
        otherwise=_entry(document.get("otherwise")),
    )


def _entry(value: object) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    message = f"a line of the form cannot hold {type(value).__name__}"
    raise TypeError(message)
