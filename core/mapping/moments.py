"""Dates and times as records write them: ISO 8601, and nothing that could be read two ways."""

from __future__ import annotations

import re
from datetime import date, datetime

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_DATETIME = re.compile(
    r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}([.,]\d{1,9})?)?( ?(Z|[+-]\d{2}(:?\d{2})?))?"
)

EXAMPLES = "2026-10-05 or 2026-10-05T09:30:00+02:00"
"""What a message shows of the form that is understood."""


def parse_moment(text: object) -> date | datetime | None:
    """Give the date, or the date and time, that a text is; None where it is neither.

    A datetime without an offset comes back without a time zone: the caller knows whose it is.
    `05/10/2026` is not taken, for nobody can say which month that is.
    """
    if not isinstance(text, str):
        return None
    text = text.strip()
    try:
        if _DATE.fullmatch(text):
            return date.fromisoformat(text)
        if _DATETIME.fullmatch(text):
            return datetime.fromisoformat(text.replace(" ", "T", 1).replace(" ", ""))
    except ValueError:  # The form is right and the day does not exist.
        return None
    return None
