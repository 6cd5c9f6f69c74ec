"""What is done about what a shadow mapping found, and what people are told of it."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import alerts, audit, rule_states, shadow
from core.models import Alert, AlertSeverity, Rule, RuleState, ShadowVerdict
from tasks.pf_jira.trials import Tried

TEXT_LIMIT = 1200
"""Characters of a reason that an alert repeats; `igw rules shadow` shows all of it."""


def act(session: Session, tried: Tried, version: int, *, reenable: bool) -> str:
    """Do what a verdict asks for, and give the word for it; empty where there is nothing to do.

    Nothing is concluded about a rule that was changed since `version`, which is the one that was
    tried. After `enabled` the caller replays what the rule held, once this is committed.
    """
    row = session.scalar(
        select(Rule)
        .where(Rule.id == tried.rule.id, Rule.version == version)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if row is None or tried.verdict is ShadowVerdict.UNKNOWN:
        return ""
    unfit = tried.verdict is ShadowVerdict.UNFIT
    if row.state is RuleState.ACTIVE:
        return _strike(session, row, tried) if unfit else _spare(session, row, tried)
    if row.state is RuleState.TRIPPED and unfit:
        alerts.resolve(session, rule_states.fits_again_cause(row.id))
    if row.state is RuleState.TRIPPED and not unfit and shadow.was_mended(session, row):
        return _bring_back(session, row, tried, reenable=reenable)
    return ""


def _strike(session: Session, row: Rule, tried: Tried) -> str:
    mend = _best_mend(row, tried)
    reason = f"{tried.reason}\n{mend}" if mend else tried.reason
    state = rule_states.strike(session, row.id, row.version, reason)
    if state is RuleState.TRIPPED:
        return "tripped"
    if state is None:
        return ""
    alerts.resolve(session, rule_states.some_fail_cause(row.id))
    alerts.raise_alert(
        session,
        cause=rule_states.struck_cause(row.id),
        severity=AlertSeverity.WARNING,
        title=f"Rule {row.name!r} does not fit any more",
        text=f"{_shortened(tried.reason)}\n{mend}\nA check in about five minutes takes the rule "
        "out of force unless it fits by then; what it takes is held from then on, and nothing is "
        f"lost. All that was found: `igw rules shadow {row.name!r}`.",
    )
    return "strike"


def _spare(session: Session, row: Rule, tried: Tried) -> str:
    rule_states.pardon(session, row.id)
    causes = {rule_states.struck_cause(row.id), rule_states.some_fail_cause(row.id)}
    if tried.verdict is ShadowVerdict.SOME_FAIL:
        _tell_some_fail(session, row, tried)
        causes.discard(rule_states.some_fail_cause(row.id))
    for cause in alerts.open_causes(session, causes):
        alerts.resolve(session, cause)
    return ""


def _tell_some_fail(session: Session, row: Rule, tried: Tried) -> None:
    examples = dict.fromkeys(it for finding in tried.findings for it in finding.examples)
    some = ", ".join(list(examples)[: alerts.MAX_RECORDS])
    alerts.raise_alert(
        session,
        cause=rule_states.some_fail_cause(row.id),
        severity=AlertSeverity.WARNING,
        title=f"Rule {row.name!r}: {tried.failed} of {tried.tried} records would be refused",
        text=f"{_shortened(tried.reason)}\nThe rule stays in force. Each of these tasks becomes a "
        "dead letter when an issue has to be made for it: correct it in PeopleForce, or give the "
        f"field a fallback. {_best_mend(row, tried)} For example the tasks {some}.",
    )


def _bring_back(session: Session, row: Rule, tried: Tried, *, reenable: bool) -> str:
    if reenable:
        why = f"it fits again, and the setting reenable_by_itself is on. {tried.summary}"
        rule_states.enable(session, row, audit.GATEWAY, why)
        if tried.verdict is ShadowVerdict.SOME_FAIL:
            _tell_some_fail(session, row, tried)
        return "enabled"
    cause = rule_states.fits_again_cause(row.id)
    told = select(Alert.id).where(
        Alert.cause == cause, Alert.resolved_at.is_(None), Alert.first_seen >= row.tripped_at
    )
    if session.scalar(told) is not None:
        return ""
    held = rule_states.held_by(session, row.id)
    alerts.raise_alert(
        session,
        cause=cause,
        severity=AlertSeverity.INFO,
        title=f"Rule {row.name!r} fits again",
        text=f"{tried.summary} It was taken out of force {row.tripped_at:%Y-%m-%d %H:%M} UTC and "
        f"holds {held} change{'s' * (held != 1)}. Put it back and send what it holds with: "
        f"`igw rules enable {row.name!r} --replay`.",
    )
    return "offered"


def _best_mend(row: Rule, tried: Tried) -> str:
    mend = tried.best
    if mend is None:
        choices = [it.text for it in tried.mends]
        return f"What would help: {choices[0]}." if choices else ""
    seen = f" (seen to help {mend.helps} of {tried.failed} records)" if mend.helps else ""
    return (
        f"What would help: {mend.text}{seen}. Do it with: "
        f"`igw rules mend {row.name!r} {mend.key} --apply`."
    )


def _shortened(reason: str) -> str:
    return reason if len(reason) <= TEXT_LIMIT else f"{reason[:TEXT_LIMIT]} ..."
