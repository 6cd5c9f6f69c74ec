"""Conversions from a record's values to what Jira takes, by the name a rule gives them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.jira.adf import html_to_adf, text_to_adf
from core.mapping.fields import Cast

LINE_LIMIT = 254
"""Jira refuses a summary or a one-line text of 255 characters or more, and line breaks in it.

It counts UTF-16 units, of which an emoji takes two.
"""


def casts(accounts: Mapping[str, str | None]) -> dict[str, Cast]:
    """Give the conversions; `accounts` maps e-mails (lower case) to Jira account ids."""
    return {
        "line": _line,
        "text": str,
        "rich_text": html_to_adf,
        "plain_rich_text": lambda value: text_to_adf(str(value)),
        "date": lambda value: str(value)[:10],
        "labels": _labels,
        "user": lambda value: _user(accounts.get(str(value).casefold())),
    }


def _line(value: object) -> str:
    line = " ".join(str(value).split())
    units = line.encode("utf-16-le", errors="replace")
    if len(units) <= 2 * LINE_LIMIT:
        return line
    return units[: 2 * (LINE_LIMIT - 1)].decode("utf-16-le", errors="ignore") + "…"


def _labels(value: object) -> list[str]:
    """Give labels as Jira keeps them: sorted, each once, without spaces."""
    values = value if isinstance(value, list) else [value]
    return sorted({"_".join(str(label).split()) for label in values if str(label).strip()})


def _user(account_id: str | None) -> dict[str, Any] | None:
    return {"accountId": account_id} if account_id else None
