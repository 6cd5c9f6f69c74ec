"""Trying rules on their newest records against Jira as it is at this moment. Writes nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, cast

from sqlalchemy.orm import Session

from connectors.jira.schema import JiraShapes
from connectors.peopleforce.models import Task
from core import shadow
from core.database import reading
from core.domain_settings import get_setting
from core.errors import GatewayError, VendorError, VendorNotFoundError, VendorRejectedError
from core.mapping.casts import Lookups
from core.mapping.mending import Mend, seen_to_help
from core.mapping.mends import candidates
from core.mapping.record import Record
from core.mapping.resolve import needed_lookups
from core.mapping.routing import Action, Rule, in_order, route
from core.mapping.schema import TargetSchema
from core.mapping.shadow import Examination, Finding, Trial, examine, left_out, without_target
from core.models import ShadowVerdict
from core.rules import rules_in_force
from core.shadow import Found, Recent
from tasks.pf_jira import DOMAIN, wiring
from tasks.pf_jira.people import with_people
from tasks.pf_jira.schemas import fresh_schema_of

PER_RULE = 200
"""Records that a rule is tried on: half of them is a number that says something."""

LOOK_AT = 2000
"""Newest records that are routed to find those of each rule."""

AT_ONCE = 500
"""Records in memory at a time."""

MINIMAL: Record = Task(
    id=0,
    type="",
    title="Shadow mapping",
    description_html="",
    starts_on=None,
    ends_on=None,
    completed=False,
    assigned_to=None,
    associated_to=None,
    created_at=None,
).to_record()
"""The least that PeopleForce can send: what a rule demands beyond that, it must provide itself."""


class OutOfTimeError(GatewayError):
    """The time of one message is up; what was read so far is cached, so another gets further."""


@dataclass(frozen=True)
class Tried:
    """What a rule came to, and the changes that were seen to help."""

    rule: Rule
    verdict: ShadowVerdict
    summary: str
    reason: str = ""
    tried: int = 0
    failed: int = 0
    findings: tuple[Finding, ...] = ()
    mends: tuple[Mend, ...] = ()

    @property
    def best(self) -> Mend | None:
        """The change that helps most; None where a person has to choose, or nothing is known."""
        return next((mend for mend in self.mends if mend.rule is not None), None)

    def found(self, version: int, collisions: Sequence[str]) -> Found:
        """Give what is stored of it."""
        return Found(
            rule_id=self.rule.id,
            version=version,
            verdict=self.verdict,
            summary=self.summary,
            tried=self.tried,
            failed=self.failed,
            findings=[_stored_finding(finding) for finding in self.findings],
            mends=[_stored_mend(mend, self.failed) for mend in self.mends],
            collisions=collisions,
        )


@dataclass
class Trials:
    """Tries rules in one go: each target's schema is read once, and each person looked up once.

    `rules` are those in force, by which records are routed. `out_of_time` is asked between calls to
    Jira.
    """

    rules: Sequence[Rule]
    share_percent: int
    out_of_time: Callable[[], bool] = lambda: False
    _accounts: dict[str, str | None] = field(default_factory=dict)
    _schemas: dict[tuple[str, str], TargetSchema | VendorError] = field(default_factory=dict)

    def recent_ids(self, tried: Sequence[Rule]) -> dict[int, list[int]]:
        """Give the link ids of the records on which each rule is to be tried, by the rule's id."""
        ids: dict[int, list[int]] = {rule.id: [] for rule in tried}
        below: int | None = None
        for _ in range(LOOK_AT // AT_ONCE):
            chunk = self._read(lambda session, end=below: shadow.newest(session, AT_ONCE, end))
            for recent in chunk:
                rule = route(self.rules, recent.snapshot).rule
                if rule is not None and len(ids.get(rule.id, ())) < PER_RULE:
                    ids.setdefault(rule.id, []).append(recent.link_id)
            if len(chunk) < AT_ONCE:
                break
            below = chunk[-1].link_id
        with reading() as session:
            for rule in tried:
                if len(ids[rule.id]) < PER_RULE:
                    more = shadow.newest_ids_of(session, rule.id, PER_RULE)
                    ids[rule.id] = list(dict.fromkeys([*ids[rule.id], *more]))[:PER_RULE]
        return {rule.id: ids[rule.id] for rule in tried}

    def try_rule(self, rule: Rule, link_ids: Sequence[int]) -> Tried:
        """Try one rule on some records.

        Raises OutOfTimeError, and a `VendorError` where Jira cannot be asked, from which nothing
        follows for the rule.
        """
        if rule.action is Action.DROP:
            return _judged(rule, left_out(rule, len(link_ids)))
        try:
            schema = self._schema(rule)
        except (VendorNotFoundError, VendorRejectedError) as error:
            return _judged(rule, without_target(rule, len(link_ids), error.detail or str(error)))
        recent = self._read(lambda session: shadow.records(session, link_ids))
        trial = Trial(
            rule,
            {it.source_id: it.snapshot for it in recent},
            MINIMAL,
            schema,
            self._accounts,
            JiraShapes(),
            {it.source_id: it.written for it in recent},
        )
        self._look_up(trial, rule)
        examination = examine(trial, self.share_percent)
        untried = candidates(trial, examination)
        for mend in untried:
            if mend.rule is not None:
                self._look_up(trial, mend.rule)
        return _judged(rule, examination, seen_to_help(trial, untried))

    def _read(self, query: Callable[[Session], list[Recent]]) -> list[Recent]:
        """Read records as rules see them: all that trials see comes through here."""
        with reading() as session:
            found = query(session)
        snapshots = [recent.snapshot for recent in found]
        records = with_people(wiring.peopleforce(), snapshots, self.rules)
        return [
            replace(recent, snapshot=record) for recent, record in zip(found, records, strict=True)
        ]

    def _schema(self, rule: Rule) -> TargetSchema:
        target = (rule.project, rule.issue_type)
        if target not in self._schemas:
            self._check_time()
            try:
                self._schemas[target] = fresh_schema_of(*target)
            except (VendorNotFoundError, VendorRejectedError) as error:
                self._schemas[target] = error
        known = self._schemas[target]
        if isinstance(known, VendorError):
            raise known
        return known

    def _look_up(self, trial: Trial, rule: Rule) -> Lookups:
        for record in (*trial.records.values(), trial.synthetic):
            for email in needed_lookups(rule, record, trial.schema) - self._accounts.keys():
                self._check_time()
                self._accounts[email] = wiring.jira().account_id_for(email)
        return self._accounts

    def _check_time(self) -> None:
        if self.out_of_time():
            raise OutOfTimeError


def try_now(rule: Rule) -> Tried:
    """Try a stored rule here and now.

    What a run found may be of a schema or of a rule that is no more. Raises as `try_rule` does.
    """
    with reading() as session:
        in_force = rules_in_force(session).rules
        share = cast("int", get_setting(session, DOMAIN, "trip_share_percent"))
    everyone = {one.id: one for one in (*in_force, rule)}
    trials = Trials(in_order(everyone.values()), share)
    return trials.try_rule(rule, trials.recent_ids([rule])[rule.id])


def _judged(rule: Rule, found: Examination, mends: Sequence[Mend] = ()) -> Tried:
    return Tried(
        rule,
        ShadowVerdict(found.verdict.value),
        found.summary,
        found.reason,
        found.tried,
        found.failed,
        found.findings,
        tuple(mends),
    )


def _stored_finding(finding: Finding) -> dict[str, Any]:
    violation = asdict(finding.violation)
    return {
        **{key: violation[key] for key in ("field_id", "field_name", "problem", "remedy")},
        **{key: violation[key] for key in ("allowed", "allowed_count", "nearest", "blame")},
        "text": str(finding),
        "records": finding.records,
        "examples": list(finding.examples),
        "values": [list(pair) for pair in finding.values],
        "rule_at_fault": finding.rule_at_fault,
    }


def _stored_mend(mend: Mend, failed: int) -> dict[str, Any]:
    return {
        "key": mend.key,
        "text": mend.text,
        "details": list(mend.details),
        "helps": mend.helps,
        "of": failed,
        "applicable": mend.rule is not None,
    }
