"""Rules as text for people: YAML that can be reviewed, and changes in short."""

from __future__ import annotations

import pytest

from core.rule_text import RuleTextError, difference, from_yaml, in_short, to_yaml

RULE = {
    "name": "Laptops",
    "priority": 10,
    "conditions": [],
    "fields": [{"field": "cf_1", "name": "Office", "sources": [{"static": "Lviv"}]}],
}


def test_a_rule_reads_the_same_whatever_the_order_of_its_keys():
    example = {"name": "one", "record": {"b": 1, "a": {"d": 2, "c": 3}}, "expect": {}}
    turned = dict(reversed([*RULE.items(), ("examples", [dict(reversed(example.items()))])]))

    assert to_yaml({**RULE, "examples": [example]}) == to_yaml(turned)
    assert to_yaml(turned).startswith("name: Laptops\npriority: 10\nconditions: []\n")


def test_a_day_stays_a_text_on_the_way_through_yaml():
    assert from_yaml("ends_on: 2026-10-05") == {"ends_on": "2026-10-05"}
    assert from_yaml(to_yaml({"ends_on": "2026-10-05"})) == {"ends_on": "2026-10-05"}


@pytest.mark.parametrize("text", ["a: [", "&a [*a", "\x00", "!!python/object:os.system {}"])
def test_what_is_not_yaml_is_refused(text):
    with pytest.raises(RuleTextError):
        from_yaml(text)


def test_a_difference_names_both_sides():
    lines = difference(RULE, {**RULE, "priority": 20}, before_is="version 1", after_is="version 2")

    assert lines[:2] == ["--- version 1", "+++ version 2"]
    assert "-priority: 10" in lines
    assert "+priority: 20" in lines


def test_what_is_new_is_added_line_by_line():
    lines = difference(None, RULE, before_is="", after_is="new")

    assert all(line.startswith("+") for line in lines[3:])


@pytest.mark.parametrize(
    ("before", "after", "short"),
    [
        (60, 30, "60 -> 30"),
        (False, True, "false -> true"),
        ("active", "disabled", "active -> disabled"),
        (None, None, ""),
        (None, RULE, ""),
        ("", "02:30", "nothing -> 02:30"),
        (RULE, {**RULE, "priority": 20}, "priority 10 -> 20"),
        (RULE, {**RULE, "name": "x", "project": "IT"}, "name Laptops -> x; project nothing -> IT"),
        (RULE, {**RULE, "conditions": [{"path": "$.a"}]}, "conditions changed"),
        (RULE, {**RULE, "fields": []}, "field Office removed"),
        (
            RULE,
            {**RULE, "fields": [{"field": "cf_2"}, {**RULE["fields"][0], "sources": []}]},
            "field Office changed; field cf_2 added",
        ),
        (
            {"fields": [{"field": "a"}, {"field": "b"}]},
            {"fields": [{"field": "b"}, {"field": "a"}]},
            "fields in another order",
        ),
        ({}, {"examples": [{"name": "one"}]}, "example one added"),
    ],
)  # fmt: skip
def test_a_change_in_short(before, after, short):
    assert in_short(before, after) == short
