"""Put the stand-in together: routes, authentication, error answers, faults and the control API."""

from __future__ import annotations

import json
from collections.abc import Callable

from flask import Flask, Response, abort, jsonify, make_response, request
from flask.json.provider import DefaultJSONProvider
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound

from sandbox.common import calls as call_counts
from sandbox.common import faults as injected_faults
from sandbox.common.calls import Calls, is_vendor_path
from sandbox.common.control import control_blueprint, refuse_foreign_callers
from sandbox.common.faults import Faults
from sandbox.jira import auth
from sandbox.jira.context import Services
from sandbox.jira.control_api import control_api
from sandbox.jira.control_schema_api import control_schema_api
from sandbox.jira.errors import JiraError, PlainError, ProblemError
from sandbox.jira.issue_parts_api import issue_parts_api
from sandbox.jira.issues_api import issues_api
from sandbox.jira.meta_api import meta_api
from sandbox.jira.search_api import search_api
from sandbox.jira.site import JiraSite
from sandbox.jira.users_api import users_api
from sandbox.jira.webhooks import Dispatcher
from sandbox.jira.webhooks_api import webhooks_api

CLOUD_ID = "5f1d6b0c-6a4e-4d0e-9f0a-acme00000001"
_GATEWAY_PREFIX = "/ex/jira/"

_Environ = dict[str, object]


class _Json(DefaultJSONProvider):
    """JSON as Jira writes it: keys in the order of the views, text not escaped."""

    sort_keys = False
    ensure_ascii = False


class _JiraApp(Flask):
    """An application whose views run one at a time.

    The lock is taken around the view alone: a fault that sleeps before or after it holds up its
    own request and nobody else's.
    """

    def __init__(self, site: JiraSite) -> None:
        super().__init__("sandbox.jira")
        self._site = site

    def dispatch_request(self) -> ResponseReturnValue:
        """Answer a request under the site's lock."""
        with self._site.lock:
            return super().dispatch_request()


def create_app(
    site: JiraSite, *, dispatcher: Dispatcher | None = None, faults: Faults | None = None
) -> Flask:
    """Return the stand-in as a WSGI application over `site`.

    `dispatcher` sends the webhooks; its threads begin with the first one. The faults and call
    counts are those of the control API.
    """
    app = _JiraApp(site)
    app.json = _Json(app)
    app.url_map.strict_slashes = False
    app.extensions["jira"] = Services(site, dispatcher or Dispatcher(site, site.documents))
    faults = faults or Faults()
    calls = Calls()
    refuse_foreign_callers(app)
    call_counts.install(app, calls)
    injected_faults.install(app, faults)
    auth.install(app, site)
    _refuse_other_bodies(app)
    _answer_errors(app)
    app.register_blueprint(control_blueprint(faults, calls))
    for blueprint in (control_api, control_schema_api, webhooks_api):
        app.register_blueprint(blueprint)
    for version in ("2", "3", "latest"):
        for blueprint in (meta_api, search_api, issues_api, issue_parts_api, users_api):
            app.register_blueprint(
                blueprint,
                name=f"{blueprint.name}_{version}",
                url_prefix=f"/rest/api/{version}{blueprint.url_prefix or ''}",
            )
    app.add_url_rule("/_edge/tenant_info", view_func=_tenant_info)
    app.wsgi_app = _behind_gateway(app.wsgi_app)
    return app


def _tenant_info() -> ResponseReturnValue:
    """Return the id under which Atlassian's API gateway knows the site; nobody need log in."""
    return {"cloudId": CLOUD_ID}


def _behind_gateway(inner: Callable) -> Callable:
    """Serve the site also below the path that Atlassian's gateway gives it.

    Source: https://developer.atlassian.com/cloud/jira/platform/oauth-2-3lo-apps/
    """

    def application(environ: _Environ, start_response: Callable) -> object:
        path = str(environ["PATH_INFO"])
        if not path.startswith(_GATEWAY_PREFIX):
            return inner(environ, start_response)
        prefix = f"{_GATEWAY_PREFIX}{CLOUD_ID}"
        if path.startswith(f"{prefix}/"):
            environ["SCRIPT_NAME"] = prefix
            environ["PATH_INFO"] = path.removeprefix(prefix)
            return inner(environ, start_response)
        body = {
            "timestamp": "2026-01-01T00:00:00.000+00:00",
            "status": 404,
            "error": "Not Found",
            "message": "No message available",
            "path": path,
        }
        answer = Response(json.dumps(body), 404, content_type="application/json")
        return answer(environ, start_response)

    return application


def _refuse_other_bodies(app: Flask) -> None:
    @app.before_request
    def check_content_type() -> None:
        if is_vendor_path(request.path) and request.get_data() and not request.is_json:
            abort(415)


def _answer_errors(app: Flask) -> None:
    """Answer every refusal in the shape that Jira gives to it."""

    @app.errorhandler(JiraError)
    def answer_refusal(error: JiraError) -> ResponseReturnValue:
        return jsonify(error.body()), error.status

    @app.errorhandler(PlainError)
    def answer_plainly(error: PlainError) -> ResponseReturnValue:
        answer = make_response(error.text, error.status)
        answer.headers["Content-Type"] = "text/plain;charset=UTF-8"
        answer.headers.update(error.headers)
        return answer

    @app.errorhandler(ProblemError)
    def answer_problem(error: ProblemError) -> ResponseReturnValue:
        return _problem(error.status, error.title, error.detail)

    @app.errorhandler(HTTPException)
    def answer_http_error(error: HTTPException) -> ResponseReturnValue | HTTPException:
        if not is_vendor_path(request.path):
            return {"error": error.description}, error.code or 500
        if isinstance(error, NotFound):
            detail = f"No endpoint {request.method} {request.path}."
        elif isinstance(error, MethodNotAllowed):
            detail = f"Method '{request.method}' is not supported."
        else:
            detail = error.description or ""
        return _problem(error.code or 500, error.name, detail)


def _problem(status: int, title: str, detail: str) -> Response:
    answer = jsonify(
        type="about:blank", title=title, status=status, detail=detail, instance=request.path
    )
    answer.status_code = status
    answer.content_type = "application/problem+json"
    return answer
