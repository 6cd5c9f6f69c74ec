"""Read what vendors say about a call: why they refused it, and how long to wait."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import requests

from core.errors import VendorRejectedError

MAX_DETAIL = 500
"""Characters of a vendor's text that an error carries, of one message and of all together."""

MAX_RETRY_AFTER = 300.0
"""The longest waiting time, in seconds, that is believed; a longer one is shortened to it."""

_MAX_FIELDS = 50


def retry_after(header: str | None, *, now: datetime | None = None) -> float | None:
    """Give the seconds that a `Retry-After` header asks for, or None when it says nothing.

    Both forms of RFC 9110 are read. Less than a second becomes one: Atlassian sends 0 and means
    "soon". Source: https://developer.atlassian.com/cloud/jira/platform/rate-limiting/
    """
    if not header:
        return None
    try:
        seconds = float(header)
    except ValueError:
        try:
            moment = parsedate_to_datetime(header)
        except ValueError:
            return None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        seconds = (moment - (now or datetime.now(UTC))).total_seconds()
    if math.isnan(seconds):
        return None
    return min(max(seconds, 1.0), MAX_RETRY_AFTER)


def json_or_none(response: requests.Response) -> object:
    """Parse a body that may be anything; None where it is not JSON."""
    try:
        return response.json()
    except (ValueError, RecursionError):
        return None


def refusal(vendor: str, operation: str, status: int, payload: object) -> VendorRejectedError:
    """Build the error of a refused request from the body of the answer.

    Reads `{"errorMessages": [...], "errors": {field: text}}` (Jira), `{"errors": [{"message"}]}`,
    `{"errors": {field: [text]}}` and `{"message"}` (PeopleForce), and problem+json.
    """
    field_errors = _field_errors(payload)
    return VendorRejectedError(vendor, operation, status, detail_of(payload), field_errors)


def detail_of(payload: object) -> str:
    """Give the vendor's words about the whole request, shortened; "" where there are none."""
    if not isinstance(payload, Mapping):
        return ""
    texts = _texts(payload.get("errorMessages"))
    errors = payload.get("errors")
    if isinstance(errors, list):
        texts += _texts(errors)
    texts += [
        payload[key]
        for key in ("message", "error", "detail")
        if isinstance(payload.get(key), str) and payload[key]
    ]
    return _shorten("; ".join(dict.fromkeys(texts)))


def _field_errors(payload: object) -> dict[str, str]:
    errors = payload.get("errors") if isinstance(payload, Mapping) else None
    if not isinstance(errors, Mapping):
        return {}
    return {
        _shorten(str(field)): _shorten("; ".join(_texts(said)))
        for field, said in list(errors.items())[:_MAX_FIELDS]
    }


def _texts(said: object) -> list[str]:
    """Flatten a text, an object with a `message`, or a list of them."""
    if isinstance(said, str):
        return [said] if said else []
    if isinstance(said, Mapping):
        return _texts(said.get("message"))
    if isinstance(said, list):
        return [text for item in said[:_MAX_FIELDS] for text in _texts(item)]
    return []


def _shorten(text: str) -> str:
    return text if len(text) <= MAX_DETAIL else f"{text[: MAX_DETAIL - 1]}…"
