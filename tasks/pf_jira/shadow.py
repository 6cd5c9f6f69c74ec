"""Shadow mapping: every rule is tried before real work depends on it.

A run is a row that says what was asked for. One run at a time is worked on, rule by rule, and what
was found about each is committed before the next; what does not get done in the time of one message
is left to another.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from datetime import timedelta
from typing import cast

from celery.exceptions import SoftTimeLimitExceeded
from redis.exceptions import LockError
from sqlalchemy import select
from sqlalchemy.orm import Session

from core import alerts, rule_states, rules, shadow
from core.clock import now
from core.database import reading, writing
from core.dead_letters import Letters
from core.dispatch import publish
from core.domain_settings import get_setting
from core.errors import PayloadError, VendorError
from core.mapping.errors import RuleDocumentError
from core.mapping.overlaps import overlaps
from core.mapping.routing import Rule, in_order
from core.models import Rule as RuleRow
from core.models import RuleState, RunState, ShadowRun, ShadowVerdict
from core.redis_client import NAMESPACE, get_redis
from core.replay import replay_letters
from core.replaying import publish_all
from core.rules import RulesInForce
from core.schedule import claim_turn
from tasks import app
from tasks.pf_jira import DOMAIN, alarms
from tasks.pf_jira.failures import concerns_all
from tasks.pf_jira.trials import OutOfTimeError, Trials, Tried
from tasks.pf_jira.verdicts import act

log = logging.getLogger(__name__)

TASK = "pf_jira.shadow"

LOCK_KEY = f"{NAMESPACE}lock:{TASK}"
LOCK_SECONDS = 110
"""Above the hard time limit: when the lease runs out, its holder is surely gone."""

WORK_SECONDS = 45.0
"""When to leave the rest to another message: a call that began just before may still take 30."""

LONGEST = timedelta(minutes=30)
"""How long a run may take in all. Hundreds of people to look up take minutes."""


@app.task(name=TASK, max_retries=3)
def shadow_mapping(run_id: int) -> None:
    """Try the rules of a run, as far as the time of one message goes.

    Safe to run twice: what was found is not looked for again. While another run is worked on, this
    one waits; whoever ends publishes the next.
    """
    lock = get_redis().lock(LOCK_KEY, timeout=LOCK_SECONDS, blocking=False)
    if not lock.acquire():
        log.info("shadow_waits", extra={"run": run_id, "reason": "another one is still running"})
        return
    try:
        _work_on(run_id)
    finally:
        try:
            lock.release()
        except LockError:
            log.warning("shadow_lock_lost", extra={"seconds": LOCK_SECONDS})
    _publish_next()


@app.task(name="pf_jira.shadow_nightly", max_retries=0)
def shadow_nightly() -> None:
    """Have all rules tried, once a night."""
    if not claim_turn("pf_jira.shadow_nightly"):
        return
    _ask_for([None])


@app.task(name="pf_jira.recheck", max_retries=0)
def recheck() -> None:
    """Have those rules tried again that do not fit, and all when the last night's run failed.

    Runs whose message was lost are published again before anything is asked for anew.
    """
    if not claim_turn("pf_jira.recheck") or _publish_next():
        return
    with reading() as session:
        nightly = shadow.latest_of_all(session, DOMAIN)
        watched = shadow.rules_to_watch(session, also=_told_of_strikes(session))
    if nightly is not None and nightly.state is RunState.FAILED:
        _ask_for([None])
    elif watched:
        _ask_for(watched)


def _told_of_strikes(session: Session) -> list[int]:
    """Give the rules of which people were told that they do not fit; a mended one fits again."""
    ids = session.scalars(select(RuleRow.id).where(RuleRow.state == RuleState.ACTIVE)).all()
    by_cause = {rule_states.struck_cause(rule_id): rule_id for rule_id in ids}
    return [by_cause[cause] for cause in alerts.open_causes(session, by_cause)]


def _ask_for(names: Sequence[str | None]) -> None:
    """Ask for runs of one rule each, or of all rules for None."""
    with writing() as session:
        ids = [shadow.ask(session, DOMAIN, shadow.SCHEDULE, name) for name in names]
    publish(TASK, ids[0])


def _publish_next() -> bool:
    """Publish the oldest run that is not finished, and say whether there is one."""
    with reading() as session:
        run_id = shadow.oldest_unfinished(session, DOMAIN)
    return run_id is not None and publish(TASK, run_id)


def _work_on(run_id: int) -> None:
    with writing() as session:
        run = shadow.begin(session, run_id)
    if run is None:
        return
    deadline = time.monotonic() + WORK_SECONDS
    try:
        if run.started_at is not None and now() > run.started_at + LONGEST:
            _fail(run_id, "it took too long; see how many people and rules there are")
            return
        if _try_rules(run, deadline):
            _replay_enabled(run_id)
            with writing() as session:
                shadow.finish(session, run_id)
    except (OutOfTimeError, SoftTimeLimitExceeded):
        log.info("shadow_continues", extra={"run": run_id})
    except RuleDocumentError as error:
        _fail(run_id, f"a stored rule cannot be read: {error}", error)
    except (VendorError, PayloadError) as error:
        _fail(run_id, str(error), error)
    except Exception as error:
        words = f"an unexpected error ({type(error).__name__}); the log of the worker has it"
        _fail(run_id, words, error)
        raise


def _fail(run_id: int, reason: str, error: Exception | None = None) -> None:
    # The reason stands in the run; it may quote a rule, whose tables can hold e-mails.
    log.warning("shadow_failed", extra={"run": run_id, "error": type(error).__name__})
    with writing() as session:
        shadow.fail(session, run_id, reason)
        if error is not None:
            alarms.refused(session, error)


def _try_rules(run: ShadowRun, deadline: float) -> bool:
    """Try the rules of a run that are still to be tried; raises what ends the run.

    Gives `False` where that is left to another message.
    """
    with reading() as session:
        in_force = rules.rules_in_force(session)
        wanted, versions = _wanted(session, run, in_force)
        done = {result.rule_id for result, _ in shadow.results(session, run.id)}
        share = cast("int", get_setting(session, DOMAIN, "trip_share_percent"))
        reenable = cast("bool", get_setting(session, DOMAIN, "reenable_by_itself"))
    trials = Trials(
        in_order({rule.id: rule for rule in (*in_force.rules, *wanted)}.values()),
        share,
        lambda: time.monotonic() > deadline,
    )
    recent = trials.recent_ids(wanted)
    with writing() as session:
        records = len({link_id for ids in recent.values() for link_id in ids})
        shadow.sized(session, run.id, rules=len(wanted), records=records)
    collisions = _collisions(in_force.rules)
    for rule in wanted:
        if rule.id in done:
            continue
        if time.monotonic() > deadline:
            return False
        tried = _try(trials, rule, recent[rule.id])
        found = tried.found(versions[rule.id], collisions.get(rule.id, ()))
        with writing() as session:
            action = act(session, tried, versions[rule.id], reenable=reenable)
            shadow.advance(session, run.id, found, action)
        log.info("rule_tried", extra={"rule": rule.id, "verdict": tried.verdict, "did": action})
    return True


def _wanted(
    session: Session, run: ShadowRun, in_force: RulesInForce
) -> tuple[list[Rule], dict[int, int]]:
    """Give the rules that a run is to try, and their versions; a named one may be out of force."""
    if run.only_rule is None:
        return list(in_force.rules), dict(in_force.versions)
    row = rules.find_rule(session, run.only_rule)
    return ([rules.to_rule(row)], {row.id: row.version}) if row is not None else ([], {})


def _try(trials: Trials, rule: Rule, link_ids: Sequence[int]) -> Tried:
    """Try a rule; an error that says nothing about the next one is its verdict."""
    try:
        return trials.try_rule(rule, link_ids)
    except (VendorError, PayloadError) as error:
        if isinstance(error, VendorError) and concerns_all(error):
            raise
        return Tried(rule, ShadowVerdict.UNKNOWN, f"Nothing is known: {error}.")


def _collisions(in_force: Sequence[Rule]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for overlap in overlaps(in_force):
        for rule in (overlap.first, overlap.second):
            found.setdefault(rule.id, []).append(str(overlap))
    return found


def _replay_enabled(run_id: int) -> None:
    """Send what rules held that this run put back; done before the run ends, so never left out."""
    with reading() as session:
        enabled = [
            it.rule_id for it, _ in shadow.results(session, run_id) if it.action == "enabled"
        ]
    for rule_id in enabled:
        publish_all(replay_letters(Letters(rule_id=rule_id)))
