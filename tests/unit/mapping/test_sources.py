"""Where a field's value comes from, and which of several sources is taken."""

from __future__ import annotations

import pytest

from core.mapping.errors import RuleError
from core.mapping.sources import FieldMapping, Path, Static, Template, ValueMap

RECORD = {
    "title": "Order a laptop",
    "note": " ",
    "department": {"name": "Engineering "},
    "tags": ["a", "", "b"],
    "office": "Lviv",
}
DEPARTMENTS = {"Engineering": "10012", "Sales": "10013", "Board": None}


def test_a_path_gives_one_value_as_it_is_and_several_as_a_list():
    assert Path("$.office").offer(RECORD).value == "Lviv"
    assert Path("$.tags").offer(RECORD).value == ["a", "", "b"]
    assert Path("$.tags[*]").offer(RECORD).value == ["a", "", "b"]
    assert Path("$.tags[?@ == 'b']").offer(RECORD).value == "b"
    assert Path("$.missing").offer(RECORD).value is None


def test_a_static_value_is_known_to_be_the_rules_own():
    assert Static(["x"]).offer(RECORD) == (["x"], True, (), "")


def test_a_template_without_any_value_is_empty_and_says_what_is_missing():
    offered = Template("Onboard {{ who.name }}").offer(RECORD)

    assert offered.value is None
    assert offered.notices == ("the record has nothing for who.name",)


def test_a_strict_template_is_empty_as_soon_as_one_value_is_missing():
    text = "{{ title }} for {{ who.name }}"

    assert Template(text).offer(RECORD).value == "Order a laptop for "
    assert Template(text, strict=True).offer(RECORD).value is None


def test_a_template_that_cannot_be_filled_is_a_problem():
    assert "object" in Template("{{ department }}").offer(RECORD).problem


def test_a_value_map_takes_the_exact_entry_and_then_the_one_that_differs_in_case_and_blanks():
    assert ValueMap(Path("$.a"), DEPARTMENTS).offer({"a": "Sales"}).value == "10013"

    offered = ValueMap(Path("$.department.name"), DEPARTMENTS).offer(RECORD)

    assert offered.value == "10012"
    assert offered.constant
    assert offered.notices == ("'Engineering ' was taken for the table's entry 'Engineering'",)


def test_a_value_that_a_table_lacks_is_a_problem_unless_the_table_says_what_else():
    assert "no entry for 'Lviv'" in ValueMap(Path("$.office"), DEPARTMENTS).offer(RECORD).problem
    assert ValueMap(Path("$.office"), DEPARTMENTS, "1").offer(RECORD).value == "1"
    assert ValueMap(Path("$.office"), DEPARTMENTS, None).offer(RECORD) == (None, True, (), "")


def test_an_entry_of_none_leaves_empty_on_purpose():
    assert ValueMap(Path("$.a"), DEPARTMENTS).offer({"a": "Board"}) == (None, True, (), "")


def test_a_value_map_maps_each_item_of_a_list():
    offered = ValueMap(Path("$.a"), DEPARTMENTS).offer({"a": ["Sales", "", "Board"]})

    assert offered.value == ["10013"]


def test_a_value_map_reads_numbers_and_truth_values_as_text():
    assert ValueMap(Path("$.a"), {"5": "x", "true": "y"}).offer({"a": [5, True]}).value == [
        "x",
        "y",
    ]


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ({}, "0 entries"),
        ({"a": 1, "A ": 2}, "differ only in case or blanks"),
        ({str(n): n for n in range(5_001)}, "5,001 entries"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused(table, says):
    with pytest.raises(RuleError, match=says):
        ValueMap(Path("$.a"), table)


def test_the_first_source_with_a_value_wins():
    mapping = FieldMapping("f", (Path("$.missing"), Path("$.note"), Path("$.office"), Static("x")))

    assert mapping.offer(RECORD).value == "Lviv"


def test_a_source_that_cannot_be_used_is_passed_over_and_noted():
    mapping = FieldMapping("f", (ValueMap(Path("$.office"), DEPARTMENTS), Static("x")))

    offered = mapping.offer(RECORD)

    assert offered.value == "x"
    assert "no entry for 'Lviv'" in offered.notices[0]
    assert "the next source was tried" in offered.notices[0]


def test_what_no_source_could_use_is_a_problem_and_not_an_empty_field():
    mapping = FieldMapping("f", (ValueMap(Path("$.office"), DEPARTMENTS), Path("$.missing")))

    offered = mapping.offer(RECORD)

    assert offered.value is None
    assert "no entry for 'Lviv'" in offered.problem


def test_a_mapping_without_a_source_or_a_field_is_refused():
    with pytest.raises(RuleError, match="no source"):
        FieldMapping("f", ())
    with pytest.raises(RuleError, match="choose a field"):
        FieldMapping("", (Static("x"),))
