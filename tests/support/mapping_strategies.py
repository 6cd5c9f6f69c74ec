"""Strategies for hypothesis: any record, any schema and any rule, biased to what nearly fits."""

from __future__ import annotations

import json
from dataclasses import replace

from hypothesis import strategies as st

from core.mapping.conditions import WITHOUT_VALUE, Condition, Operator
from core.mapping.examples import Example, LeftAlone, Refused, Taken
from core.mapping.routing import Action, Rule
from core.mapping.schema import FieldKind, TargetField, TargetSchema
from core.mapping.sources import (
    REFUSE,
    FieldMapping,
    Path,
    Source,
    Static,
    Template,
    TextFormat,
    ValueMap,
    WhenEmpty,
)
from core.mapping.values import AllowedValue

KEYS = st.sampled_from(["a", "b", "name", "email"])
TEXTS = st.text(max_size=12) | st.sampled_from(
    [
        "Kyiv", " kyiv", "Lviv", "Ukraine / Kyiv", "10", "5.5", "2026-10-05", "x@y.z", "<p></p>",
        "2026-10-05T09:30:00+02:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00",
        "https://acme.example", "a\nb", "a\u2028b", "two words", "\x00", "/", "x" * 300,
    ]
)  # fmt: skip
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)
RECORDS = st.dictionaries(KEYS, JSON, max_size=4)

PATHS = st.sampled_from(
    ["$.a", "$.b", "$.a.name", "$.a[*]", "$..name", "$.a[?@.name == 'Kyiv'].b", "$.b[0]", "$.x"]
)
TEMPLATES = st.builds(
    Template,
    st.sampled_from(
        [
            "{{ a }}", "For {{ a.name }}", "{{ a.name }} / {{ b }}", "{{ a | default(b) | upper }}",
            "{% if a == b %}x{% endif %}", "{{ a | join(', ') | truncate(9) }}", "{{ a | date }}",
            "{{ a < b }}", "text", " ", "{{ a | striptags }}", "{{ a | map(attribute='name') }}",
        ]
    ),
    st.booleans(),
)  # fmt: skip
TABLES = st.dictionaries(st.sampled_from(["Kyiv", "10", "true"]), JSON, min_size=1, max_size=3)
READING = st.builds(Path, PATHS) | TEMPLATES
SOURCES: st.SearchStrategy[Source] = (
    st.builds(Static, JSON)
    | READING
    | st.builds(ValueMap, READING, TABLES, st.just(REFUSE) | st.none() | SCALARS)
)

CHILDREN = st.lists(
    st.builds(AllowedValue, st.sampled_from(["1", "2", "3"]), st.sampled_from(["Kyiv", "kyiv "])),
    max_size=2,
    unique_by=lambda value: value.id,
)
ALLOWED = st.lists(
    st.builds(
        AllowedValue,
        st.sampled_from(["10", "11", "12", "13"]),
        st.sampled_from(["Kyiv", "KYIV", "Lviv", "Ukraine", "10", "two words"]),
        CHILDREN.map(tuple),
    ),
    max_size=4,
    unique_by=lambda value: value.id,
)
IDS = st.sampled_from(["summary", "cf_1", "cf_2", "cf_3"])


@st.composite
def schemas(draw: st.DrawFn) -> TargetSchema:
    ids = draw(st.lists(IDS, unique=True, max_size=4))
    fields = [
        TargetField(
            field_id,
            draw(st.sampled_from(["Summary", "Office", "Cost"])),
            draw(st.sampled_from(FieldKind)),
            required=draw(st.booleans()),
            has_default=draw(st.booleans()),
            settable=draw(st.sampled_from([True, True, True, False])),
            allowed=draw(st.none() | ALLOWED.map(tuple)),
            max_length=draw(st.none() | st.integers(1, 20)),
        )
        for field_id in ids
    ]
    return TargetSchema("HR, Task", {field.id: field for field in fields})


CONDITIONS = st.one_of(
    st.builds(Condition, PATHS, st.sampled_from(sorted(WITHOUT_VALUE))),
    st.builds(
        Condition,
        PATHS,
        st.sampled_from([Operator.EQUALS, Operator.NOT_EQUALS, Operator.CONTAINS]),
        SCALARS.filter(lambda value: value is not None),
    ),
    st.builds(
        Condition,
        PATHS,
        st.just(Operator.ONE_OF),
        st.lists(TEXTS, min_size=1, max_size=3).map(tuple),
    ),
    st.builds(Condition, PATHS, st.just(Operator.GLOB), st.sampled_from(["*", "K*", "*v", "?*"])),
    st.builds(Condition, PATHS, st.just(Operator.REGEX), st.sampled_from(["^K", "v$", ".", "x?"])),
    st.builds(
        Condition,
        PATHS,
        st.sampled_from([Operator.BEFORE, Operator.AFTER]),
        st.sampled_from(["2026-10-05", "2026-10-05T09:30:00+02:00", "2026-10-04"]),
    ),
)
MAPPINGS = st.builds(
    FieldMapping,
    IDS,
    st.lists(SOURCES, min_size=1, max_size=3).map(tuple),
    st.sampled_from(["", "Summary", "Office"]),
    st.sampled_from(WhenEmpty),
    st.sampled_from(TextFormat),
)
# What a document holds is real JSON, which has no infinity.
FINITE = JSON.filter(lambda value: "Infinity" not in json.dumps(value))
EXPECTED = st.dictionaries(IDS, FINITE, max_size=3)
EXAMPLES = st.builds(
    Example,
    st.text(min_size=1, max_size=5),
    st.dictionaries(KEYS, FINITE, max_size=3),
    st.builds(Taken, EXPECTED) | st.builds(Refused, st.just("") | IDS) | st.builds(LeftAlone),
)
RULES = st.builds(
    Rule,
    id=st.integers(0, 9),
    name=st.sampled_from(["One", "Two"]),
    priority=st.integers(1, 3),
    conditions=st.lists(CONDITIONS, max_size=3).map(tuple),
    action=st.sampled_from(Action),
    project=st.sampled_from(["HR", "IT"]),
    issue_type=st.just("Task"),
    fields=st.lists(MAPPINGS, max_size=4, unique_by=lambda mapping: mapping.field_id).map(tuple),
    time_zone=st.sampled_from(["UTC", "Europe/Kyiv", "Pacific/Kiritimati"]),
)


@st.composite
def rules_with_examples(draw: st.DrawFn) -> Rule:
    rule = draw(RULES)
    examples = draw(st.lists(EXAMPLES, max_size=3, unique_by=lambda example: example.name))
    fitting = (it for it in examples if rule.action is Action.SYNC or not it.asks_for_fields)
    return replace(rule, examples=tuple(fitting))
