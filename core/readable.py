"""Values of vendors' fields as people recognise them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

LONGEST = 60
"""Characters of a value that a line shows."""


def readable(value: object, longest: int = LONGEST) -> str:  # noqa: PLR0911 - a line for each kind
    """Give a value in short: a choice by its name, a document by its text."""
    if value is None or value in ("", []):
        return "nothing"
    if isinstance(value, str):
        return cut(value, longest)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        if value.get("type") == "doc":
            return cut(" ".join(text_of(value).split()), longest) or "nothing"
        for key in ("full_name", "name", "value", "key", "accountId", "id"):
            if isinstance(value.get(key), str):
                named = f"{key} {value[key]}" if key in {"accountId", "id"} else value[key]
                return cut(named, longest)
    if isinstance(value, list):
        return cut(", ".join(readable(item, longest) for item in value), longest)
    return cut(json.dumps(value, ensure_ascii=False), longest)


def text_of(node: Mapping[str, Any]) -> str:
    """Give the text of a document in Atlassian's format, without its marks."""
    own = node.get("text", "") if node.get("type") == "text" else ""
    inner = " ".join(text_of(child) for child in node.get("content", []))
    return f"{own}{inner}"


def cut(text: str, longest: int = LONGEST) -> str:
    """Cut a text that is too long for a line."""
    return text if len(text) <= longest else f"{text[: longest - 2]} …"
