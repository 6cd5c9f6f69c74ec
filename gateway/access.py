"""Who may call a route: every view carries exactly one of these decisions.

A structure test lists the routes without one. The decision is checked where it is made, in the
decorator, so that a route cannot forget to ask.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps
from hmac import compare_digest
from ipaddress import ip_address
from typing import ParamSpec, TypeVar
from urllib.parse import urlsplit

from flask import Response, abort, g, jsonify, request
from flask.typing import ResponseReturnValue

from core import credentials
from core.database import reading, writing
from core.models import ApiCredential, Role
from core.settings import get_settings
from gateway import refusal_log, refusals
from gateway.auth import cookie

log = logging.getLogger(__name__)

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


def metrics_readers(view: View[P]) -> View[P]:
    """Let whoever sends the token of the settings call the view; without one, only this machine.

    `Authorization: Bearer ...`, as Prometheus sends it. An API key would be looked up in the
    database, and the metrics are wanted most when that does not answer.
    """

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        wanted = get_settings().metrics_token
        if wanted is None:
            if not _from_loopback():
                abort(403, "Without IGW_METRICS_TOKEN only the gateway's own machine may ask.")
        elif not _sends(wanted.get_secret_value()):
            refusal_log.note("login_refused", "metrics_refused", path=request.path)
            answer = jsonify(error="unauthorized", message="Send IGW_METRICS_TOKEN as the bearer.")
            answer.headers["WWW-Authenticate"] = 'Bearer realm="Integration Gateway"'
            return answer, 401
        return view(*args, **kwargs)

    return _decided(guarded, "metrics token, or loopback only")


def _sends(token: str) -> bool:
    given = request.authorization
    if given is None or given.type != "bearer" or not given.token:
        return False
    return compare_digest(given.token.encode(), token.encode())


def role_required(role: Role) -> Callable[[View[P]], View[P]]:
    """Let whoever is logged in with this role, or a higher one, call the view.

    The view finds the person in `g.user`. A stranger is sent to the log-in and comes back; who has
    too low a role reads which one it takes, and who can give it. Role and log-in are read from the
    database with each request, so a change counts from the next one on.
    """

    def decorate(view: View[P]) -> View[P]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
            visitor = cookie.visitor()
            if visitor is None:
                return refusals.to_login()
            g.user = visitor
            if not visitor.role.covers(role):
                return refusals.role_too_low(visitor, role)
            return view(*args, **kwargs)

        return _decided(guarded, f"role: {role.value}")

    return decorate


def api_key_required(role: Role) -> Callable[[View[P]], View[P]]:
    """Let whoever sends an API key of this role, or of a higher one, call the view.

    `Authorization: Bearer igw_...`; `igw keys create` makes one. The view finds the key's name in
    `g.caller`. A caller on this machine needs a key as everybody does: what is behind these views
    is data of people, and any local process could ask.
    """

    def decorate(view: View[P]) -> View[P]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
            credential = _credential()
            if credential is None:
                return _not_known()
            if not credential.role.covers(role):
                return _not_allowed(credential, role)
            g.caller = credential.name
            return view(*args, **kwargs)

        return _decided(guarded, f"api key: {role.value}")

    return decorate


def _credential() -> ApiCredential | None:
    given = request.authorization
    if given is None or given.type != "bearer" or not given.token:
        return None
    with reading() as session:
        credential = credentials.verify(session, given.token)
    if credential is not None and credentials.use_is_worth_noting(credential):
        with writing() as session:
            credentials.note_use(session, credential.id)
    return credential


def _not_known() -> tuple[Response, int]:
    # Nobody is locked out after some failures: nobody guesses 256 random bits, and a lock would
    # only let strangers keep out who has a key.
    refusal_log.note("login_refused", "login_refused", path=request.path)
    answer = jsonify(
        error="unauthorized",
        message="Send a valid API key as `Authorization: Bearer igw_...`. An admin makes one with: "
        "igw keys create NAME",
    )
    answer.headers["WWW-Authenticate"] = 'Bearer realm="Integration Gateway"'
    return answer, 401


def _not_allowed(credential: ApiCredential, role: Role) -> tuple[Response, int]:
    extra = {"path": request.path, "caller": credential.name, "needed": role.value}
    log.warning("role_too_low", extra=extra)
    message = (
        f"This asks for the role {role.value}, and the key {credential.name!r} has the role "
        f"{credential.role.value}. An admin makes another with: igw keys create NAME --role "
        f"{role.value}"
    )
    return jsonify(error="forbidden", message=message), 403


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
    before = getattr(view, DECISION, None)
    if before is not None:
        message = f"{view} is decided already ({before}): who may call it is said once"
        raise TypeError(message)
    setattr(view, DECISION, decision)
    return view
