"""What `static/table.js` asks of a route, and the JSON that it takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time
from typing import Any, TypeVar

from flask import Response, jsonify, request
from werkzeug.datastructures import MultiDict

from core.lists import Ask, Page

T = TypeVar("T")

LONGEST_TEXT = 200
"""Characters of a filter that are looked at."""

DIGITS = 18
"""Of the largest number that every database can hold."""


def asked(sort: str = "") -> Ask:
    """Give the page and the order that a table asks for; what is not understood is left out."""
    return Ask(
        page=number("page") or 1,
        size=number("size") or 50,
        sort=request.args.get("sort", sort)[:50],
        descending=request.args.get("dir", "desc") != "asc",
    )


def answer(page: Page[T], ask: Ask, row: Callable[[T], Mapping[str, Any]]) -> Response:
    """Give a page of a table; `row` says what of each row it shows."""
    found = jsonify(
        rows=[row(one) for one in page.rows],
        last_page=page.last_page(ask),
        total=page.total,
        more=page.more,
        note=page.note,
    )
    found.headers["Cache-Control"] = "no-store"
    return found


def text(name: str) -> str:
    """Give a text of the address."""
    return request.args.get(name, "").strip()[:LONGEST_TEXT]


def number(name: str) -> int | None:
    """Give a whole number of the address; None where there is none."""
    return number_of(request.args, name)


def number_of(given: MultiDict[str, str], name: str) -> int | None:
    """Give a whole number of a form; None where there is none."""
    found = given.get(name, "")
    return int(found) if found.isascii() and found.isdigit() and len(found) <= DIGITS else None


def day(name: str) -> datetime | None:
    """Give the beginning of a day of the address, in UTC."""
    return day_of(request.args, name)


def day_of(given: MultiDict[str, str], name: str) -> datetime | None:
    """Give the beginning of a day of a form, in UTC."""
    try:
        return datetime.combine(date.fromisoformat(given.get(name, "")), time(), UTC)
    except ValueError:
        return None


def choice(name: str, of: type[T]) -> T | None:
    """Give one of an enumeration's values; None where it is none of them."""
    try:
        return of(request.args.get(name, ""))  # ty: ignore[too-many-positional-arguments]
    except ValueError:
        return None
