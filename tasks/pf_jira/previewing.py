"""What would be sent to Jira for a task: planned as `sync` plans it, and not sent.

Schemas and people come from the caches that `sync` works with, so a preview sees what it would see.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core import ledger, rules
from core.answering import CommandRefusedError
from core.database import reading
from core.errors import VendorNotFoundError, VendorRejectedError
from core.mapping import routing
from core.mapping.record import Record
from core.mapping.resolve import needed_lookups
from core.mapping.schema import TargetSchema
from core.models import Link, RuleState
from tasks.pf_jira import SOURCE, wiring
from tasks.pf_jira.people import with_people
from tasks.pf_jira.planning import (
    Create,
    Hold,
    Leave,
    Plan,
    Refuse,
    Update,
    needs_schema,
    plan,
    rule_for,
)
from tasks.pf_jira.preparing import gone
from tasks.pf_jira.schemas import schema_of, was_outdated

HOW_TO_GET_IT = (
    "The gateway takes in tasks that are open in PeopleForce; the next poll may bring it, or ask "
    "for one with `igw poll`."
)


@dataclass(frozen=True)
class _Choice:
    """The rule to preview, why it is this one, and why it is out of force where it is.

    `why` is empty for a rule that was asked for by name: then its conditions are to be told.
    """

    rule: routing.Rule | None
    why: str
    out_of_force: str = ""

    @property
    def rules(self) -> list[routing.Rule]:
        """The rule as a list, which is empty where no rule takes the task."""
        return [self.rule] if self.rule is not None else []


def preview(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Give what `sync` would send to Jira for a task, field by field, or why it would not.

    By the rule that takes the task, or by one that is named: that one is tried whatever its state
    and its conditions, and the answer says what they are. Raises `CommandRefusedError` for a task
    or rule that is not there.
    """
    with reading() as session:
        link = ledger.find(session, SOURCE, arguments["task"])
        in_force = rules.rules_in_force(session)
    if link is None:
        raise CommandRefusedError(f"The gateway knows no task {arguments['task']}. {HOW_TO_GET_IT}")
    named = _named_rule(arguments["rule"]) if "rule" in arguments else None
    asked = in_force.rules if named is None else named.rules
    [record] = with_people(wiring.peopleforce(), [link.snapshot], asked)
    choice = named or _taken_by(link, record, in_force)
    return {
        "task": link.source_id,
        "issue": link.issue_key,
        "rule": _rule_facts(choice.rule),
        "why": choice.why or str(routing.route(choice.rules, record)),
        "out_of_force": choice.out_of_force,
        **_plan_facts(*planned(link, record, choice.rule)),
    }


def _named_rule(name: str) -> _Choice:
    with reading() as session:
        row = rules.find_rule(session, name)
        if row is None:
            known = ", ".join(repr(one.name) for one in rules.all_rules(session))
            raise CommandRefusedError(f"There is no rule {name!r}. There are: {known or 'none'}.")
        tripped = row.tripped_reason if row.state is RuleState.TRIPPED else ""
        disabled = "it is disabled" if row.state is RuleState.DISABLED else ""
        return _Choice(rules.to_rule(row), "", tripped or disabled)


def _taken_by(link: Link, record: Record, in_force: rules.RulesInForce) -> _Choice:
    rule = rule_for(link, record, in_force.rules)
    decision = routing.route(in_force.rules, record)
    why = str(decision)
    if rule is not decision.rule and rule is not None:
        why = f"{rule.name!r} made its issue and keeps it"
    tripped = in_force.tripped.get(rule.id, "") if rule else ""
    return _Choice(rule, why, tripped)


def planned(
    link: Link, record: Record, rule: routing.Rule | None
) -> tuple[Plan, TargetSchema | None]:
    """Plan a link as `sync` would; what a schema refuses that may be old, by the one of now."""
    if rule is None or not needs_schema(link, rule):
        return plan(link, record, rule, None, {}), None
    schema = _schema(rule)
    found = _planned_by(link, record, rule, schema)
    if isinstance(found, Refuse) and was_outdated(rule.project, rule.issue_type, schema):
        schema = _schema(rule)
        found = _planned_by(link, record, rule, schema)
    return found, schema


def _schema(rule: routing.Rule) -> TargetSchema:
    try:
        return schema_of(rule.project, rule.issue_type)
    except (VendorNotFoundError, VendorRejectedError) as error:
        raise CommandRefusedError(gone(rule, error)) from error


def _planned_by(link: Link, record: Record, rule: routing.Rule, schema: TargetSchema) -> Plan:
    emails = needed_lookups(rule, record, schema)
    accounts = {email: wiring.jira().account_id_for(email) for email in emails}
    return plan(link, record, rule, schema, accounts)


def _plan_facts(found: Plan, schema: TargetSchema | None) -> dict[str, Any]:
    """Say what a plan would do, field by field, or in words why it would not."""
    match found:
        case Create(_, fields, _, notices):
            return _outcome("create", _fields(fields, schema), notices=notices)
        case Update() if not found.changed and found.move_to_done is None:
            return _outcome("nothing", reason=found.reason or "Jira has it already")
        case Update():
            return _outcome(
                "update",
                _fields(found.changed, schema),
                reason=found.reason,
                notices=found.notices,
                move_to_done=found.move_to_done,
            )
        case Refuse(_, violations):
            return _outcome("refused", violations=[str(it) for it in violations.violations])
        case Leave() | Hold():
            return _outcome("nothing", reason=found.reason)


def _outcome(
    action: str,
    fields: Sequence[Mapping[str, Any]] = (),
    *,
    reason: str = "",
    notices: Sequence[str] = (),
    violations: Sequence[str] = (),
    move_to_done: bool | None = None,
) -> dict[str, Any]:
    return {
        "action": action,
        "fields": list(fields),
        "move_to_done": move_to_done,
        "reason": reason,
        "notices": list(notices),
        "violations": list(violations),
    }


def _fields(values: Mapping[str, Any], schema: TargetSchema | None) -> list[dict[str, Any]]:
    known = schema.fields if schema is not None else {}
    return [
        {"id": key, "name": known[key].name if key in known else key, "value": value}
        for key, value in values.items()
    ]


def _rule_facts(rule: routing.Rule | None) -> dict[str, Any] | None:
    if rule is None:
        return None
    return {
        "name": rule.name,
        "action": rule.action.value,
        "project": rule.project,
        "issue_type": rule.issue_type,
    }
