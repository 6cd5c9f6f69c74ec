"""A browser without a screen: it keeps cookies, sends forms with their token, follows nothing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from http.cookies import SimpleCookie
from urllib.parse import urlencode

from tests.gateway.conftest import Answer, Caller, Header

HTMX: Header = ("HX-Request", "true")


class Browser:
    """One person at one gateway."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self.cookies: dict[str, str] = {}
        self.seen: list[str] = []

    def get(self, path: str, *headers: Header) -> Answer:
        return self._send("GET", path, headers)

    def post(self, path: str, *headers: Header, token: str | None = None, **form: str) -> Answer:
        """Send a form with the token of the page seen last, or with another."""
        form["csrf_token"] = self.csrf if token is None else token
        kind = ("Content-Type", "application/x-www-form-urlencoded")
        return self._send("POST", path, (kind, *headers), urlencode(form).encode())

    def log_in(self, role: str = "admin", **form: str) -> Answer:
        """Log in as the sandbox's person of a role."""
        self.get("/login")
        return self.post("/login/development", role=role, **form)

    @property
    def csrf(self) -> str:
        """The token of the page seen last that has one."""
        for html in reversed(self.seen):
            found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', html)
            found = found or re.search(r'name="csrf-token"[^>]*content="([^"]+)"', html)
            if found:
                return found[1]
        return ""

    def _send(self, method: str, path: str, headers: Sequence[Header], body: bytes = b"") -> Answer:
        sent = [*headers]
        if self.cookies:
            jar = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
            sent.append(("Cookie", jar))
        answer = self._caller.send(method, path, sent, body)
        for name, morsel in SimpleCookie(answer.headers.get("Set-Cookie", "")).items():
            self.cookies[name] = morsel.value
            if not morsel.value:
                del self.cookies[name]
        self.seen.append(answer.body.decode(errors="replace"))
        return answer
