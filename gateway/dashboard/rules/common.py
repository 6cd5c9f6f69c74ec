"""What the pages of rules share: their routes' blueprint, who may do what, and finding a rule."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, Response, abort, g
from sqlalchemy.orm import Session

from core.clock import age
from core.models import Role, Rule, RuleState
from gateway.rendering import notice

pages = Blueprint("rules", __name__)


@pages.app_template_filter()
def span(seconds: float) -> str:
    """Say how long so many seconds are, as `12 min`."""
    count, unit = age(timedelta(seconds=seconds)).split(" ")[:2]
    return f"{count} {unit}"


def told(answer: Response, text: str, kind: str = "success") -> Response:
    """Give an answer with a sentence that appears in the page's corner."""
    if text:
        answer.set_data(answer.get_data(as_text=True) + notice(text, kind=kind))
    return answer


def author() -> str:
    """Give who asks, as the history and the audit name them."""
    return g.user.email


def rights() -> dict[str, bool]:
    """Give what templates need to know of the person's role."""
    return {
        "may_change": g.user.role.covers(Role.ADMIN),
        "may_replay": g.user.role.covers(Role.OPERATOR),
    }


def rule_or_404(session: Session, rule_id: int) -> Rule:
    """Give a rule, or answer that it is not there."""
    row = session.get(Rule, rule_id)
    if row is None:
        abort(404, "There is no such rule (any more).")
    return row


def still_out_of_force(row: Rule) -> str:
    """Say that a rule which was changed does nothing yet; nothing where it is active."""
    if row.state is RuleState.ACTIVE:
        return ""
    return f" It is {row.state.value} and stays so until it is enabled."


def changes(count: int) -> str:
    """Give a number of changes in words."""
    return f"{count:,} change" if count == 1 else f"{count:,} changes"
