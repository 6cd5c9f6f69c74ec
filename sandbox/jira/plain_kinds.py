"""Fields whose value says everything by itself: text, labels, numbers, dates.

Source: https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/
"""

from __future__ import annotations

import math
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from typing_extensions import override

from sandbox.jira import adf
from sandbox.jira.errors import FieldValueError, JiraError
from sandbox.jira.kind import Described, Kind, Reading
from sandbox.jira.model import Field, Json

if TYPE_CHECKING:
    from sandbox.jira.site import JiraSite
    from sandbox.jira.view import View

_LINE_LIMIT = 255
_TEXT_LIMIT = 32_767


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise FieldValueError("Operation value must be a string")
    return value


class Line(Kind):
    """One line of text."""

    custom = "textfield"

    @override
    def read(self, value: Json, reading: Reading) -> str | None:
        text = _text(value)
        if "\n" in text or "\r" in text:
            raise FieldValueError(
                f"The {reading.field.name.lower()} is invalid because it contains newline"
                " characters."
            )
        if len(text) > _LINE_LIMIT - (reading.field.id == "summary"):
            raise FieldValueError(f"{reading.field.name} must be less than 255 characters.")
        return text.strip() or None


class Address(Line):
    """A web address."""

    custom = "url"


class ReadOnlyLine(Line):
    """A line that no screen shows and only programs write."""

    custom = "readonlyfield"


class RichText(Kind):
    """A document in API v3, a string in API v2."""

    custom = "textarea"

    @override
    def read(self, value: Json, reading: Reading) -> dict[str, Json] | None:
        if reading.text_is_plain:
            document = adf.from_text(_text(value))
        elif not adf.looks_like_document(value):
            raise FieldValueError(
                "Operation value must be an Atlassian Document (see the Atlassian Document Format)"
            )
        else:
            document = value
            try:
                adf.check(document)
            except adf.InvalidDocumentError as error:
                # Jira says neither which field nor what is wrong with it.
                raise JiraError(400, "INVALID_INPUT") from error
        if adf.text_length(document) > _TEXT_LIMIT:
            raise FieldValueError(
                "The entered text is too long. It exceeds the allowed limit of 32,767 characters."
            )
        return document

    @override
    def show(self, stored: Json, field: Field, view: View) -> Json:
        return view.rich_text(stored)

    @override
    def describe(self, stored: Json, field: Field, site: JiraSite) -> Described:
        return None, adf.to_text(stored)


class Labels(Kind):
    """A set of words, kept sorted."""

    type, items, custom = "array", "string", "labels"
    operations = ("add", "set", "remove")

    @override
    def read(self, value: Json, reading: Reading) -> list[str] | None:
        if not isinstance(value, list):
            raise FieldValueError("data was not an array")
        for label in value:
            if " " in _text(label):
                raise FieldValueError(f"The label '{label}' contains spaces which is invalid.")
            if len(label) > _LINE_LIMIT:
                raise FieldValueError(
                    f"The label '{label}' exceeds the maximum length for a single label of 255"
                    " characters."
                )
        return sorted(set(filter(None, value))) or None

    @override
    def describe(self, stored: Json, field: Field, site: JiraSite) -> Described:
        return None, " ".join(stored)


class Number(Kind):
    """A number, shown with a fraction even when there is none."""

    type, custom = "number", "float"

    @override
    def read(self, value: Json, reading: Reading) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or math.isinf(value):
            raise FieldValueError("Operation value must be a number")
        return float(value)


class Day(Kind):
    """A date without a time."""

    type, custom = "date", "datepicker"

    @override
    def read(self, value: Json, reading: Reading) -> str | None:
        text = _text(value)
        if not text:
            return None
        try:
            # Python also takes 20260301 and 2026-W09-7; Jira does not.
            return date.fromisoformat(text if len(text) == len("2026-03-01") else "").isoformat()
        except ValueError:
            raise FieldValueError(f"Error parsing date string: {text}") from None

    @override
    def describe(self, stored: Json, field: Field, site: JiraSite) -> Described:
        return stored, stored


class Instant(Kind):
    """A date with a time, kept as milliseconds."""

    type, custom = "datetime", "datetime"

    @override
    def read(self, value: Json, reading: Reading) -> int:
        text = _text(value)
        for form in ("%Y-%m-%dT%H:%M:%S.%f%z", "%Y-%m-%dT%H:%M:%S%z"):
            try:
                parsed = datetime.strptime(text, form)  # noqa: DTZ007 - the form has %z.
            except ValueError:
                continue
            return round(parsed.timestamp() * 1000)
        raise FieldValueError(f"Error parsing time string: {text}")

    @override
    def show(self, stored: Json, field: Field, view: View) -> Json:
        return view.instant(stored)

    @override
    def describe(self, stored: Json, field: Field, site: JiraSite) -> Described:
        text = datetime.fromtimestamp(stored / 1000, UTC).isoformat()
        return text, text
