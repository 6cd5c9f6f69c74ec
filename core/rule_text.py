"""Rules as text for people: YAML, what differs between two of them, and the same in short."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import yaml

from core.mapping.document import Document

_SHORT = 60
"""Characters of a value that a summary repeats."""

_LISTS = {"conditions": "", "fields": "field", "examples": "name"}
"""The lists of a rule's document, and the key by which their items are known."""


# A database may give the keys of a table in any order, and a review wants them in one.
_ORDER = {
    key: position
    for position, key in enumerate(
        (
            "id", "field", "name", "priority", "action", "project", "issue_type", "time_zone",
            "recreate_deleted", "conditions", "static", "path", "template", "strict", "operator",
            "value", "table", "otherwise", "sources", "when_empty", "format", "fields", "record",
            "expect", "examples",
        )
    )
}  # fmt: skip


class _Loader(yaml.SafeLoader):
    """YAML whose dates stay texts: records and rules are JSON, which has no dates."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


class RuleTextError(ValueError):
    """A text is not YAML; the message says where."""


def from_yaml(text: str) -> Any:  # noqa: ANN401 - any document
    """Give what a YAML text holds.

    Raises RuleTextError where it is not YAML.
    """
    try:
        return yaml.load(text, _Loader)  # noqa: S506 - a SafeLoader with less in it
    except (yaml.YAMLError, RecursionError) as error:
        raise RuleTextError(str(error)) from error


def to_yaml(documents: Document | Sequence[Document]) -> str:
    """Give one rule's document, or a file of them, as YAML: as it is reviewed and imported."""
    return yaml.safe_dump(_ordered(documents), allow_unicode=True, sort_keys=False, width=100)


def _ordered(value: Any) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(value, Mapping):
        keys = sorted(value, key=lambda key: (_ORDER.get(key, len(_ORDER)), key))
        return {key: _ordered(value[key]) for key in keys}
    return [_ordered(item) for item in value] if isinstance(value, list) else value


def difference(
    before: Document | None, after: Document, *, before_is: str, after_is: str
) -> list[str]:
    """Give the lines of a unified diff of two documents; `before_is` and `after_is` head it."""
    return list(
        difflib.unified_diff(
            to_yaml(before).splitlines() if before else [],
            to_yaml(after).splitlines(),
            before_is,
            after_is,
            lineterm="",
        )
    )


def in_short(before: Any, after: Any) -> str:  # noqa: ANN401 - what an audit's row has: any JSON
    """Say in one line what a change changed: `priority 10 -> 20; field Office added`.

    Takes rules' documents, and the plain values of settings.
    """
    if not isinstance(before, Mapping) or not isinstance(after, Mapping):
        if isinstance(after, Mapping):
            return ""
        return "" if before is None and after is None else f"{_short(before)} -> {_short(after)}"
    parts: list[str] = []
    for key in dict.fromkeys([*before, *after]):
        old, new = before.get(key), after.get(key)
        if old == new:
            continue
        if key in _LISTS:
            parts.extend(_list_in_short(key, old or [], new or []))
        else:
            parts.append(f"{key.replace('_', ' ')} {_short(old)} -> {_short(new)}")
    return "; ".join(parts)


def _list_in_short(key: str, before: list[Any], after: list[Any]) -> Iterable[str]:
    known_by = _LISTS[key]
    if not known_by:
        yield f"{key} changed"
        return
    old, new = ({item[known_by]: item for item in items} for items in (before, after))
    one = key.removesuffix("s")
    for name in dict.fromkeys([*old, *new]):
        called = new.get(name, old.get(name)).get("name") or name
        if name not in new:
            yield f"{one} {called} removed"
        elif name not in old:
            yield f"{one} {called} added"
        elif old[name] != new[name]:
            yield f"{one} {called} changed"
    if list(old) != list(new) and set(old) == set(new):
        yield f"{key} in another order"


def _short(value: object) -> str:
    if value is None or value == "":
        return "nothing"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = " ".join(text.split())
    return text if len(text) <= _SHORT else f"{text[: _SHORT - 1]}…"
