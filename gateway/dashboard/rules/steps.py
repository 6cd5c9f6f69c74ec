"""What the buttons of a rule's form do to it: rows added, taken away and moved. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from core.mapping.schema import TargetSchema
from gateway.dashboard.rules.forms import ConditionForm, RuleForm, SourceForm, empty_field

Rows = list[Any]


def do(form: RuleForm, step: str, schema: TargetSchema | None) -> None:
    """Change a form as one of its buttons says; what is not understood changes nothing.

    A step is a word and the rows it is about: `remove source 2 0` is the first source of the third
    field. The field to add is named by its id.
    """
    word, _, rest = step.partition(" ")
    kind, _, where = rest.partition(" ")
    if (word, kind) == ("add", "field"):
        _add_field(form, where, schema)
        return
    numbers = [int(part) for part in where.split() if part.isdigit()]
    action = _STEPS.get((word, kind))
    if action is None:
        return
    try:
        action(form, *numbers)
    except (IndexError, TypeError):
        return  # The row is gone already, such as by a second click.


def _add_field(form: RuleForm, field_id: str, schema: TargetSchema | None) -> None:
    known = {one.field_id for one in form.fields}
    field_id = field_id.strip()
    if schema is not None and field_id not in schema.fields:
        ids = schema.ids_by_folded_name.get(" ".join(field_id.split()).casefold(), [])
        field_id = ids[0] if len(ids) == 1 else field_id
    if field_id and field_id not in known:
        target = schema.fields.get(field_id) if schema is not None else None
        form.fields.append(empty_field(target, field_id))


def _add_condition(form: RuleForm) -> None:
    form.conditions.append(ConditionForm())


def _add_source(form: RuleForm, row: int) -> None:
    many = any(source.many for source in form.fields[row].sources)
    form.fields[row].sources.append(SourceForm(many=many))


def _add_entry(form: RuleForm, row: int, source: int) -> None:
    form.fields[row].sources[source].table.append(("", ""))


def _add_value(form: RuleForm, row: int, source: int) -> None:
    form.fields[row].sources[source].values.append("")


def _remove_condition(form: RuleForm, row: int) -> None:
    del form.conditions[row]


def _remove_field(form: RuleForm, row: int) -> None:
    del form.fields[row]


def _remove_source(form: RuleForm, row: int, source: int) -> None:
    del form.fields[row].sources[source]


def _remove_entry(form: RuleForm, row: int, source: int, entry: int) -> None:
    del form.fields[row].sources[source].table[entry]


def _raise_source(form: RuleForm, row: int, source: int) -> None:
    sources: Rows = form.fields[row].sources
    if source:
        sources.insert(source - 1, sources.pop(source))


_STEPS: dict[tuple[str, str], Callable[..., None]] = {
    ("add", "condition"): _add_condition,
    ("add", "source"): _add_source,
    ("add", "entry"): _add_entry,
    ("add", "value"): _add_value,
    ("remove", "condition"): _remove_condition,
    ("remove", "field"): _remove_field,
    ("remove", "source"): _remove_source,
    ("remove", "entry"): _remove_entry,
    ("raise", "source"): _raise_source,
}
