"""Which rule takes a record: like in a firewall, the first that matches."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from enum import StrEnum
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from core.mapping.conditions import Condition
from core.mapping.errors import RuleError
from core.mapping.examples import Example
from core.mapping.record import Record, RecordError
from core.mapping.sources import FieldMapping
from core.mapping.violations import Notice


class Action(StrEnum):
    """What a rule does with the records it takes."""

    SYNC = "sync"
    DROP = "drop"


@dataclass(frozen=True)
class Rule:
    """A routing rule: what it takes (all conditions must hold), whither, and as what.

    The lowest `priority` is tried first, among equals the lowest id. `time_zone` is an IANA name:
    days and times of records that name no zone are there.

    Raises RuleError, with the rule's name in it, where the parts do not go together.
    """

    id: int
    name: str
    priority: int
    conditions: tuple[Condition, ...] = ()
    action: Action = Action.SYNC
    project: str = ""
    issue_type: str = ""
    fields: tuple[FieldMapping, ...] = ()
    time_zone: str = "UTC"
    recreate_deleted: bool = False
    examples: tuple[Example, ...] = ()
    zone: tzinfo = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "zone", self._checked_zone())
        if self.action is Action.SYNC and not (self.project and self.issue_type):
            missing = "issue_type" if self.project else "project"
            raise RuleError(
                "the rule does not say where records go",
                f"choose the {missing}",
                missing,
                self.name,
            )
        seen: set[str] = set()
        for position, mapping in enumerate(self.fields):
            if mapping.field_id in seen:
                raise RuleError(
                    f"the field {mapping.name or mapping.field_id} is mapped twice",
                    "put both sources into one mapping, in the order in which they are tried",
                    f"fields[{position}]",
                    self.name,
                )
            seen.add(mapping.field_id)
        self._check_examples()

    def _check_examples(self) -> None:
        seen: set[str] = set()
        for position, example in enumerate(self.examples):
            part = f"examples[{position}]"
            if example.name in seen:
                raise RuleError(
                    f"there are two examples {example.name!r}",
                    "give each a name of its own, for messages go by it",
                    f"{part}.name",
                    self.name,
                )
            seen.add(example.name)
            if self.action is Action.DROP and example.asks_for_fields:
                raise RuleError(
                    "the rule leaves records out, so nothing is written for them",
                    "expect {} where it takes the record, or passed over",
                    f"{part}.expect",
                    self.name,
                )

    def _checked_zone(self) -> tzinfo:
        try:
            return ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise RuleError(
                f"there is no time zone {self.time_zone!r}",
                "use a name of the IANA list such as Europe/Kyiv",
                "time_zone",
                self.name,
            ) from None


@dataclass(frozen=True)
class PassedOver:
    """A rule that did not take a record, and the first of its conditions that failed."""

    rule: Rule
    condition: Condition


@dataclass(frozen=True)
class Decision:
    """The rule that takes a record, or None where it is unrouted, and why no earlier one did."""

    rule: Rule | None
    passed_over: tuple[PassedOver, ...] = ()
    notices: tuple[Notice, ...] = ()

    def __str__(self) -> str:
        lines = [
            f"{it.rule.name!r} does not take it: not {it.condition}" for it in self.passed_over
        ]
        lines.append(f"{self.rule.name!r} takes it" if self.rule else "no rule takes it")
        return "\n".join(lines)


def in_order(rules: Iterable[Rule]) -> list[Rule]:
    """Give the rules in the order in which they are tried."""
    return sorted(rules, key=lambda rule: (rule.priority, rule.id))


def route(rules: Sequence[Rule], record: Record) -> Decision:
    """Give the first rule whose conditions all hold; `rules` are in the order of `in_order`.

    A condition that cannot be tested on this record does not hold, and a notice says so. Sorting
    is left to the caller, who routes thousands of records by the same rules.
    """
    passed_over: list[PassedOver] = []
    notices: list[Notice] = []
    for rule in rules:
        failed = _first_failed(rule, record, notices)
        if failed is None:
            return Decision(rule, tuple(passed_over), tuple(notices))
        passed_over.append(PassedOver(rule, failed))
    return Decision(None, tuple(passed_over), tuple(notices))


def _first_failed(rule: Rule, record: Record, notices: list[Notice]) -> Condition | None:
    for condition in rule.conditions:
        try:
            if not condition.holds(record):
                return condition
        except RecordError as error:
            notices.append(Notice(rule.name, f"the condition does not hold: {error}"))
            return condition
    return None
