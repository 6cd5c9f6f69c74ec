"""Which rule takes a record, why the others did not, and which rules get in each other's way."""

from __future__ import annotations

import pytest

from core.mapping.conditions import Condition, Operator
from core.mapping.errors import RuleError
from core.mapping.overlaps import OverlapKind, overlaps
from core.mapping.routing import Action, Rule, in_order, route
from core.mapping.sources import FieldMapping, Static


def rule(number, *conditions, priority=None, project="HR", action=Action.SYNC, **more):
    return Rule(
        id=number,
        name=f"Rule {number}",
        priority=number if priority is None else priority,
        conditions=tuple(
            Condition(path, Operator(name), value) for path, name, value in conditions
        ),
        action=action,
        project=project,
        issue_type="Task",
        **more,
    )


IT = ("$.team", "equals", "IT")
SALES = ("$.team", "equals", "Sales")
URGENT = ("$.title", "contains", "urgent")


def test_the_first_rule_by_priority_whose_conditions_all_hold_takes_the_record():
    rules = in_order([rule(3), rule(2, IT, URGENT), rule(1, SALES)])

    decision = route(rules, {"team": "IT", "title": "an urgent laptop"})

    assert decision.rule is not None
    assert decision.rule.id == 2


def test_a_decision_says_which_condition_kept_each_earlier_rule_from_it():
    decision = route([rule(1, SALES), rule(2, IT, URGENT)], {"team": "IT", "title": "a laptop"})

    assert decision.rule is None
    assert str(decision) == (
        "'Rule 1' does not take it: not $.team equals 'Sales'\n"
        "'Rule 2' does not take it: not $.title contains 'urgent'\n"
        "no rule takes it"
    )


def test_among_equal_priorities_the_older_rule_comes_first():
    assert [it.id for it in in_order([rule(2, priority=1), rule(1, priority=1)])] == [1, 2]


def test_a_condition_that_cannot_be_tested_does_not_hold_and_is_noted():
    decision = route([rule(1, ("$.due", "before", "2026-10-05"))], {"due": "soon"})

    assert decision.rule is None
    assert "'soon', which is not a date" in str(decision.notices[0])
    assert "'Rule 1'" in str(decision.notices[0])


@pytest.mark.parametrize(
    ("make", "part", "says"),
    [
        (lambda: rule(1, project=""), "project", "choose the project"),
        (lambda: rule(1, time_zone="Mars/Olympus"), "time_zone", "Mars/Olympus"),
        (lambda: rule(1, time_zone="../etc/passwd"), "time_zone", "IANA"),
        (
            lambda: rule(1, fields=(FieldMapping("a", (Static(1),)),) * 2),
            "fields[1]",
            "mapped twice",
        ),
    ],
)
def test_a_rule_whose_parts_do_not_go_together_is_refused_by_name(make, part, says):
    with pytest.raises(RuleError, match=says) as raised:
        make()
    assert raised.value.part == part
    assert raised.value.rule == "Rule 1"


def test_a_rule_that_drops_needs_no_target():
    assert rule(1, project="", action=Action.DROP).action is Action.DROP


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (IT, SALES),
        (IT, ("$.team", "one_of", ["Sales", "HR"])),
        (IT, ("$.team", "not_equals", "IT")),
        (IT, ("$.team", "glob", "S*")),
        (("$.team", "one_of", ["IT", "HR"]), ("$.team", "regex", "^S")),
        (IT, ("$.team", "empty", None)),
        (("$.team", "empty", None), ("$.team", "exists", None)),
        (("$.due", "before", "2026-01-01"), ("$.due", "after", "2026-01-01")),
    ],
)
def test_rules_that_exclude_each_other_do_not_overlap(first, second):
    assert overlaps([rule(1, first), rule(2, second, project="IT")]) == []
    assert overlaps([rule(1, second), rule(2, first, project="IT")]) == []


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (IT, URGENT),
        (("$.team", "glob", "I*"), ("$.team", "glob", "*T")),
        (("$.teams[*]", "equals", "IT"), ("$.teams[*]", "equals", "Sales")),
        (("$.due", "before", "2026-01-02"), ("$.due", "after", "2025-01-01")),
        (IT, ("$['team']", "equals", "Sales")),
    ],
)
def test_rules_that_may_take_the_same_record_are_reported(first, second):
    found = overlaps([rule(1, first), rule(2, second, project="IT")])

    assert [it.kind for it in found] == [OverlapKind.SHARED]
    assert "'Rule 1' wins by its priority" in str(found[0])


def test_rules_of_the_same_priority_are_reported_as_such():
    found = overlaps([rule(1, IT, priority=5), rule(2, URGENT, priority=5, project="IT")])

    assert [it.kind for it in found] == [OverlapKind.SAME_PRIORITY]
    assert "Give them different priorities" in str(found[0])


def test_rules_that_do_the_very_same_need_no_order():
    assert overlaps([rule(1, IT, priority=5), rule(2, URGENT, priority=5)]) == []


@pytest.mark.parametrize("second", [(IT, URGENT), (("$.team", "equals", "IT"),)])
def test_a_rule_that_never_gets_anything_is_reported(second):
    found = overlaps([rule(1, ("$.team", "glob", "I*")), rule(2, *second, project="IT")])

    assert [it.kind for it in found] == [OverlapKind.UNREACHABLE]
    assert "'Rule 2' never takes anything" in str(found[0])


def test_a_last_rule_without_conditions_is_a_default_and_no_finding():
    assert overlaps([rule(1, IT), rule(9, project="IT")]) == []


def test_a_rule_without_conditions_before_others_is_a_finding():
    found = overlaps([rule(1, project="IT"), rule(9, IT)])

    assert [it.kind for it in found] == [OverlapKind.UNREACHABLE]
