"""The verdict on a rule: what is its own fault, and what its records'."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mapping_strategies import RECORDS, RULES, schemas

from core.mapping.routing import Action, Rule
from core.mapping.schema import FieldKind, TargetField, TargetSchema
from core.mapping.shadow import Trial, Verdict, examine, left_out, without_target
from core.mapping.sources import FieldMapping, Path, Static, Template, ValueMap
from core.mapping.values import AllowedValue

OFFICES = tuple(AllowedValue(str(10 + i), name) for i, name in enumerate(("Kyiv", "Lviv", "Oslo")))
SUMMARY = TargetField("summary", "Summary", FieldKind.LINE, required=True)
OFFICE = TargetField("cf_1", "Office", FieldKind.OPTION, allowed=OFFICES)
ASSIGNEE = TargetField("assignee", "Assignee", FieldKind.USER)
TITLE = FieldMapping("summary", (Path("$.title"),), "Summary")
FROM_RECORD = FieldMapping("cf_1", (Path("$.office"),), "Office")
MINIMAL = {"title": "Shadow mapping", "office": None}


class AsItIs:
    """A target whose JSON is the neutral value."""

    def shape(self, _target, value):
        return value


def trial(*mappings, offices=(), fields=(SUMMARY, OFFICE, ASSIGNEE), lookups=None) -> Trial:
    """A rule on one record for each office."""
    records = {
        str(number): {"title": f"Laptop {number}", "office": office, "email": f"{office}@acme.x"}
        for number, office in enumerate(offices, 1)
    }
    rule = Rule(1, "IT", 10, project="IT", issue_type="Task", fields=(TITLE, *mappings))
    schema = TargetSchema("IT, Task", {field.id: field for field in fields})
    return Trial(rule, records, MINIMAL, schema, lookups or {}, AsItIs())


def test_a_rule_whose_records_all_fit_fits():
    found = examine(trial(FROM_RECORD, offices=["Kyiv", "Lviv"]))

    assert (found.verdict, found.tried, found.failed) == (Verdict.FITS, 2, 0)
    assert found.summary == "It fits: all of its 2 newest records would be taken."
    assert (found.reason, found.findings) == ("", ())


def test_a_rule_that_fits_and_took_nothing_is_unused():
    found = examine(trial(FROM_RECORD))

    assert found.verdict is Verdict.UNUSED
    assert found.summary == "It fits, and took none of the newest records."


def test_one_violation_that_no_record_could_avoid_makes_a_rule_unfit():
    found = examine(trial(FieldMapping("cf_1", (Static("Lvov"),), "Office"), offices=["Kyiv"]))

    assert found.verdict is Verdict.UNFIT
    assert found.summary == (
        '1 of its 1 newest record would be refused: field Office (cf_1): "Lvov" was offered, but '
        "it is not among the allowed values."
    )
    assert found.reason == (
        'Field Office (cf_1): "Lvov" was offered, but it is not among the allowed values. Allowed: '
        "Kyiv, Lviv, Oslo. Nearest: Lviv. To mend it: correct the value, map it by a table, or add "
        "it in the target. 1 of its 1 newest record would have failed because of it."
    )


def test_a_rule_that_took_nothing_is_found_unfit_by_the_made_up_record():
    demanded = TargetField("cf_2", "Cost centre", FieldKind.LINE, required=True)

    found = examine(trial(fields=(SUMMARY, demanded)))

    assert (found.verdict, found.tried, found.failed) == (Verdict.UNFIT, 0, 0)
    assert "A made-up record" in found.summary
    assert "Cost centre (cf_2)" in found.reason
    assert "none has met it yet" in found.reason
    assert found.findings[0].examples == ()


def test_what_the_made_up_record_lacks_is_not_held_against_the_rule():
    demanded = replace(OFFICE, required=True)

    found = examine(trial(FROM_RECORD, offices=["Kyiv"], fields=(SUMMARY, demanded)))

    assert found.verdict is Verdict.FITS


@pytest.mark.parametrize(
    ("refused", "taken", "verdict"),
    [
        (1, 9, Verdict.SOME_FAIL),
        (4, 5, Verdict.SOME_FAIL),
        (5, 5, Verdict.UNFIT),
        (10, 0, Verdict.UNFIT),
        (4, 0, Verdict.SOME_FAIL),  # Too few to say anything.
        (5, 0, Verdict.UNFIT),
    ],
)
def test_a_share_of_records_refused_because_of_one_field_is_the_rules_fault(
    refused, taken, verdict
):
    found = examine(trial(FROM_RECORD, offices=["Lwow"] * refused + ["Kyiv"] * taken))

    assert (found.verdict, found.failed) == (verdict, refused)


def test_the_share_can_be_chosen():
    some = trial(FROM_RECORD, offices=["Lwow"] * 3 + ["Kyiv"] * 7)

    assert examine(some, 31).verdict is Verdict.SOME_FAIL
    assert examine(some, 30).verdict is Verdict.UNFIT


def test_two_fields_that_each_refuse_a_few_records_do_not_add_up():
    other = replace(OFFICE, id="cf_2", name="Site")
    both = trial(
        FROM_RECORD,
        FieldMapping("cf_2", (Path("$.title"),), "Site"),
        offices=["Kyiv"] * 6,
        fields=(SUMMARY, OFFICE, other),
    )
    titles = ["Kyiv"] * 4 + ["?", "?"]
    offices = ["?", "?"] + ["Kyiv"] * 4
    records = {
        str(n): {"title": title, "office": office}
        for n, (title, office) in enumerate(zip(titles, offices, strict=True))
    }

    found = examine(replace(both, records=records))

    assert (found.verdict, found.failed) == (Verdict.SOME_FAIL, 4)
    assert [finding.records for finding in found.findings] == [2, 2]


def test_closed_accounts_are_never_the_rules_fault():
    assignee = FieldMapping("assignee", (Path("$.email"),), "Assignee")

    found = examine(trial(assignee, offices=["a"] * 10))

    assert (found.verdict, found.failed) == (Verdict.SOME_FAIL, 10)


def test_a_person_that_is_demanded_since_and_that_records_lack_is_the_rules_fault():
    demanded = replace(ASSIGNEE, required=True)
    assignee = FieldMapping("assignee", (Path("$.nobody"),), "Assignee")

    found = examine(trial(assignee, offices=["a"] * 5, fields=(SUMMARY, demanded)))

    assert found.verdict is Verdict.UNFIT


def test_records_with_the_same_problem_are_one_finding_with_a_few_examples():
    found = examine(trial(FROM_RECORD, offices=["Lwow", "Breslau", "Lwow", *["Kyiv"] * 9]))

    [finding] = found.findings
    assert (finding.records, finding.examples) == (3, ("1", "2", "3"))
    assert finding.values == (('"Lwow"', 2), ('"Breslau"', 1))
    assert found.summary.startswith("3 of its 12 newest records would be refused: field Office")


def test_a_finding_names_five_examples_and_counts_the_others():
    [finding] = examine(trial(FROM_RECORD, offices=["?"] * 8)).findings

    assert finding.examples == ("1", "2", "3", "4", "5")
    assert finding.records == 8


def test_what_is_told_repeats_no_value_of_a_record():
    cascade = TargetField(
        "cf_3", "Place", FieldKind.CASCADE, allowed=(AllowedValue("1", "Ukraine", OFFICES),)
    )
    found = examine(
        trial(
            FieldMapping("assignee", (Path("$.email"),), "Assignee"),
            FieldMapping("cf_1", (ValueMap(Path("$.office"), {"x": "Kyiv"}),), "Office"),
            FieldMapping("cf_3", (Template("Ukraine / {{ office }}"),), "Place"),
            offices=["Olena's secret"] * 6,
            fields=(SUMMARY, OFFICE, ASSIGNEE, cascade),
        )
    )

    assert len(found.findings) == 3
    told = f"{found.summary}{found.reason}{[str(finding) for finding in found.findings]}"
    assert "secret" not in told
    assert "acme.x" not in told
    assert "the table has no entry for …" in told


def test_an_e_mail_that_stands_in_the_rule_is_not_told_either():
    fixed = FieldMapping("assignee", (Static("olena@acme.x"),), "Assignee")

    found = examine(trial(fixed, offices=["Kyiv"]))

    assert found.verdict is Verdict.UNFIT
    assert "olena" not in found.reason + found.summary
    assert "the rule's own value was offered" in found.reason


def test_two_wrong_entries_of_a_table_are_two_findings():
    table = ValueMap(Path("$.office"), {"a": "Kiev", "b": "Lvov"})

    found = examine(trial(FieldMapping("cf_1", (table,), "Office"), offices=["a", "b", "a"]))

    assert [it.violation.nearest for it in found.findings] == ["Kyiv", "Lviv"]
    assert [it.records for it in found.findings] == [2, 1]


def test_the_reason_begins_with_what_is_the_rules_fault():
    found = examine(
        trial(FROM_RECORD, FieldMapping("cf_9", (Static("x"),), "Gone"), offices=["?", "Kyiv"])
    )

    assert found.verdict is Verdict.UNFIT
    assert found.reason.startswith("Field Gone (cf_9)")
    assert "Office" not in found.reason


def test_a_rule_that_leaves_records_out_is_used_or_not():
    drop = Rule(1, "No", 1, action=Action.DROP)

    assert left_out(drop, 3).verdict is Verdict.FITS
    assert left_out(drop, 0).verdict is Verdict.UNUSED


def test_a_rule_whose_target_is_gone_is_unfit_with_the_targets_own_words():
    rule = Rule(1, "IT", 1, project="IT", issue_type="Task")

    found = without_target(rule, 7, "project IT has no issue type 'Task'")

    assert (found.verdict, found.tried, found.failed) == (Verdict.UNFIT, 7, 7)
    assert "project IT has no issue type 'Task'" in found.reason
    assert "7 of its 7 newest records" in found.reason


@settings(max_examples=150, deadline=None)
@given(RULES, st.lists(RECORDS, max_size=7), schemas(), st.integers(1, 100))
def test_a_verdict_is_reached_on_any_rule_and_records(rule, records, schema, share):
    by_id = {str(number): record for number, record in enumerate(records)}
    any_trial = Trial(rule, by_id, {}, schema, {}, AsItIs())

    found = examine(any_trial, share)

    refused = [it for it in by_id.values() if any_trial.violations(it)]
    assert (found.tried, found.failed) == (len(by_id), len(refused))
    assert bool(found.findings) == (found.verdict in {Verdict.UNFIT, Verdict.SOME_FAIL})
    assert bool(found.reason) == bool(found.findings)
