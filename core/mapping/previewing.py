"""What a rule would do with recent records, as somebody sees it who is still writing it. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from core.mapping.casts import Lookups
from core.mapping.conditions import Condition
from core.mapping.record import Record, RecordError
from core.mapping.resolve import Payload, Violations, needed_lookups, resolve
from core.mapping.routing import Action, Rule, in_order, route
from core.mapping.schema import TargetField, TargetSchema
from core.mapping.trying import readable
from core.mapping.values import Value
from core.mapping.violations import Blame, placed

EXAMPLES = 3
"""Records that are named for a problem."""

UNKNOWN_ACCOUNT = "?"
"""Begins the account id that stands for a person who was not looked up yet."""


@dataclass
class Problem:
    """One thing that keeps records out, and whom it keeps out."""

    place: str
    words: str
    records: list[str] = field(default_factory=list)

    @property
    def named(self) -> list[str]:
        """A few of the records."""
        return self.records[:EXAMPLES]


@dataclass(frozen=True)
class Written:
    """One field as it would be written for a record; an empty value clears it."""

    target: TargetField
    value: Any


@dataclass(frozen=True)
class OneRecord:
    """What would become of one record: taken or not, and if so as what or why not."""

    record_id: str
    conditions: tuple[tuple[str, bool], ...]
    earlier: str = ""
    """The rule that takes it first."""
    fields: tuple[Written, ...] = ()
    problems: tuple[Problem, ...] = ()
    notices: tuple[str, ...] = ()

    @property
    def matches(self) -> bool:
        """Say whether all conditions hold."""
        return all(holds for _, holds in self.conditions)


@dataclass
class Preview:
    """How a rule fares with some records.

    `matching` are those that its conditions take, `earlier` counts those of them that a rule takes
    which comes before it. `refused` are among the rest. `people_not_known` were taken to have an
    account.
    """

    looked_at: int
    matching: list[str] = field(default_factory=list)
    earlier: Counter[str] = field(default_factory=Counter)
    refused: list[str] = field(default_factory=list)
    problems: dict[tuple[str, str], Problem] = field(default_factory=dict)
    people_not_known: set[str] = field(default_factory=set)
    itself: list[Problem] = field(default_factory=list)
    """What is wrong whatever the record."""

    @property
    def problems_of_records(self) -> list[Problem]:
        """What keeps some records out, and is not wrong whatever the record."""
        itself = {(it.place, it.words) for it in self.itself}
        return [it for key, it in self.problems.items() if key not in itself]

    @property
    def taken(self) -> int:
        """How many records the rule would take."""
        return len(self.matching) - self.earlier.total()


@dataclass(frozen=True)
class Around:
    """What a rule stands among: the rules in force, its target's schema, and known accounts.

    Without a schema only that is found which the conditions tell. Whoever is not among the `known`
    people is taken to have an account: a page that waits for nobody cannot know.
    """

    others: Sequence[Rule] = ()
    schema: TargetSchema | None = None
    known: Lookups = field(default_factory=dict)


def preview(rule: Rule, records: Mapping[str, Record], around: Around) -> Preview:
    """Try a rule on records, by id."""
    found = Preview(len(records), itself=_wrong_itself(rule, around.schema))
    before = _before(rule, around.others)
    for record_id, record in records.items():
        if route([rule], record).rule is None:
            continue
        found.matching.append(record_id)
        first = route(before, record).rule
        if first is not None:
            found.earlier[first.name] += 1
        elif rule.action is Action.SYNC and around.schema is not None:
            supposed = _supposed(rule, record, around.schema, around.known)
            found.people_not_known.update(supposed)
            outcome = _resolved(rule, record, around.schema, {**supposed, **around.known})
            if isinstance(outcome, Violations):
                found.refused.append(record_id)
                for problem in _problems(outcome):
                    kept = found.problems.setdefault((problem.place, problem.words), problem)
                    kept.records.append(record_id)
    return found


def preview_one(rule: Rule, record_id: str, record: Record, around: Around) -> OneRecord:
    """Say what a rule would make of one record, condition by condition and field by field.

    The fields are given for a record that the conditions do not take, too: somebody chose it.
    """
    first = route(_before(rule, around.others), record).rule
    conditions = tuple((str(it), _holds(it, record)) for it in rule.conditions)
    earlier = first.name if first is not None else ""
    schema = around.schema
    if rule.action is Action.DROP or schema is None:
        return OneRecord(record_id, conditions, earlier)
    people = {**_supposed(rule, record, schema, around.known), **around.known}
    outcome = _resolved(rule, record, schema, people)
    notices = tuple(
        f"{placed('', it.field_id, it.field_name)}: {it.text}" for it in outcome.notices
    )
    if isinstance(outcome, Violations):
        problems = tuple(_problems(outcome))
        return OneRecord(record_id, conditions, earlier, problems=problems, notices=notices)
    fields = tuple(
        Written(schema.fields[key], readable(value, people))
        for key, value in outcome.values.items()
    )
    return OneRecord(record_id, conditions, earlier, fields, notices=notices)


def _before(rule: Rule, others: Sequence[Rule]) -> list[Rule]:
    """Give the rules that are tried before one; a rule that is not stored yet is the youngest."""
    everyone = in_order([*(it for it in others if it.id != rule.id), rule])
    if rule.id == 0:
        return [it for it in everyone if it is not rule and it.priority <= rule.priority]
    return everyone[: everyone.index(rule)]


def _holds(condition: Condition, record: Record) -> bool:
    try:
        return condition.holds(record)
    except RecordError:
        return False


def _resolved(
    rule: Rule, record: Record, schema: TargetSchema, people: Lookups
) -> Payload | Violations:
    return resolve(record, rule, schema, people, _AsTheyAre())


def _supposed(rule: Rule, record: Record, schema: TargetSchema, known: Lookups) -> dict[str, str]:
    missing: Collection[str] = needed_lookups(rule, record, schema) - known.keys()
    return {email: f"{UNKNOWN_ACCOUNT}{email}" for email in missing}


def _wrong_itself(rule: Rule, schema: TargetSchema | None) -> list[Problem]:
    if schema is None or rule.action is Action.DROP:
        return []
    outcome = _resolved(rule, {}, schema, {})
    if not isinstance(outcome, Violations):
        return []
    at_fault = (it for it in outcome.violations if it.blame is Blame.RULE)
    return [Problem(placed("", it.field_id, it.field_name), it.words) for it in at_fault]


def _problems(outcome: Violations) -> list[Problem]:
    return [Problem(placed("", it.field_id, it.field_name), it.words) for it in outcome.violations]


class _AsTheyAre:
    """Leaves values as they are: people read them, and no vendor."""

    def shape(self, _: TargetField, value: Value, /) -> Value:
        return value
