"""Reading a record by JSONPath."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonpath_rfc9535 import find

from core.mapping.errors import RuleError
from core.mapping.record import (
    MAX_NODES,
    RecordError,
    is_empty,
    is_singular,
    read,
    read_one,
)

RECORD = {
    "title": "Order a laptop",
    "note": None,
    "assigned_to": {"email": "ihor@acme.example", "team": {"name": "IT"}},
    "custom": [{"name": "Cost centre", "value": "1010"}, {"name": "Size", "value": "M"}],
    "tags": ["a", "b"],
}


@pytest.mark.parametrize(
    ("path", "values"),
    [
        ("$.title", ["Order a laptop"]),
        ("$.note", [None]),
        ("$.assigned_to.team.name", ["IT"]),
        ("$['assigned_to']['team'].name", ["IT"]),
        ("$.missing.deeper", []),
        ("$.title.deeper", []),
        ("$.tags.a", []),
        ("$.tags[*]", ["a", "b"]),
        ("$.tags[-1]", ["b"]),
        ("$.custom[?@.name == 'Cost centre'].value", ["1010"]),
        ("$.custom[?search(@.name, '^Si')].value", ["M"]),
        ("$.custom[?match(@.name, 'Si')].value", []),
        ("$..name", ["IT", "Cost centre", "Size"]),
    ],
)
def test_a_path_selects_what_rfc_9535_says(path, values):
    assert read(path, RECORD) == values


def test_the_first_of_several_values_can_be_had_alone():
    assert read_one("$.tags[*]", RECORD) == "a"
    assert read_one("$.missing", RECORD) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["x", "y", "Cost centre"]),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("abn"), inner, max_size=3)
    ),
    max_leaves=20,
)


@given(
    record=st.dictionaries(st.sampled_from("abn"), JSON),
    path=st.sampled_from(
        ["$", "$.a", "$.a.b", "$.a[?@.n=='x']", '$.a[?@.n == "y"].b', "$[?@.n=='x'].a.b"]
    ),
)
def test_the_quick_ways_of_reading_give_what_the_library_gives(record, path):
    assert read(path, record) == find(path, record).values()


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("title", "from the root"),
        ("", "from the root"),
        ("$.a b", "not a JSONPath"),
        ("$.a[?", "not a JSONPath"),
        ("$.a[?nosuch(@)]", "not a JSONPath"),
        ("$" + ".a" * 200, "characters long"),
        ("$..a..b", "can take too long"),
        ("$['a','a']['a','a']['a','a']['a','a']['a','a']", "can take too long"),
        ("$[?@[?@[?@.a]]]", "can take too long"),
    ],
)
def test_a_path_that_cannot_be_used_is_refused_with_the_reason(path, says):
    with pytest.raises(RuleError, match=says):
        read(path, RECORD)


def test_names_that_hold_costly_signs_are_only_names():
    assert read("$['a..b', 'c?,,,,,,d']", {"a..b": 1, "c?,,,,,,d": 2}) == [1, 2]


def test_a_pattern_in_a_path_takes_linear_time():
    began = time.perf_counter()

    read("$.items[?match(@.name, '(a+)+$')]", {"items": [{"name": "a" * 5_000 + "!"}]})

    assert time.perf_counter() - began < 1


def test_a_record_that_gives_too_many_values_is_said_and_not_cut():
    with pytest.raises(RecordError, match="more than 1,000 values"):
        read("$.items[*]", {"items": [1] * (MAX_NODES + 1)})


def test_a_record_that_is_nested_without_end_is_said():
    record: dict[str, object] = {}
    for _ in range(500):
        record = {"a": record}

    with pytest.raises(RecordError, match="cannot be followed"):
        read("$..b", record)


@pytest.mark.parametrize("value", [None, "", " \n", [], {}, [None, "", ["  "]]])
def test_nulls_blanks_and_lists_of_them_are_empty(value):
    assert is_empty(value)


@pytest.mark.parametrize("value", [0, False, "0", [0], {"a": None}])
def test_zero_and_false_are_values(value):
    assert not is_empty(value)


def test_paths_that_can_give_several_values_are_told_from_those_that_cannot():
    assert is_singular("$.a.b")
    assert is_singular("$['a'][0]")
    assert not is_singular("$.a[*]")
    assert not is_singular("$.a[?@.b == 'c'].d")
