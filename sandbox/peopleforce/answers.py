"""Answers in PeopleForce's shapes: one page of a list, one record, and each kind of error."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Literal, TypeVar
from urllib.parse import unquote_plus

from flask import Response, jsonify, request

from sandbox.common.faults import retry_after
from sandbox.peopleforce.switches import Switches

PAGE_SIZE = 50

Row = TypeVar("Row")

HTML = "text/html; charset=utf-8"
_NOT_FOUND_PAGE = "<!DOCTYPE html><html><body><h1>The page you were looking for</h1></body></html>"


class Query:
    """The request's query string, read as the vendor reads it.

    Array and range filters carry brackets in their names. An older client reports that the vendor
    did not understand them percent-encoded, which the switch `encoded_brackets` imitates; a
    parsed query string no longer shows the difference, so the raw one is read.
    """

    def __init__(self, raw: str, switches: Switches) -> None:
        self._values: dict[str, list[str]] = {}
        for pair in raw.split("&"):
            name, _, value = pair.partition("=")
            if "%5b" in name.lower() and switches.encoded_brackets == "ignored":
                continue
            self._values.setdefault(unquote_plus(name), []).append(unquote_plus(value))

    def all(self, name: str) -> list[str]:
        """Return every value of a parameter."""
        return self._values.get(name, [])

    def one(self, name: str) -> str | None:
        """Return the last value of a parameter, as Rails does, or None."""
        values = self.all(name)
        return values[-1] if values else None

    def page(self) -> int:
        """Return the page asked for; what is no page number is silently the first."""
        text = self.one("page") or ""
        return max(int(text), 1) if text.isascii() and text.isdigit() else 1


def current_query(switches: Switches) -> Query:
    """Return the query of the request at hand."""
    return Query(request.query_string.decode("ascii", "replace"), switches)


def list_page(
    rows: Sequence[Row],
    query: Query,
    switches: Switches,
    *,
    to_json: Callable[[Row], dict[str, Any]],
) -> Response:
    """Answer one page of `rows`: 50 of them whatever the caller asks, none past the end."""
    page = query.page()
    shown = rows[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]
    pagination = {
        "page": page,
        "pages": math.ceil(len(rows) / PAGE_SIZE) or switches.empty_pages,
        "count": len(rows),
        "items": len(shown),
    }
    nothing = None if switches.empty_list == "null" else []
    nested = switches.pagination == "nested"
    return jsonify(
        data=[to_json(row) for row in shown] or nothing,
        metadata={"pagination": pagination} if nested else pagination,
    )


def bad_request(message: str) -> Response:
    """Answer 400, in the one error shape that the vendor documents."""
    return _json(400, {"success": False, "errors": [{"message": message}]})


def bad_credentials() -> Response:
    """Answer 401 as documented: https://developer.peopleforce.io/docs/authentication."""
    return _json(401, {"message": "Bad Credentials"})


def not_found(switches: Switches) -> Response:
    """Answer 404 for a record or a path that is not there; the vendor documents no body."""
    match switches.not_found_body:
        case "message":
            return _json(404, {"message": "Not found"})
        case "rails":
            return _json(404, {"status": 404, "error": "Not Found"})
        case "html":
            return Response(_NOT_FOUND_PAGE, 404, content_type=HTML)
        case "empty":
            return Response("", 404)


def unprocessable(field: str, message: str, switches: Switches) -> Response:
    """Answer 422 for a value the vendor will not take; the vendor documents no body."""
    match switches.unprocessable_body:
        case "list":
            return _json(422, {"success": False, "errors": [{"message": f"{field} {message}"}]})
        case "message":
            return _json(422, {"message": f"{field} {message}"})
        case "fields":
            return _json(422, {"errors": {field: [message]}})


def rate_limited(wait: float, switches: Switches) -> Response:
    """Answer 429; `wait` is the seconds until the next call will be let through."""
    match switches.rate_limited_body:
        case "message":
            response = _json(429, {"message": "Rate limit exceeded"})
        case "html":
            response = Response("<html><body>Too many requests</body></html>", 429)
        case "empty":
            response = Response("", 429)
    if switches.retry_after != "none":
        form: Literal["seconds", "date"] = switches.retry_after
        response.headers["Retry-After"] = retry_after(math.ceil(wait), form)
    return response


def _json(status: int, body: dict[str, Any]) -> Response:
    response = jsonify(body)
    response.status_code = status
    return response
