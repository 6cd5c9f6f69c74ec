"""A rule tried against Jira before it comes into force: the page waits, and the server does not."""

from __future__ import annotations

from dataclasses import dataclass

from flask import request

from core.mapping.document import Document
from gateway.asking import ask_once
from gateway.dashboard.rules.world import DOMAIN


@dataclass(frozen=True)
class Check:
    """How far a check is, and what it found: `problem` in a few words, `lines` in detail.

    `request_id` is there while the answer is not: the page asks again with it.
    """

    request_id: str = ""
    problem: str = ""
    lines: tuple[str, ...] = ()
    forced: bool = False

    @property
    def stops(self) -> bool:
        """Say whether nothing may be changed (yet)."""
        return bool(self.request_id or (self.problem and not self.forced))

    def noted(self, note: str) -> str:
        """Give the note of a change that was made although something spoke against it."""
        forced = f"forced, although {self.problem}" if self.forced and self.problem else ""
        return "; ".join(part for part in (note, forced) if part)


def check(document: Document, rule_id: int, *, held: bool) -> Check:
    """Have a rule tried on its examples and, if `held`, on the newest changes that it holds.

    The form field `check` names the question that was asked already, and `force` is there where
    the person wants it whatever was found.
    """
    arguments = {"document": document, "rule_id": rule_id, "held": held}
    answer = ask_once(request.form.get("check", ""), DOMAIN, "check_rule", arguments)
    forced = "force" in request.form
    if answer.pending:
        return Check(answer.request_id)
    if answer.failure:
        return Check(problem=f"it could not be tried: {answer.failure}", forced=forced)
    return Check(problem=answer.reply["problem"], lines=tuple(answer.reply["lines"]), forced=forced)
