"""A rule into force and out of it, and what it holds sent on its way."""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from flask import Response, request
from flask.typing import ResponseReturnValue

from core import audit, dead_letters, rule_edits, rule_states
from core import rules as stored
from core.database import reading, writing
from core.dead_letters import Letters
from core.models import Role, Rule, RuleState
from core.replay import Replayed, replay_some
from core.replaying import publish_all
from core.rule_edits import ChangedMeanwhileError, Seen
from gateway.access import role_required
from gateway.dashboard.rules import checks
from gateway.dashboard.rules.checks import Check
from gateway.dashboard.rules.common import author, changes, pages, rights, rule_or_404, told
from gateway.rendering import page

_CONFLICT = 409


@dataclass(frozen=True)
class Progress:
    """How far a replay is: `up_to` is the newest letter that is meant, `total` how many are."""

    done: int
    total: int
    up_to: int


@pages.post("/rules/<int:rule_id>/enable")
@role_required(Role.ADMIN)
def enable(rule_id: int) -> ResponseReturnValue:
    """Put a rule into force once its examples and what it holds were seen to fit."""
    with reading() as session:
        row = rule_or_404(session, rule_id)
    if row.state is RuleState.ACTIVE:
        return _state(row, "The rule is active already; nothing was changed.", kind="info")
    check = checks.check(stored.written(row), row.id, held=True)
    if check.stops:
        return _state(row, check=check)
    try:
        with writing() as session:
            present = rule_edits.present(session, _seen(rule_id))
            rule_states.enable(session, present, author(), check.noted(_note()))
    except ChangedMeanwhileError as error:
        return _conflict(rule_id, error)
    if "replay" in request.form:
        return _begin_replay(present, f"Rule {present.name!r} is active.")
    return _state(present, f"Rule {present.name!r} is active.")


@pages.post("/rules/<int:rule_id>/disable")
@role_required(Role.ADMIN)
def disable(rule_id: int) -> ResponseReturnValue:
    """Take a rule out of force; what it would take goes to the next one that takes it."""
    try:
        with writing() as session:
            row = rule_or_404(session, rule_id)
            held = rule_states.held_by(session, rule_id)
            if row.state is not RuleState.DISABLED:
                row = rule_edits.present(session, _seen(rule_id))
                rule_states.disable(session, row, author(), _note())
    except ChangedMeanwhileError as error:
        return _conflict(rule_id, error)
    more = (
        f" The {changes(held)} that it held go to the next rule that takes them, within ten "
        "seconds; without one they are unrouted."
        if held
        else ""
    )
    return _state(row, f"Rule {row.name!r} is disabled.{more}")


@pages.post("/rules/<int:rule_id>/replay")
@role_required(Role.OPERATOR)
def replay(rule_id: int) -> ResponseReturnValue:
    """Try again what a rule holds and what failed under it, some hundred changes at a time."""
    with reading() as session:
        row = rule_or_404(session, rule_id)
    if row.state is RuleState.TRIPPED:
        text = f"Rule {row.name!r} is tripped and would hold it all again. Enable it first."
        return _state(row, text, kind="warning")
    if "up_to" not in request.form:
        return _begin_replay(row)
    progress = Progress(
        request.form.get("done", 0, int),
        request.form.get("total", 0, int),
        request.form.get("up_to", 0, int),
    )
    return _go_on(row, progress)


def _begin_replay(row: Rule, said: str = "") -> Response:
    wanted = Letters(rule_id=row.id)
    with writing() as session:
        total = dead_letters.count_open(session, wanted)
        up_to = dead_letters.last_of(session, wanted)
        if total:
            why = f"{total:,} dead letter{'s' * (total != 1)}"
            audit.note(session, author(), "replayed", stored.subject(row), why=why)
    if not total:
        return _state(row, f"{said} It holds nothing.".strip(), kind="info")
    return _go_on(row, Progress(0, total, up_to), said)


def _go_on(row: Rule, progress: Progress, said: str = "") -> Response:
    replayed = Replayed()
    with writing() as session:
        letters = replay_some(session, Letters(rule_id=row.id, up_to=progress.up_to), replayed)
    publish_all(replayed)
    done = progress.done + letters
    if letters and done < progress.total:
        return _state(row, said, progress=replace(progress, done=done))
    are = "is" if done == 1 else "are"
    return _state(row, f"{said} {changes(done)} {are} tried again now.".strip())


def _seen(rule_id: int) -> Seen:
    state = request.form.get("state", "")
    known = RuleState(state) if state in list(RuleState) else None
    return Seen(rule_id, request.form.get("version", 0, int), known)


def _note() -> str:
    return request.form.get("note", "").strip()


def _conflict(rule_id: int, error: ChangedMeanwhileError) -> Response:
    with reading() as session:
        row = rule_or_404(session, rule_id)
    answer = _state(row, f"{error} Look at it as it is now, then try again.", kind="warning")
    answer.status_code = _CONFLICT
    return answer


def _state(
    row: Rule,
    said: str = "",
    *,
    kind: str = "success",
    check: Check | None = None,
    progress: Progress | None = None,
) -> Response:
    """Give the head of a rule's page as it is now."""
    answer = page("rule_head.html", "state", check=check, progress=progress, **head_of(row))
    return told(answer, said, kind)


def head_of(row: Rule) -> dict[str, object]:
    """Give what the head of a rule's page shows."""
    with reading() as session:
        held = dead_letters.count_open(session, Letters(rule_id=row.id))
    return {
        "row": row,
        "held": held,
        "strikes": rule_states.STRIKES,
        "tab": _tab(row.id),
        **rights(),
    }


def _tab(rule_id: int) -> str:
    """Give the page that is open: a button's own address says nothing of that."""
    shown = urlsplit(request.headers.get("HX-Current-URL") or request.url).path
    rest = shown.removeprefix(f"/rules/{rule_id}/")
    return f"rules.{rest.split('/')[0]}" if rest.startswith(("fit", "history")) else "rules.show"
