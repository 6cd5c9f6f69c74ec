"""Put the PeopleForce stand-in together."""

from __future__ import annotations

import hmac
from pathlib import Path

from flask import Flask, Response, request
from flask.json.provider import DefaultJSONProvider
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from sandbox.common import calls as call_counts
from sandbox.common import faults as injected
from sandbox.common.calls import Calls, is_vendor_path
from sandbox.common.control import control_blueprint, refuse_foreign_callers
from sandbox.common.documents import Documents
from sandbox.common.faults import Faults
from sandbox.page import page_blueprint
from sandbox.peopleforce import answers
from sandbox.peopleforce.api import api
from sandbox.peopleforce.control_api import control
from sandbox.peopleforce.control_people_api import control_people
from sandbox.peopleforce.office import Office


class _VendorJson(DefaultJSONProvider):
    """Write keys in the order of the vendor's examples, and names in their own letters."""

    sort_keys = False
    ensure_ascii = False


def create_app(
    *,
    api_key: str,
    data_dir: Path | None = None,
    jira_url: str | None = None,
    open_tasks: int = 150,
    completed_tasks: int = 60,
) -> Flask:
    """Return the stand-in as an application for `sandbox.common.server`.

    `data_dir` holds its data between runs (None: memory only); `jira_url` is the Jira stand-in,
    whose issues the page shows beside the tasks. The two sizes count when the store is empty.
    """
    app = Flask(__name__, static_folder=None)
    app.json = _VendorJson(app)
    office = Office(
        Documents(data_dir / "peopleforce.sqlite3" if data_dir else None),
        open_tasks=open_tasks,
        completed_tasks=completed_tasks,
    )
    faults, calls = Faults(), Calls()
    app.extensions |= {"office": office, "faults": faults, "calls": calls}
    refuse_foreign_callers(app)
    call_counts.install(app, calls)
    injected.install(app, faults)
    _guard(app, office, api_key)
    app.register_blueprint(api)
    app.register_blueprint(control_blueprint(faults, calls))
    app.register_blueprint(control)
    app.register_blueprint(control_people)
    app.register_blueprint(page_blueprint(jira_url))
    return app


def _guard(app: Flask, office: Office, api_key: str) -> None:
    """Check key and rate limit before the API answers anything, also that a path is unknown."""

    @app.before_request
    def check_key_and_limit() -> Response | None:
        if not is_vendor_path(request.path):
            return None
        given = request.headers.get("X-API-KEY", "")
        if not hmac.compare_digest(given.encode(), api_key.encode()):
            return answers.bad_credentials()
        wait = office.rate_limit.wait_before(office.switches.rate_limit)
        return answers.rate_limited(wait, office.switches) if wait else None

    @app.errorhandler(404)
    @app.errorhandler(405)
    def answer_unknown_path(error: HTTPException) -> ResponseReturnValue:
        if is_vendor_path(request.path):
            return answers.not_found(office.switches)
        return {"error": error.description}, error.code or 404
