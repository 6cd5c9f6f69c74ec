"""What holds for every schema, every rule and every record."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mapping_strategies import JSON, RECORDS, RULES, rules_with_examples, schemas

from core.mapping.casts import lookup_key, says_nothing
from core.mapping.check import check
from core.mapping.document import dump, parse
from core.mapping.errors import RuleDocumentError, RuleError
from core.mapping.overlaps import OverlapKind, overlaps
from core.mapping.record import read
from core.mapping.resolve import Payload, Violations, needed_lookups, resolve
from core.mapping.routing import Rule, in_order, route
from core.mapping.schema import TargetSchema
from core.mapping.sources import Path, Static, Template, TextFormat
from core.mapping.trying import try_examples


class AsItIs:
    """A target whose JSON is the neutral value."""

    def shape(self, _target, value):
        return value


def resolved(rule: Rule, record: dict[str, Any], schema: TargetSchema) -> Payload | Violations:
    return resolve(record, rule, schema, {"x@y.z": "acc-1"}, AsItIs())


MANY = settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow], deadline=None)


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


@settings(MANY, max_examples=500)
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
@given(rules_with_examples(), schemas())
def test_any_example_is_met_or_fails_in_words(rule, schema):
    for failure in try_examples(rule, schema, {"x@y.z": "acc-1"}, AsItIs()):
        assert failure.example in {example.name for example in rule.examples}
        assert failure.problem.endswith(".")


@MANY
@given(rules_with_examples())
def test_a_rule_comes_back_from_its_document_as_it_was(rule):
    assert parse(dump(rule)) == rule
    assert parse(json.loads(json.dumps(dump(rule)))) == rule


@MANY
@given(
    JSON
    | st.dictionaries(
        st.sampled_from(
            [
                "name",
                "priority",
                "project",
                "issue_type",
                "conditions",
                "fields",
                "examples",
            ]
        ),
        JSON
        | st.lists(
            st.dictionaries(
                st.sampled_from(
                    [
                        "path",
                        "operator",
                        "value",
                        "field",
                        "sources",
                        "static",
                        "name",
                        "record",
                        "expect",
                    ]
                ),
                JSON,
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
