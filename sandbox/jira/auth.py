"""Who calls: Basic authentication with an API token, and what Jira does when it fails.

A caller with wrong credentials is treated as anonymous, not refused. The answer may then be an
empty list or a 404, and only a header tells.

Source: https://developer.atlassian.com/cloud/jira/platform/basic-auth-for-rest-apis/
"""

from __future__ import annotations

import base64
import binascii
import hmac
import uuid

from flask import Flask, Response, g, request

from sandbox.common.calls import is_vendor_path
from sandbox.jira.errors import PlainError
from sandbox.jira.model import User
from sandbox.jira.site import JiraSite

_WRITES = frozenset({"POST", "PUT", "DELETE"})


def install(app: Flask, site: JiraSite) -> None:
    """Identify the caller before each view, and add Jira's own headers to each answer."""

    @app.before_request
    def identify() -> None:
        g.caller, g.login_failed = None, False
        if not is_vendor_path(request.path):
            return
        scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            raise PlainError(
                403,
                '{"error":"Failed to parse Connect Session Auth Token"}',
                {"Content-Type": "application/json"},
            )
        if scheme:
            g.caller = _who(site, scheme, credentials)
            g.login_failed = g.caller is None
        _refuse_browsers()

    @app.after_request
    def add_headers(response: Response) -> Response:
        if not is_vendor_path(request.path):
            return response
        response.headers["X-Arequestid"] = uuid.uuid4().hex
        response.headers["Atl-Traceid"] = uuid.uuid4().hex
        # A guard or a fault may have answered before anybody was identified.
        user = g.get("caller")
        if user:
            response.headers["X-AAccountId"] = user.account_id
        if g.get("login_failed"):
            response.headers["X-Seraph-LoginReason"] = "AUTHENTICATED_FAILED"
        if response.content_type == "application/json":
            response.content_type = "application/json;charset=UTF-8"
        return response


def _who(site: JiraSite, scheme: str, credentials: str) -> User | None:
    if scheme.lower() != "basic":
        return None
    try:
        email, _, token = base64.b64decode(credentials, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    right_token = hmac.compare_digest(token.encode(), site.token.encode())
    return site.gateway if right_token and email.lower() == site.email.lower() else None


def _refuse_browsers() -> None:
    """Refuse writes that look as if another site's page made a browser send them."""
    looks_like_browser = request.headers.get("User-Agent", "").startswith("Mozilla/")
    excused = request.headers.get("X-Atlassian-Token") == "no-check"
    if request.method in _WRITES and looks_like_browser and not excused:
        raise PlainError(403, "XSRF check failed")
