"""What a condition holds for, and what it says when it cannot be tested."""

from __future__ import annotations

import time

import pytest

from core.mapping.conditions import Condition, Operator
from core.mapping.errors import RuleError
from core.mapping.record import RecordError

RECORD = {
    "title": "Prepare laptop for Iryna",
    "note": "",
    "priority": 5,
    "urgent": True,
    "starts_on": "2026-10-05",
    "created_at": "2026-10-01T23:30:00-05:00",
    "tags": ["hr", "new"],
    "team": {"name": "IT"},
}


@pytest.mark.parametrize(
    ("path", "operator", "value", "holds"),
    [
        ("$.team.name", "equals", "IT", True),
        ("$.team.name", "equals", "it", False),
        ("$.priority", "equals", 5, True),
        ("$.urgent", "equals", True, True),
        ("$.missing", "equals", "IT", False),
        ("$.tags[*]", "equals", "new", True),
        ("$.team", "equals", "IT", False),
        ("$.team.name", "not_equals", "IT", False),
        ("$.team.name", "not_equals", "HR", True),
        ("$.missing", "not_equals", "HR", True),
        ("$.tags[*]", "not_equals", "new", False),
        ("$.team.name", "one_of", ["HR", "IT"], True),
        ("$.team.name", "one_of", ["HR"], False),
        ("$.title", "contains", "laptop", True),
        ("$.title", "contains", "Laptop", False),
        ("$.tags", "contains", "hr", True),
        ("$.tags", "contains", "h", False),
        ("$.note", "contains", "x", False),
        ("$.title", "glob", "Prepare*", True),
        ("$.title", "glob", "*laptop*", True),
        ("$.title", "glob", "Prep?re *", True),
        ("$.title", "glob", "*Iryna", True),
        ("$.title", "glob", "Prepare", False),
        ("$.title", "glob", "Prepare laptop for Iryna*ryna", False),
        ("$.title", "glob", "[P]repare*", False),
        ("$.title", "regex", "lap(top)?", True),
        ("$.title", "regex", "^laptop", False),
        ("$.title", "regex", "(?i)LAPTOP", True),
        ("$.title", "exists", None, True),
        ("$.note", "exists", None, False),
        ("$.missing", "exists", None, False),
        ("$.note", "empty", None, True),
        ("$.missing", "empty", None, True),
        ("$.title", "empty", None, False),
        ("$.starts_on", "before", "2026-10-06", True),
        ("$.starts_on", "before", "2026-10-05", False),
        ("$.starts_on", "after", "2026-10-04", True),
        ("$.missing", "after", "2026-10-04", False),
        ("$.created_at", "after", "2026-10-02T04:00:00Z", True),
        ("$.created_at", "before", "2026-10-02T04:00:00", False),
        ("$.created_at", "before", "2026-10-02", True),
    ],
)
def test_a_condition_holds_as_its_operator_says(path, operator, value, holds):
    assert Condition(path, operator, value).holds(RECORD) is holds


@pytest.mark.parametrize(
    ("path", "operator", "value", "says"),
    [
        ("$.priority", "equals", "5", "of another type"),
        ("$.priority", "not_equals", "5", "of another type"),
        ("$.urgent", "one_of", ["true"], "of another type"),
        ("$.urgent", "equals", 1, None),
        ("$.priority", "contains", "5", "not a text or a list"),
        ("$.team", "regex", "x", "has an object, which is not a text"),
        ("$.title", "before", "2026-10-05", "not a date"),
        ("$.priority", "glob", "5", "not a text"),
    ],
)
def test_a_record_that_cannot_be_tested_is_said_and_names_the_condition(
    path, operator, value, says
):
    condition = Condition(path, operator, value)

    if says is None:
        assert not condition.holds(RECORD)
        return
    with pytest.raises(RecordError, match=says) as raised:
        condition.holds(RECORD)
    assert str(condition) in str(raised.value)


def test_of_several_values_one_that_passes_is_enough_beside_one_that_cannot_be_tested():
    assert Condition("$.a[*]", Operator.GLOB, "x*").holds({"a": [5, "xy"]})


@pytest.mark.parametrize(
    ("path", "operator", "value", "part", "says"),
    [
        ("a", "equals", 1, "path", "from the root"),
        ("$.a", "is", 1, "operator", "use one of equals"),
        ("$.a", "equals", None, "value", "operator empty"),
        ("$.a", "equals", {"a": 1}, "value", "a dict"),
        ("$.a", "one_of", [], "value", "list the values"),
        ("$.a", "one_of", "HR", "value", "list the values"),
        ("$.a", "one_of", [["HR"]], "value", "list plain values"),
        ("$.a", "one_of", ["x"] * 2_000, "value", "2,000 values"),
        ("$.a", "exists", "x", "value", "leave the value out"),
        ("$.a", "glob", 5, "value", "as a text"),
        ("$.a", "regex", "(a", "value", "not a regular expression"),
        ("$.a", "regex", "(?=a)", "value", "look-around"),
        ("$.a", "regex", "a{1000}{1000}", "value", "not a regular expression"),
        ("$.a", "regex", "a" * 501, "value", "501 characters"),
        ("$.a", "before", "05/10/2026", "value", "write it as 2026-10-05"),
        ("$.a", "before", "2026-02-30", "value", "not a date"),
    ],
)
def test_a_condition_that_cannot_be_used_is_refused_with_its_part_and_a_remedy(
    path, operator, value, part, says
):
    with pytest.raises(RuleError, match=says) as raised:
        Condition(path, operator, value)
    assert raised.value.part == part
    assert raised.value.remedy


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|aa)+$", "(.*a){12}$", "^(([a-z])+.)+[A-Z]$"])
def test_patterns_that_stop_other_engines_take_linear_time(pattern):
    condition = Condition("$.title", Operator.REGEX, pattern)
    began = time.perf_counter()

    condition.holds({"title": "a" * 20_000 + "!"})

    assert time.perf_counter() - began < 1


def test_a_glob_of_many_stars_takes_linear_time():
    condition = Condition("$.title", Operator.GLOB, "*a" * 40 + "b")
    began = time.perf_counter()

    assert not condition.holds({"title": "a" * 20_000})

    assert time.perf_counter() - began < 1


def test_a_condition_reads_as_a_sentence():
    assert str(Condition("$.team.name", Operator.ONE_OF, ("IT", "HR"))) == (
        "$.team.name one of 'IT', 'HR'"
    )
    assert str(Condition("$.note", Operator.EMPTY)) == "$.note is empty"
