"""Shadow mapping: when rules were tried, what was found about each, and a run at once."""

from __future__ import annotations

from flask import Blueprint, Response, abort, redirect, request, url_for
from flask.typing import ResponseReturnValue

from core import audit, shadow
from core.database import reading, writing
from core.dispatch import publish
from core.models import Role, Rule, RunState, ShadowRun
from gateway.access import role_required
from gateway.dashboard.rules.common import author, rights
from gateway.dashboard.rules.world import DOMAIN
from gateway.rendering import page, wants_fragment

TASK = f"{DOMAIN}.shadow"
TEMPLATE = "shadow.html"

bp = Blueprint("shadow", __name__)


@bp.get("/shadow")
@role_required(Role.VIEWER)
def index() -> ResponseReturnValue:
    """Show the last runs, and what the newest of all rules found."""
    return _runs(0)


@bp.get("/shadow/<int:run_id>")
@role_required(Role.VIEWER)
def run(run_id: int) -> ResponseReturnValue:
    """Show one run; while it is not over the page asks for it every second."""
    return _runs(run_id)


@bp.post("/shadow/run")
@role_required(Role.OPERATOR)
def begin() -> ResponseReturnValue:
    """Have a worker try all rules, or one, at once."""
    rule_id = request.form.get("rule_id", 0, int)
    with writing() as session:
        name = None
        if rule_id:
            row = session.get(Rule, rule_id)
            name = row.name if row is not None else abort(404, "There is no such rule (any more).")
        run_id = shadow.ask(session, DOMAIN, author(), name)
        # What it finds may trip a rule.
        subject = f"rule {name}" if name is not None else "all rules"
        audit.note(session, author(), "asked for a shadow mapping of", subject)
    # A lost message is no loss: whoever looks for unfinished runs publishes it again.
    publish(TASK, run_id)
    where = url_for("shadow.run", run_id=run_id)
    return Response(headers={"HX-Redirect": where}) if wants_fragment() else redirect(where, 303)


def _runs(run_id: int) -> Response:
    with reading() as session:
        latest = shadow.latest(session)
        chosen = shadow.find(session, run_id) if run_id else _newest(latest)
        if run_id and chosen is None:
            abort(
                404, "There is no such run (any more); runs are kept as long as the settings say."
            )
        found = shadow.results(session, chosen.id) if chosen is not None else []
    collisions = list(dict.fromkeys(it for result, _ in found for it in result.collisions))
    return page(
        TEMPLATE,
        "runs",
        latest=latest,
        run=chosen,
        found=found,
        collisions=collisions,
        unfinished=chosen is not None and chosen.state in shadow.UNFINISHED,
        **rights(),
    )


def _newest(latest: list[ShadowRun]) -> ShadowRun | None:
    """Give the newest run of all rules, or of one where there is none; what fails says least."""
    of_all = (it for it in latest if it.only_rule is None and it.state is not RunState.FAILED)
    return next(of_all, latest[0] if latest else None)
