"""How a rule fits: the last trial, changes that would help, and what it holds."""

from __future__ import annotations

from typing import Any

from flask import Response, request
from flask.typing import ResponseReturnValue
from jinja2_fragments.flask import render_block

from core import rule_edits, rule_listing, shadow
from core import rules as stored
from core.database import reading, writing
from core.mapping import document
from core.mapping.errors import RuleDocumentError
from core.models import Role, Rule
from core.rule_edits import ChangedMeanwhileError, Seen
from core.rule_text import difference
from gateway import asking
from gateway.access import role_required
from gateway.asking import Asked
from gateway.dashboard.rules.activation import head_of
from gateway.dashboard.rules.common import author, pages, rule_or_404, still_out_of_force, told
from gateway.dashboard.rules.world import DOMAIN
from gateway.rendering import page

TEMPLATE = "rule_fit.html"


@pages.get("/rules/<int:rule_id>/fit")
@role_required(Role.VIEWER)
def fit(rule_id: int) -> ResponseReturnValue:
    """Show what the last trial found, and what the rule holds."""
    with reading() as session:
        row = rule_or_404(session, rule_id)
        result = shadow.last_result(session, rule_id)
        letters = rule_listing.held_changes(session, rule_id)
    return page(TEMPLATE, "fit", result=result, letters=letters, asked=None, **head_of(row))


@pages.post("/rules/<int:rule_id>/mends")
@role_required(Role.OPERATOR)
def mends(rule_id: int) -> ResponseReturnValue:
    """Have a worker look for changes that would make the rule fit Jira as it is now."""
    with reading() as session:
        row = rule_or_404(session, rule_id)
    asked = request.form.get("asked", "")
    return _mends(row, asking.ask_once(asked, DOMAIN, "find_mends", {"rule_id": rule_id}))


@pages.post("/rules/<int:rule_id>/mend")
@role_required(Role.ADMIN)
def mend(rule_id: int) -> ResponseReturnValue:
    """Make one of the changes that were found, as a new version of the rule."""
    with reading() as session:
        row = rule_or_404(session, rule_id)
    asked = request.form.get("asked", "")
    known = asking.known(asked, DOMAIN, "find_mends", {"rule_id": rule_id})
    found = _chosen(known, request.form.get("key", ""))
    if known is None or found is None:
        text = "What was found is too old to be used. Look for changes that would help again."
        return told(_mends(row, None), text, "warning")
    try:
        with writing() as session:
            seen = Seen(rule_id, known.reply["version"])
            rule = document.parse(found["document"])
            row = rule_edits.change(session, seen, rule, author(), f"mended: {found['text']}")
    except (ChangedMeanwhileError, RuleDocumentError) as error:
        return told(
            _mends(row, None), f"{error} Look for changes that would help again.", "warning"
        )
    text = f"Rule {row.name!r} was changed (version {row.version}).{still_out_of_force(row)}"
    answer = told(_mends(row, None), text)
    # The head of the page says which version this is.
    head = render_block("rule_head.html", "state", **head_of(row))
    partial = f'<hx-partial hx-target="#rule-state" hx-swap="outerHTML">{head}</hx-partial>'
    answer.set_data(answer.get_data(as_text=True) + partial)
    return answer


def _chosen(known: Asked | None, key: str) -> dict[str, Any] | None:
    if known is None or known.reply is None:
        return None
    found = (it for it in known.reply["mends"] if it["key"] == key and it["document"])
    return next(found, None)


def _mends(row: Rule, known: Asked | None) -> Response:
    found: list[dict[str, Any]] = []
    if known is not None and known.reply is not None:
        before = stored.written(row)
        for one in known.reply["mends"]:
            after = one["document"]
            lines = (
                difference(before, after, before_is="as it is", after_is="mended") if after else []
            )
            found.append({**one, "difference": lines})
    return page(TEMPLATE, "mends", asked=known, mends=found, **head_of(row))
