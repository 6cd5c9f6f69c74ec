"""Who may call a route: every view carries exactly one of these decisions.

A structure test lists the routes without one. The decision is checked where it is made, in the
decorator, so that a route cannot forget to ask.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from ipaddress import ip_address
from typing import ParamSpec, TypeVar
from urllib.parse import urlsplit

from flask import abort, request
from flask.typing import ResponseReturnValue

P = ParamSpec("P")
View = Callable[P, ResponseReturnValue]
V = TypeVar("V", bound=Callable[..., object])

DECISION = "access_decision"
"""Attribute of a view function that names its decision."""

FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP", "CF-Connecting-IP")
"""Headers by which proxies name the caller they speak for."""


def public(reason: str) -> Callable[[V], V]:
    """Let everybody call the view; `reason` says why that is safe."""
    return lambda view: _decided(view, f"public: {reason}")


def signed(view: V) -> V:
    """Let whoever signs the body call the view; the view itself verifies before it reads."""
    return _decided(view, "signed")


def loopback_only(view: View[P]) -> View[P]:
    """Let only this machine call the view: it has no log-in, and what it shows is for ops.

    The Host is checked as well, so that a foreign page cannot reach it through a DNS name that
    points here.
    """

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        if not _from_loopback():
            abort(403, "This page is shown on the gateway's own machine only.")
        return view(*args, **kwargs)

    return _decided(guarded, "loopback only")


def _from_loopback() -> bool:
    # A proxy on this machine is local, too; whom it speaks for is not.
    forwarded = any(name in request.headers for name in FORWARDED)
    try:
        host = urlsplit(f"//{request.host}").hostname or ""
        local = ip_address(request.remote_addr or "").is_loopback
        named_local = host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
    return local and named_local and not forwarded


def _decided(view: V, decision: str) -> V:
    setattr(view, DECISION, decision)
    return view
