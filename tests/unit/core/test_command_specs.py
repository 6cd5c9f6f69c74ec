"""Arguments of commands: what fits, and in which words the rest is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.command_specs import LARGEST, TEXT_LENGTH, DomainCommand

COMMAND = DomainCommand.model_validate(
    {
        "name": "find",
        "title": "Find a deal",
        "task": "crm.find",
        "arguments": {
            "deal": {
                "title": "The deal's number",
                "type": "str",
                "required": True,
                "pattern": "D-[0-9]+",
                "form": "D-7",
            },
            "limit": {"title": "How many", "type": "int"},
            "closed": {"title": "Closed ones, too", "type": "bool"},
            "note": {"title": "Anything", "type": "str"},
        },
    }
)


@pytest.mark.parametrize(
    "arguments",
    [
        {"deal": "D-7"},
        {"deal": "D-7", "limit": 0, "closed": False, "note": "ü"},
        {"deal": "D-7", "limit": -LARGEST, "note": "x" * TEXT_LENGTH},
    ],
)
def test_what_fits_has_no_problems(arguments):
    assert COMMAND.problems(arguments) == []


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({}, "deal is missing: The deal's number"),
        ({"deal": None}, "deal must be a text of 1 to 200 printable characters"),
        ({"deal": ""}, "deal must be a text of 1 to 200 printable characters"),
        ({"deal": "E-7"}, "deal must be of the form D-7"),
        ({"deal": "D-7\n"}, "deal must be a text of 1 to 200 printable characters"),
        ({"deal": "D-7", "limit": True}, "limit must be a whole number"),
        ({"deal": "D-7", "limit": 1.0}, "limit must be a whole number"),
        ({"deal": "D-7", "limit": LARGEST + 1}, f"limit must be between {-LARGEST} and {LARGEST}"),
        ({"deal": "D-7", "closed": 1}, "closed must be true or false"),
        ({"deal": "D-7", "note": "x" * 201}, "note must be a text of 1 to 200"),
        ({"deal": "D-7", "note": "\ud800"}, "note must be a text of 1 to 200"),
        ({"deal": "D-7", "to": 1}, "'to' is no argument of find; it takes deal, limit, closed"),
        ([], "the body must be a JSON object with the arguments"),
        (None, "the body must be a JSON object with the arguments"),
    ],
)
def test_what_does_not_fit_is_named(arguments, problem):
    [found] = COMMAND.problems(arguments)
    assert found.startswith(problem)


def test_everything_that_is_wrong_is_said_at_once():
    assert len(COMMAND.problems({"limit": "x", "closed": "x", "other": 1})) == 4


def test_a_flood_of_unknown_names_is_not_repeated_whole():
    found = COMMAND.problems({"deal": "D-7", **{"x" * 500 + str(n): 1 for n in range(900)}})
    assert len("".join(found)) < 1000


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(st.dictionaries(st.sampled_from([*COMMAND.arguments, "other"]), JSON))
def test_whatever_passes_is_of_the_declared_types(arguments):
    if COMMAND.problems(arguments):
        return
    assert set(arguments) <= set(COMMAND.arguments)
    assert type(arguments["deal"]) is str
    assert type(arguments.get("limit", 1)) is int
    assert type(arguments.get("closed", True)) is bool
    assert all(text.isprintable() for text in arguments.values() if isinstance(text, str))
