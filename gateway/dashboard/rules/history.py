"""A rule's history: who changed it, when, how and why, and the way back."""

from __future__ import annotations

from flask import Response, request
from flask.typing import ResponseReturnValue

from core import rule_edits, rule_history
from core import rules as stored
from core.database import reading, writing
from core.mapping import document
from core.mapping.errors import RuleDocumentError
from core.models import Role, Rule, RuleState
from core.rule_edits import ChangedMeanwhileError, Seen
from core.rule_history import NoSuchVersionError, WayBack
from core.rule_text import difference
from gateway.access import role_required
from gateway.dashboard.rules import checks
from gateway.dashboard.rules.activation import head_of
from gateway.dashboard.rules.checks import Check
from gateway.dashboard.rules.common import author, pages, rule_or_404, still_out_of_force, told
from gateway.rendering import page

TEMPLATE = "rule_history.html"


@pages.get("/rules/<int:rule_id>/history")
@role_required(Role.VIEWER)
def history(rule_id: int) -> ResponseReturnValue:
    """Show the versions of a rule, newest first."""
    with reading() as session:
        row = rule_or_404(session, rule_id)
    return _history(row)


@pages.get("/rules/<int:rule_id>/history/<int:number>")
@role_required(Role.VIEWER)
def version(rule_id: int, number: int) -> ResponseReturnValue:
    """Show what a version changed, and what going back to it would change."""
    with reading() as session:
        row = rule_or_404(session, rule_id)
        found = rule_history.versions(session, row)
    by_number = {it.version: rule_history.as_now_written(it.document) for it in found}
    if number not in by_number:
        return _history(row, said=f"Rule {row.name!r} has no version {number}.")
    made = difference(
        by_number.get(number - 1),
        by_number[number],
        before_is=f"version {number - 1}" if number - 1 in by_number else "nothing",
        after_is=f"version {number}",
    )
    return _history(row, chosen=number, made=made, back=_back(row, number))


@pages.post("/rules/<int:rule_id>/history/<int:number>")
@role_required(Role.ADMIN)
def rollback(rule_id: int, number: int) -> ResponseReturnValue:
    """Go back to a version, which is a new version."""
    with reading() as session:
        row = rule_or_404(session, rule_id)
        try:
            back = rule_history.way_back(session, row, number)
        except (NoSuchVersionError, RuleDocumentError) as error:
            back, said = None, str(error)
    if back is None:
        return _history(row, said=said)
    check = _checked(row, back)
    if check.stops:
        return _history(row, chosen=number, back=_back(row, number), check=check)
    try:
        with writing() as session:
            seen = Seen(rule_id, request.form.get("version", 0, int))
            row = rule_edits.present(session, seen)
            note = check.noted(request.form.get("note", "").strip())
            row = rule_history.rollback(session, row, number, author(), note)
            stored.try_unrouted(session)
    except ChangedMeanwhileError as error:
        return _history(row, said=f"{error} Look at the difference again.")
    said = f"Rule {row.name!r} is as it was in version {number}; this is version {row.version}."
    return _history(row, said=f"{said}{still_out_of_force(row)}", kind="success")


def _checked(row: Rule, back: WayBack) -> Check:
    if row.state is not RuleState.ACTIVE or not back.rule.examples:
        return Check()
    wanted = document.without_id(document.dump(back.rule))
    return checks.check(wanted, row.id, held=False)


def _back(row: Rule, number: int) -> list[str]:
    """Give what going back would change; nothing where it would change nothing."""
    with reading() as session:
        try:
            back = rule_history.way_back(session, row, number)
        except (NoSuchVersionError, RuleDocumentError):
            return []
    return difference(
        stored.written(row),
        document.without_id(document.dump(back.rule)),
        before_is=f"as it is (version {row.version})",
        after_is=f"version {number}",
    )


def _history(
    row: Rule, *, said: str = "", kind: str = "warning", chosen: int = 0, **more: object
) -> Response:
    with reading() as session:
        row = rule_or_404(session, row.id)
        steps = rule_history.steps(rule_history.versions(session, row))
    values = {"made": [], "back": [], "check": Check(), **more}
    answer = page(TEMPLATE, "history", steps=steps, chosen=chosen, **values, **head_of(row))
    return told(answer, said, kind)
