"""Shadow mappings as they are stored: what is asked for, how far it is, what was found."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, delete, exists, or_, select
from sqlalchemy.orm import Session

from core.clock import now
from core.models import (
    Link,
    Rule,
    RuleState,
    RuleVersion,
    RunState,
    ShadowResult,
    ShadowRun,
    ShadowVerdict,
)

SCHEDULE = "schedule"
"""Who asked, where beat did."""

UNFINISHED = (RunState.WAITING, RunState.RUNNING)


@dataclass(frozen=True)
class Recent:
    """A record as a shadow mapping reads it: by its link, with what the target was given for it.

    `written` is empty where the target was not given the record as it is.
    """

    link_id: int
    source_id: str
    snapshot: dict[str, Any]
    written: dict[str, Any]


@dataclass(frozen=True)
class Found:
    """What is stored of one rule's trial; see `ShadowResult`."""

    rule_id: int
    version: int
    verdict: ShadowVerdict
    summary: str
    tried: int = 0
    failed: int = 0
    findings: Sequence[dict[str, Any]] = ()
    mends: Sequence[dict[str, Any]] = ()
    collisions: Sequence[str] = field(default=())


def ask(session: Session, domain: str, asked_by: str, only_rule: str | None = None) -> int:
    """Note that a shadow mapping is wanted, of all rules or of one, and give the run's id.

    Publish `<domain>.shadow` with the id after the commit. A lost message is no loss: whoever looks
    for unfinished runs publishes them again.
    """
    run = ShadowRun(domain=domain, asked_by=asked_by, only_rule=only_rule)
    session.add(run)
    session.flush()
    return run.id


def begin(session: Session, run_id: int) -> ShadowRun | None:
    """Give a run to work on, (still) running from now on; None where it is over or unknown."""
    run = session.get(ShadowRun, run_id, with_for_update=True)
    if run is None or run.state not in UNFINISHED:
        return None
    run.state = RunState.RUNNING
    run.started_at = run.started_at or now()
    return run


def sized(session: Session, run_id: int, *, rules: int, records: int) -> None:
    """Note how much a run has to do."""
    run = session.get_one(ShadowRun, run_id)
    run.rules_total, run.records = rules, records


def advance(session: Session, run_id: int, found: Found, action: str = "") -> None:
    """Note what was found about one rule, and what was done about it."""
    session.add(
        ShadowResult(
            run_id=run_id,
            rule_id=found.rule_id,
            rule_version=found.version,
            verdict=found.verdict,
            summary=found.summary,
            tried=found.tried,
            failed=found.failed,
            findings=list(found.findings),
            mends=list(found.mends),
            collisions=list(found.collisions),
            action=action,
        )
    )
    session.get_one(ShadowRun, run_id, with_for_update=True).rules_done += 1


def finish(session: Session, run_id: int) -> None:
    """Note that a run has tried all its rules."""
    _end(session, run_id, RunState.DONE, "")


def fail(session: Session, run_id: int, reason: str) -> None:
    """Note that a run could not be carried through, which says nothing about the rules."""
    _end(session, run_id, RunState.FAILED, reason)


def find(session: Session, run_id: int) -> ShadowRun | None:
    """Give a run as it is now."""
    return session.get(ShadowRun, run_id, populate_existing=True)


def latest(session: Session, limit: int = 20) -> list[ShadowRun]:
    """Give the runs that were asked for last, newest first."""
    return list(session.scalars(select(ShadowRun).order_by(ShadowRun.id.desc()).limit(limit)))


def latest_of_all(session: Session, domain: str) -> ShadowRun | None:
    """Give the newest run that beat asked for and that is of all rules."""
    return session.scalar(
        select(ShadowRun)
        .where(
            ShadowRun.domain == domain,
            ShadowRun.only_rule.is_(None),
            ShadowRun.asked_by == SCHEDULE,
        )
        .order_by(ShadowRun.id.desc())
        .limit(1)
    )


def oldest_unfinished(session: Session, domain: str) -> int | None:
    """Give the id of the run that is to be worked on next."""
    return session.scalar(
        select(ShadowRun.id)
        .where(ShadowRun.domain == domain, ShadowRun.state.in_(UNFINISHED))
        .order_by(ShadowRun.id)
        .limit(1)
    )


def results(session: Session, run_id: int) -> list[tuple[ShadowResult, Rule]]:
    """Give what a run found, each with its rule as that is now, in the order of the rules."""
    rows = session.execute(
        select(ShadowResult, Rule)
        .join(Rule, Rule.id == ShadowResult.rule_id)
        .where(ShadowResult.run_id == run_id)
        .order_by(Rule.priority, Rule.id)
    )
    return [(result, rule) for result, rule in rows]


def last_result(session: Session, rule_id: int) -> ShadowResult | None:
    """Give what was last found about a rule."""
    return session.scalar(
        select(ShadowResult)
        .where(ShadowResult.rule_id == rule_id)
        .order_by(ShadowResult.id.desc())
        .limit(1)
    )


def rules_to_watch(session: Session, also: Collection[int] = ()) -> list[str]:
    """Give the names of the rules that are tripped or have a strike, and of some others."""
    watched = or_(Rule.state == RuleState.TRIPPED, Rule.strikes > 0, Rule.id.in_(also))
    return list(
        session.scalars(
            select(Rule.name)
            .where(Rule.state != RuleState.DISABLED, watched)
            .order_by(Rule.priority, Rule.id)
        )
    )


def was_mended(session: Session, rule: Rule) -> bool:
    """Say whether there is a reason for a tripped rule to fit now, other than that it always did.

    That is: it was changed since, or the target's schema was seen not to fit it since. What the
    target refuses for reasons that its schema does not show fits all the time.
    """
    since = rule.tripped_at
    unfit = (ShadowResult.rule_id == rule.id, ShadowResult.verdict == ShadowVerdict.UNFIT)
    return bool(
        session.scalar(
            select(
                or_(
                    exists().where(*unfit, ShadowResult.at >= since),
                    exists().where(RuleVersion.rule_id == rule.id, RuleVersion.at > since),
                )
            )
        )
    )


def newest(session: Session, limit: int, below: int | None = None) -> list[Recent]:
    """Give the newest records, newest first, of those with a link id below one that is given."""
    older = (Link.id < below,) if below is not None else ()
    return _recent(session, *older, limit=limit)


def newest_ids_of(session: Session, rule_id: int, limit: int) -> list[int]:
    """Give the link ids of the newest records that followed a rule, newest first."""
    of_rule = select(Link.id).where(Link.rule_id == rule_id)
    return list(session.scalars(of_rule.order_by(Link.id.desc()).limit(limit)))


def records(session: Session, link_ids: Collection[int]) -> list[Recent]:
    """Give some records, newest first."""
    return _recent(session, Link.id.in_(link_ids), limit=len(link_ids))


def _recent(session: Session, *conditions: ColumnElement[bool], limit: int) -> list[Recent]:
    columns = (Link.id, Link.source_id, Link.snapshot, Link.written)
    in_step = Link.last_sync_hash == Link.seen_hash
    rows = session.execute(
        select(*columns, in_step).where(*conditions).order_by(Link.id.desc()).limit(limit)
    )
    return [
        Recent(link_id, source_id, snapshot, written if synced else {})
        for link_id, source_id, snapshot, written, synced in rows
    ]


def _end(session: Session, run_id: int, state: RunState, reason: str) -> None:
    run = session.get_one(ShadowRun, run_id, with_for_update=True)
    run.state, run.reason, run.finished_at = state, reason, now()
    session.flush()
    if run.asked_by == SCHEDULE:
        _forget_the_same_before(session, run)


def _forget_the_same_before(session: Session, run: ShadowRun) -> None:
    """Remove the run before where it was about the same and found the same.

    A rule that stays tripped is tried every few minutes; what came of the last attempt is enough.
    """
    if run.only_rule is None and run.state is RunState.DONE:
        return
    same = ShadowRun.only_rule == run.only_rule if run.only_rule else ShadowRun.only_rule.is_(None)
    before = session.scalar(
        select(ShadowRun)
        .where(ShadowRun.id < run.id, ShadowRun.domain == run.domain, same)
        .order_by(ShadowRun.id.desc())
        .limit(1)
    )
    if before is None or before.asked_by != SCHEDULE:
        return
    found, found_before = _outcome(session, run.id), _outcome(session, before.id)
    done = any(action for *_, action in found_before)
    if before.state is run.state and found_before == found and not done:
        session.execute(delete(ShadowRun).where(ShadowRun.id == before.id))


def _outcome(session: Session, run_id: int) -> list[tuple[Any, ...]]:
    rows = session.execute(
        select(
            ShadowResult.rule_id,
            ShadowResult.rule_version,
            ShadowResult.verdict,
            ShadowResult.action,
        )
        .where(ShadowResult.run_id == run_id)
        .order_by(ShadowResult.rule_id)
    )
    return [tuple(row) for row in rows]
