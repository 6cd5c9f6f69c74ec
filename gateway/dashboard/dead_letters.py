"""Dead letters: work that waits for a person, what a replay would change, and the replay."""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import Any

from flask import Blueprint, abort, g, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from core import dead_letters, replaying
from core.database import reading
from core.dead_letters import Letters
from core.domains import load_domains
from core.link_verdict import without_command
from core.lists import letters
from core.models import Replay, Role, Rule, RuleState
from core.replay_once import NonceTakenError
from core.rule_names import rule_names
from core.skipping_letters import skip_letters
from gateway import asking, table_answers
from gateway.access import role_required
from gateway.asking import Asked
from gateway.rendering import notice, page
from gateway.table_answers import day_of, number_of

bp = Blueprint("dead_letters", __name__, url_prefix="/dead-letters")

AT_ONCE = 20
"""Letters of one question to a worker."""

FORESEEN = 100
"""Letters of one preview; each may cost a call to a vendor."""

PICKED = 500
"""Letters that may be picked by hand; a filter takes as many as there are."""

KINDS = {"held": True, "failed": False}


@bp.get("")
@role_required(Role.VIEWER)
def index() -> ResponseReturnValue:
    """Show the table, and above it how many letters wait."""
    with reading() as session:
        rules = rule_names(session)
        counts = dead_letters.count_open_by_held(session)
    domains = {domain.name: domain.title for domain in load_domains()}
    return page(
        "dead_letters.html",
        "main",
        rules=rules,
        domains=domains,
        counts=counts,
        nonce=secrets.token_hex(8),
    )


@bp.get("/data")
@role_required(Role.VIEWER)
def data() -> ResponseReturnValue:
    """Give one page of the letters that the filters leave."""
    ask = table_answers.asked("given_up")
    with reading() as session:
        found = letters.page(session, _filtered(request.args), ask)
    return table_answers.answer(found, ask, _row)


def _row(row: Any) -> dict[str, Any]:  # noqa: ANN401 - of `letters.page`
    hook = row.unit == "delivery"
    return {
        "id": row.id,
        "label": f"{row.unit} {row.record}",
        "record": row.title or (f"delivery {row.unit_id}" if hook else row.record),
        "page": url_for("deliveries.show", delivery_id=row.unit_id)
        if hook
        else url_for("records.show", record=row.record),
        "issue": row.issue_key or "",
        "kind": "held" if row.held else "failed",
        "reason": without_command(row.reason),
        "rule": row.rule or "",
        "attempts": row.attempts,
        "given_up": row.created_at.isoformat(),
    }


@bp.post("/preview")
@role_required(Role.OPERATOR)
def ask_preview() -> ResponseReturnValue:
    """Have workers say what trying the chosen letters again would change."""
    wanted = _chosen(request.form)
    with reading() as session:
        ids = [it.id for it in dead_letters.open_letters(session, FORESEEN, wanted)]
        total = dead_letters.count_open(session, wanted)
    asked = [
        asking.ask(
            replaying.DOMAIN,
            "preview_replay",
            {"letters": ",".join(map(str, ids[start : start + AT_ONCE]))},
        )
        for start in range(0, len(ids), AT_ONCE)
    ]
    failure = next((it.failure for it in asked if it.failure), "")
    if failure:
        return render_template("letters_outcome.html", problem=failure)
    return _foreseen(asked, total, len(ids))


@bp.get("/preview")
@role_required(Role.OPERATOR)
def look_preview() -> ResponseReturnValue:
    """Show what the workers have said so far."""
    ids = [it for it in request.args.get("asked", "").split(",") if it][: FORESEEN // AT_ONCE]
    total, looked_at = number_of(request.args, "total"), number_of(request.args, "of")
    return _foreseen([asking.look(it) for it in ids], total or 0, looked_at or 0)


def _foreseen(asked: list[Asked], total: int, looked_at: int) -> str:
    found = [row for it in asked for row in it.reply or ()]
    effects = dict.fromkeys(row["effect"] for row in found)
    return render_template(
        "letters_preview.html",
        asked=",".join(it.request_id for it in asked),
        waiting=sum(it.pending for it in asked),
        done=sum(not it.pending for it in asked),
        errors=list(dict.fromkeys(it.failure for it in asked if it.failure)),
        found=found,
        effects={it: sum(row["effect"] == it for row in found) for it in effects},
        total=total,
        looked_at=looked_at,
    )


@bp.post("/replay")
@role_required(Role.OPERATOR)
def replay() -> ResponseReturnValue:
    """Have a worker try the chosen letters again, once for each nonce."""
    wanted = _chosen(request.form)
    with reading() as session:
        rule = session.get(Rule, wanted.rule_id) if wanted.rule_id is not None else None
    if rule is not None and rule.state is RuleState.TRIPPED and not wanted.ids:
        words = (
            f"Nothing was done: rule {rule.name!r} is out of force and would hold them all again. "
            "Mend it, then enable it with a replay."
        )
        return render_template("letters_outcome.html", problem=words)
    about = f"dead letters of rule {rule.name}" if rule else "dead letters"
    chosen = dead_letters.in_words(wanted)
    asked = replaying.Request(g.user.email, request.form.get("nonce", "")[:100] or _nonce())
    try:
        replay_id = replaying.begin_many(f"{about}{f': {chosen}' if chosen else ''}", wanted, asked)
    except NonceTakenError as error:
        return render_template("letters_outcome.html", problem=str(error))
    return _progress(replay_id)


@bp.get("/replays/<int:replay_id>")
@role_required(Role.VIEWER)
def progress(replay_id: int) -> ResponseReturnValue:
    """Show how far a replay is."""
    return _progress(replay_id)


def _progress(replay_id: int) -> ResponseReturnValue:
    with reading() as session:
        row = session.get(Replay, replay_id) if replay_id < 2**63 else None
        if row is None:
            abort(404, "There is no such replay; it may be too old.")
        again = _again(row)
        failed = dead_letters.count_open(session, again) if row.finished_at and again else 0
    answer = make_response(
        render_template("letters_progress.html", it=row, failed=failed, nonce=_nonce())
    )
    if row.finished_at is not None:
        answer.headers["HX-Trigger"] = "tables-changed"
    return answer


def _again(row: Replay) -> Letters | None:
    """Give the choice that finds what failed again since."""
    if row.wanted is None:
        return None
    return replace(Letters.from_json(row.wanted), ids=(), up_to=None, since=row.at)


@bp.post("/skip")
@role_required(Role.OPERATOR)
def skip() -> ResponseReturnValue:
    """Take the letters that were picked out of the way, with a note that says why."""
    note = request.form.get("note", "").strip()[:500]
    wanted = _chosen(request.form)
    if not note or not wanted.ids:
        words = "Pick the letters, and say in the note why they are skipped. Nothing was done."
        return render_template("letters_outcome.html", problem=words)
    done, problems = skip_letters(wanted, g.user.email, note)
    words = f"{done:,} {'was' if done == 1 else 'were'} skipped."
    answer = make_response(
        render_template("letters_outcome.html", words=words, problems=problems)
        + notice(words, kind="success" if done else "warning")
    )
    answer.headers["HX-Trigger"] = "tables-changed"
    return answer


def _chosen(form: MultiDict[str, str]) -> Letters:
    """Give the letters that were picked by hand, or else all that the filters leave."""
    picked = [it for it in form.get("letters", "").split(",") if it.isascii() and it.isdigit()]
    if picked:
        return Letters(ids=tuple(sorted({int(it) for it in picked if len(it) < 19})[:PICKED]))  # noqa: PLR2004
    if form.get("all") != "1":
        abort(400, "Pick letters, or say that all of the list are meant.")
    return _filtered(form)


def _filtered(given: MultiDict[str, str]) -> Letters:
    return Letters(
        rule_id=number_of(given, "rule"),
        held=KINDS.get(given.get("kind", "")),
        since=day_of(given, "since"),
        like=given.get("text", "").strip()[:200],
        domain=given.get("domain", "")[:50],
    )


def _nonce() -> str:
    return secrets.token_hex(8)
