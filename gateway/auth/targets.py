"""Where to go after logging in: only ever to a page of this gateway."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import request

HOME = "/"


def local_path(target: str | None) -> str:
    """Give a path of ours, with its query, if `target` is one; else the start page.

    Browsers read a backslash as a slash and leave tabs and line ends out, so that each of them
    could turn a path into another host.
    Source: https://url.spec.whatwg.org/#concept-basic-url-parser
    """
    if not target or not target.startswith("/") or target.startswith("//"):
        return HOME
    if "\\" in target or not target.isprintable() or " " in target:
        return HOME
    parts = urlsplit(target)
    return HOME if parts.scheme or parts.netloc or _is_login(parts.path) else target


def asked_for() -> str:
    """Give the page that a stranger wanted to see, or stood on, when the request was refused."""
    shown = request.headers.get("HX-Current-URL")
    if shown is not None:
        parts = urlsplit(shown)
        return local_path(f"{parts.path}?{parts.query}" if parts.query else parts.path)
    if request.method not in {"GET", "HEAD"}:
        return HOME  # It changes something, so it cannot be shown.
    return local_path(request.full_path.removesuffix("?"))


def _is_login(path: str) -> bool:
    return path == "/login" or path.startswith("/login/")
