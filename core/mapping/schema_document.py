"""A target's schema as plain JSON: what caches hold, for whoever maps and for whoever shows it."""

from __future__ import annotations

from typing import Any

from core.mapping.schema import FieldKind, TargetField, TargetSchema
from core.mapping.values import AllowedValue


def dump_schema(schema: TargetSchema) -> dict[str, Any]:
    """Give a schema's document; what has its usual value is left out."""
    return {"target": schema.target, "fields": [_dump(it) for it in schema.fields.values()]}


def load_schema(document: dict[str, Any]) -> TargetSchema:
    """Give the schema that a document of `dump_schema` is."""
    fields = (_load(it) for it in document["fields"])
    return TargetSchema(document["target"], {field.id: field for field in fields})


def _dump(field: TargetField) -> dict[str, Any]:
    document: dict[str, Any] = {"id": field.id, "name": field.name, "kind": field.kind.value}
    if field.required:
        document["required"] = True
    if field.has_default:
        document["has_default"] = True
    if not field.settable:
        document["settable"] = False
    if field.allowed is not None:
        document["allowed"] = [_dump_value(it) for it in field.allowed]
    if field.max_length is not None:
        document["max_length"] = field.max_length
    if field.default is not None:
        document["default"] = field.default
    return document


def _dump_value(value: AllowedValue) -> list[Any]:
    children = [_dump_value(it) for it in value.children]
    return [value.id, value.name, children] if children else [value.id, value.name]


def _load(document: dict[str, Any]) -> TargetField:
    allowed = document.get("allowed")
    values: dict[str, Any] = {
        **document,
        "kind": FieldKind(document["kind"]),
        "allowed": None if allowed is None else tuple(_load_value(it) for it in allowed),
    }
    return TargetField(**values)


def _load_value(document: list[Any]) -> AllowedValue:
    value_id, name, *children = document
    return AllowedValue(value_id, name, tuple(_load_value(it) for part in children for it in part))
