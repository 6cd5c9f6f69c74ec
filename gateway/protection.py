"""What every answer and every request is guarded by: headers, CSRF tokens, trusted proxies."""

from __future__ import annotations

import logging

from flask import Flask, Response, g, request
from flask_wtf.csrf import CSRFError, CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from core.settings import Settings
from gateway import refusal_log
from gateway.auth import cookie
from gateway.refusals import told

CSP = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
"""No inline script or style, no `eval`, no foreign host, nobody's frame."""

HEADERS = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), "
    "payment=(), usb=()",
    # Links in records lead elsewhere, and nobody there needs to know from which page.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}

HSTS = "max-age=31536000"
"""A year, for this host alone: what else the domain serves is not for us to decide."""


def configure(app: Flask, settings: Settings) -> None:
    """Guard the app; call it when all blueprints are there."""
    cookie.configure(app, settings)
    if settings.trusted_proxies:
        # Not the host: some proxies pass on what the client says of it. Links come from the
        # settings.
        app.wsgi_app = ProxyFix(
            app.wsgi_app, x_for=settings.trusted_proxies, x_proto=settings.trusted_proxies, x_host=0
        )
    app.config.update(
        # A page may stay open all day; its token is good for as long as the log-in.
        WTF_CSRF_TIME_LIMIT=None,
        # The host that we see may not be the one in the browser. The check is there for cookies set
        # by a neighbouring host, and the prefix __Host- keeps those out.
        WTF_CSRF_SSL_STRICT=False,
    )
    csrf = CSRFProtect(app)
    # It has a line for each refusal, as many as a stranger likes; ours are bounded.
    logging.getLogger("flask_wtf").setLevel(logging.WARNING)
    for name in ("webhooks", "commands"):
        # Programs without a cookie: a signature or an API key is what a foreign page cannot send.
        csrf.exempt(app.blueprints[name])
    # Flower's own scripts do not know the token; its view asks for a header in its place.
    csrf.exempt(app.blueprints["flower"])
    app.register_error_handler(CSRFError, _page_too_old)
    headers = headers_for(settings)

    def protect(response: Response) -> Response:
        for name, value in headers.items():
            response.headers.setdefault(name, value)
        if response.location and response.location.startswith(request.host_url):
            # Routing names the host that it was asked under: a proxy's inner one, or a forged one.
            response.location = response.location.removeprefix(request.host_url.rstrip("/"))
            response.set_data(b"")
        if "user" in g:
            # It was shown to one person; neither a proxy nor the next one at the screen may see it.
            response.headers.setdefault("Cache-Control", "no-store")
        return response

    app.after_request(protect)


def headers_for(settings: Settings) -> dict[str, str]:
    """Give the headers of every answer."""
    headers = {"Content-Security-Policy": policy(CSP), **HEADERS}
    if settings.behind_tls:
        headers["Strict-Transport-Security"] = HSTS
    return headers


def policy(directives: dict[str, str]) -> str:
    """Write a Content-Security-Policy."""
    return "; ".join(f"{name} {value}" for name, value in directives.items())


def _page_too_old(error: CSRFError) -> Response:
    refusal_log.note("csrf_refused", "csrf", path=request.path, reason=error.description)
    return told(
        400,
        "page_too_old",
        "Nothing was changed",
        "This page is older than your log-in, or did not come from the gateway. Go back, reload "
        "the page, and try again.",
    )
