"""What holds for every schema, every rule and every record."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.mapping.casts import lookup_key, says_nothing
from core.mapping.check import check
from core.mapping.conditions import WITHOUT_VALUE, Condition, Operator
from core.mapping.document import dump, parse
from core.mapping.errors import RuleDocumentError, RuleError
from core.mapping.overlaps import OverlapKind, overlaps
from core.mapping.record import read
from core.mapping.resolve import Payload, Violations, needed_lookups, resolve
from core.mapping.routing import Action, Rule, in_order, route
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


class AsItIs:
    """A target whose JSON is the neutral value."""

    def shape(self, _target, value):
        return value


def resolved(rule: Rule, record: dict[str, Any], schema: TargetSchema) -> Payload | Violations:
    return resolve(record, rule, schema, {"x@y.z": "acc-1"}, AsItIs())


MANY = settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow], deadline=None)


@MANY
@given(RULES, RECORDS, schemas())
def test_a_payload_passes_the_check_or_there_is_a_violation(rule, record, schema):
    result = resolved(rule, record, schema)

    if isinstance(result, Payload):
        assert check(result.values, schema) == []
        assert set(result.fields) == set(result.values)
    else:
        assert result.violations
        for violation in result.violations:
            assert violation.remedy in str(violation)
            assert violation.field_id in str(violation)


@MANY
@given(RULES, RECORDS, schemas())
def test_a_mapped_value_is_in_the_payload_or_in_a_violation(rule, record, schema):
    result = resolved(rule, record, schema)

    for mapping in rule.fields:
        first = mapping.sources[0]
        if isinstance(first, Static):
            values = [first.value]
        elif isinstance(first, Path):
            values = read(first.jsonpath, record)
        else:
            continue
        target = schema.fields.get(mapping.field_id)
        html = mapping.text_format is TextFormat.HTML
        value = values[0] if len(values) == 1 else values
        if target is not None and says_nothing(value, target, html=html):
            continue
        if isinstance(result, Payload):
            assert result.values[mapping.field_id] is not None
        elif target is None:
            assert mapping.field_id in {violation.field_id for violation in result.violations}


@MANY
@given(RULES, RECORDS, schemas())
def test_every_field_of_a_rule_has_an_outcome_of_its_own(rule, record, schema):
    """A field resolved alone is refused or taken exactly as it is among others."""
    result = resolved(rule, record, schema)
    refused = {it.field_id for it in getattr(result, "violations", ())}

    for mapping in rule.fields:
        target = schema.fields.get(mapping.field_id)
        alone = TargetSchema(schema.target, {target.id: target} if target else {})
        part = Rule(1, "One", 1, project="HR", issue_type="Task", fields=(mapping,),
                    time_zone=rule.time_zone)  # fmt: skip
        assert isinstance(resolved(part, record, alone), Violations) is (
            mapping.field_id in refused
        )


@MANY
@given(RULES, RECORDS, schemas())
def test_all_e_mails_that_a_payload_needs_are_asked_for(rule, record, schema):
    needed = needed_lookups(rule, record, schema)
    everybody = {email: f"account of {email}" for email in needed}

    result = resolve(record, rule, schema, everybody, AsItIs())

    assert all(lookup_key(email) == email for email in needed)
    if isinstance(result, Violations):
        assert not any("no active account" in it.problem for it in result.violations)


@MANY
@given(st.lists(RULES, max_size=4), RECORDS)
def test_routing_takes_the_first_rule_that_holds_and_explains_the_others(rules, record):
    ordered = in_order(rules)

    decision = route(ordered, record)

    assert [it.rule for it in decision.passed_over] == ordered[: len(decision.passed_over)]
    if decision.rule is None:
        assert len(decision.passed_over) == len(ordered)
    else:
        assert decision.rule is ordered[len(decision.passed_over)]
    assert str(decision)


def takes(rule: Rule, record: dict[str, Any]) -> bool:
    return route([rule], record).rule is not None


@settings(MANY, max_examples=600)
@given(RULES, RULES, RECORDS)
def test_two_rules_that_both_take_a_record_are_reported_as_overlapping(one, other, record):
    first, second = in_order([one, other])
    found = overlaps([one, other])

    if found and found[0].kind is OverlapKind.UNREACHABLE:
        assert takes(first, record) or not takes(second, record)
    if takes(first, record) and takes(second, record) and not found:
        same = (first.action, first.project, first.fields, first.time_zone) == (
            second.action, second.project, second.fields, second.time_zone,
        )  # fmt: skip
        assert same or not second.conditions


@MANY
@given(RULES)
def test_a_rule_comes_back_from_its_document_as_it_was(rule):
    assert parse(dump(rule)) == rule
    assert parse(json.loads(json.dumps(dump(rule)))) == rule


@MANY
@given(
    JSON
    | st.dictionaries(
        st.sampled_from(["name", "priority", "project", "issue_type", "conditions", "fields"]),
        JSON
        | st.lists(
            st.dictionaries(
                st.sampled_from(["path", "operator", "value", "field", "sources", "static"]), JSON
            ),
            max_size=2,
        ),
    )
)
def test_any_document_is_a_rule_or_refused_in_words(document):
    result = made(lambda: parse(document))

    if isinstance(result, RuleDocumentError):
        assert result.errors
        assert all(it.problem and it.remedy for it in result.errors)
    else:
        assert parse(dump(result)) == result


def made(make: Callable[[], Any]) -> Any:
    try:
        return make()
    except (RuleError, RuleDocumentError) as error:
        return error


@MANY
@given(st.text(max_size=60) | st.from_regex(r"\{\{ [a-z_|.()\[\]'0-9+*~ -]{0,30} \}\}"), RECORDS)
def test_any_text_is_a_template_or_refused_and_is_filled_or_said(text, record):
    source = made(lambda: Template(text))

    if isinstance(source, RuleError):
        assert source.remedy
    else:
        offered = source.offer(record)
        assert isinstance(offered.value, str) or (offered.value is None)


@MANY
@given(st.text(max_size=30) | st.from_regex(r"\$[a-z.\[\]?@='*:,0-9]{0,20}"), RECORDS)
def test_any_text_is_a_path_or_refused_and_is_followed_or_said(text, record):
    source = made(lambda: Path(text))

    if isinstance(source, RuleError):
        assert source.remedy
    else:
        offered = source.offer(record)
        assert offered.value is None or not offered.problem
