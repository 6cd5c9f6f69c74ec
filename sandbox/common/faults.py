"""Make a stand-in fail on request, in the ways in which real vendors and networks fail."""

from __future__ import annotations

import random
import socket
import threading
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from fnmatch import fnmatchcase
from typing import Any, Literal

from flask import Flask, Response, g, jsonify, make_response, request
from pydantic import BaseModel, ConfigDict, Field
from werkzeug.http import HTTP_STATUS_CODES

from sandbox.common.calls import is_vendor_path

_MAINTENANCE_PAGE = (
    "<!DOCTYPE html><html><head><title>Down for maintenance</title></head>"
    "<body><h1>We will be right back</h1></body></html>"
)


class Fault(BaseModel):
    """One rule of misbehaviour, as the control API takes it.

    The kinds: `latency` sleeps, then carries on; `status` answers with an error and does nothing;
    `html` answers 200 with a web page, as a proxy does during maintenance; `truncate` does the
    work and sends half of the answer; `drop_after_write` does the work and closes the connection
    without an answer; `slow_after_write` does the work, sleeps, then answers.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["latency", "status", "html", "truncate", "drop_after_write", "slow_after_write"]
    method: str = Field("*", description="glob over the request's method")
    path: str = Field("*", description="glob over the request's path; * also matches slashes")
    times: int | None = Field(None, gt=0, description="strikes left; None: until removed")
    probability: float = Field(1.0, gt=0, le=1)
    seconds: float = Field(1.0, ge=0, le=300, description="how long the two slow kinds sleep")
    status: int = Field(503, ge=400, le=599)
    retry_after: float | None = Field(None, ge=0, description="seconds; None: no such header")
    retry_after_as: Literal["seconds", "date"] = "seconds"
    body: Any = Field(None, description="of `status`: text, or anything else as JSON")
    headers: dict[str, str] = Field(default_factory=dict)
    length: Literal["full", "cut"] = Field(
        "full",
        description="of `truncate`: Content-Length promises the full body, or fits the cut one as"
        " behind a proxy that buffers",
    )

    def matches(self, method: str, path: str) -> bool:
        """Say whether this fault is meant for a request."""
        return fnmatchcase(method, self.method.upper()) and fnmatchcase(path, self.path)


class Faults:
    """The faults that are set at the moment. Safe for many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._next_id = 1
        self._faults: dict[int, Fault] = {}

    def add(self, fault: Fault) -> int:
        """Set a fault and return the id under which it can be removed."""
        with self._lock:
            fault_id = self._next_id
            self._next_id += 1
            self._faults[fault_id] = fault
        return fault_id

    def active(self) -> list[dict[str, Any]]:
        """Return the faults that can still strike, oldest first, each with its id."""
        with self._lock:
            return [{"id": key} | fault.model_dump() for key, fault in self._faults.items()]

    def clear(self, fault_id: int | None = None) -> None:
        """Remove one fault, or all of them."""
        with self._lock:
            if fault_id is None:
                self._faults.clear()
            else:
                self._faults.pop(fault_id, None)

    def take(self, method: str, path: str) -> list[Fault]:
        """Return what strikes this request, and count it down.

        That is every latency, in front, and at most one fault of another kind, the oldest: a
        request has one answer.
        """
        struck: list[Fault] = []
        answered = False
        with self._lock:
            for fault_id, fault in list(self._faults.items()):
                if not fault.matches(method, path) or (answered and fault.kind != "latency"):
                    continue
                if random.random() >= fault.probability:
                    continue
                struck.append(fault)
                answered = answered or fault.kind != "latency"
                self._count_down(fault_id, fault)
        return sorted(struck, key=lambda fault: fault.kind != "latency")

    def _count_down(self, fault_id: int, fault: Fault) -> None:
        if fault.times == 1:
            del self._faults[fault_id]
        elif fault.times is not None:
            self._faults[fault_id] = fault.model_copy(update={"times": fault.times - 1})


def install(app: Flask, faults: Faults) -> None:
    """Let `faults` strike the vendor's API of `app`; its page and control API stay whole.

    Install it before authentication, so that an outage also hides a wrong key.
    """

    @app.before_request
    def strike_before() -> Response | None:
        g.late_faults = []
        if is_vendor_path(request.path):
            for fault in faults.take(request.method, request.path):
                if fault.kind == "latency":
                    time.sleep(fault.seconds)
                elif fault.kind == "status":
                    return _refusal(fault)
                elif fault.kind == "html":
                    return Response(_MAINTENANCE_PAGE, content_type="text/html; charset=utf-8")
                else:
                    g.late_faults.append(fault)
        return None

    @app.after_request
    def strike_after(response: Response) -> Response:
        # The list is not there when a guard before these hooks has refused the caller.
        for fault in g.get("late_faults", ()):
            _strike_late(fault, response)
        return response


def retry_after(seconds: float, form: Literal["seconds", "date"]) -> str:
    """Write a waiting time as a Retry-After value, in whole seconds or as a date.

    Source: https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
    """
    if form == "date":
        return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)
    return str(round(seconds))


def _refusal(fault: Fault) -> Response:
    if isinstance(fault.body, str):
        response = make_response(fault.body)
    elif fault.body is not None:
        response = jsonify(fault.body)
    else:
        response = jsonify(message=HTTP_STATUS_CODES.get(fault.status, "Error"))
    response.status_code = fault.status
    if fault.retry_after is not None:
        response.headers["Retry-After"] = retry_after(fault.retry_after, fault.retry_after_as)
    response.headers.update(fault.headers)
    return response


def _strike_late(fault: Fault, response: Response) -> None:
    """Spoil the answer of a request whose work is done."""
    if fault.kind == "slow_after_write":
        time.sleep(fault.seconds)
    elif fault.kind == "drop_after_write":
        connection: socket.socket = request.environ["werkzeug.socket"]
        connection.shutdown(socket.SHUT_RDWR)
    elif fault.kind == "truncate":
        whole = response.get_data()
        response.set_data(whole[: len(whole) // 2])
        if fault.length == "full":
            response.headers["Content-Length"] = str(len(whole))
