"""The page for people: tasks and issues side by side, a board, and a panel for failures."""

from __future__ import annotations

from pathlib import Path

import requests
from flask import Blueprint, Response, request, send_from_directory
from flask.typing import ResponseReturnValue

_STATIC = Path(__file__).parent / "static"
_TIMEOUT_SECONDS = 10
# Everything comes from here; titles from HR can hold HTML, and none of it may ever run.
_CONTENT_SECURITY_POLICY = "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'"


def page_blueprint(jira_url: str | None) -> Blueprint:
    """Return the page at `/`, its files, and a way to the Jira stand-in's control API.

    The browser talks to this origin alone; calls for Jira are passed on from here. `jira_url` None
    leaves the issues out.
    """
    page = Blueprint("page", __name__)

    @page.get("/")
    def show() -> Response:
        response = send_from_directory(_STATIC, "index.html")
        response.headers["Content-Security-Policy"] = _CONTENT_SECURITY_POLICY
        return response

    @page.get("/_page/<path:name>")
    def asset(name: str) -> Response:
        return send_from_directory(_STATIC, name)

    @page.route("/_control/jira/<path:path>", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
    def pass_on(path: str) -> ResponseReturnValue:
        if jira_url is None:
            return {"error": "no Jira sandbox is set"}, 503
        with requests.Session() as session:
            session.trust_env = False  # A proxy for the outer world has no business here.
            try:
                answer = session.request(
                    request.method,
                    f"{jira_url.rstrip('/')}/_control/{path}",
                    params=request.args,
                    data=request.get_data(),
                    headers={"Content-Type": request.content_type or "application/json"},
                    timeout=_TIMEOUT_SECONDS,
                )
            except requests.RequestException:
                return {"error": "the Jira sandbox does not answer"}, 502
        return Response(
            answer.content, answer.status_code, content_type=answer.headers.get("Content-Type")
        )

    return page
