"""Changes that are offered for a rule: each was seen to help before it is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mapping_strategies import RECORDS, RULES, schemas

from core.mapping.document import dump, parse
from core.mapping.examples import dump_example
from core.mapping.mending import Mend, seen_to_help, with_mapping
from core.mapping.mends import candidates
from core.mapping.routing import Rule
from core.mapping.schema import FieldKind, TargetField, TargetSchema
from core.mapping.shadow import Trial, examine
from core.mapping.sources import FieldMapping, Path, Static, ValueMap, WhenEmpty
from core.mapping.values import AllowedValue, Cascade, RichText

KYIV, LVIV, OSLO = (
    AllowedValue("10", "Kyiv"),
    AllowedValue("11", "Lviv office"),
    AllowedValue("12", "Oslo"),
)
SUMMARY = TargetField("summary", "Summary", FieldKind.LINE, required=True)
OFFICE = TargetField("cf_1", "Office", FieldKind.OPTION, allowed=(KYIV, LVIV, OSLO))
TITLE = FieldMapping("summary", (Path("$.title"),), "Summary")
FROM_RECORD = FieldMapping("cf_1", (Path("$.office"),), "Office")


class Shapes:
    def shape(self, _target, value):
        match value:
            case AllowedValue(id=chosen):
                return {"id": chosen}
            case tuple():
                return [self.shape(_target, item) for item in value]
        return value


def trial(*mappings, offices=("Kyiv",), fields=(SUMMARY, OFFICE), written=None) -> Trial:
    records = {
        str(number): {"title": f"Laptop {number}", "office": office}
        for number, office in enumerate(offices, 1)
    }
    rule = Rule(1, "IT", 10, project="IT", issue_type="Task", fields=(TITLE, *mappings))
    schema = TargetSchema("IT, Task", {field.id: field for field in fields})
    minimal = {"title": "Shadow mapping"}
    return Trial(rule, records, minimal, schema, {}, Shapes(), written or {})


def mends(made: Trial) -> list[Mend]:
    return seen_to_help(made, candidates(made, examine(made)))


def only(made: Trial) -> Mend:
    [mend] = mends(made)
    return mend


def sources(mend: Mend, field_id: str = "cf_1"):
    assert mend.rule is not None
    [mapping] = [it for it in mend.rule.fields if it.field_id == field_id]
    return mapping.sources


def test_a_rule_that_fits_needs_no_mend():
    assert mends(trial(FROM_RECORD)) == []


def test_a_field_that_has_another_id_now_is_mapped_under_that():
    mend = only(
        trial(FieldMapping("cf_9", (Path("$.office"),), "office"), offices=["Kyiv", "Oslo"])
    )

    assert mend.key == "cf_9:moved-to-cf_1"
    assert "map Office (cf_1) instead of office (cf_9)" in mend.text
    assert mend.helps == 2
    assert mend.rule is not None
    assert mend.rule.fields[1] == FROM_RECORD


def test_a_namesake_that_would_refuse_the_records_is_not_offered():
    assert mends(trial(FieldMapping("cf_9", (Path("$.title"),), "Office"))) == []


def test_a_namesake_that_the_rule_maps_already_is_no_place_to_move_to():
    gone = FieldMapping("cf_9", (Path("$.office"),), "Office")

    assert only(trial(FROM_RECORD, gone)).key == "cf_9:remove"


@pytest.mark.parametrize("fields", [(SUMMARY,), (SUMMARY, replace(OFFICE, settable=False))])
def test_a_field_that_cannot_be_set_any_more_is_taken_out_of_the_rule(fields):
    mend = only(trial(FROM_RECORD, fields=fields))

    assert mend.key == "cf_1:remove"
    assert mend.rule is not None
    assert mend.rule.fields == (TITLE,)


def test_a_field_that_cannot_be_set_and_is_demanded_is_not_taken_out():
    assert (
        mends(trial(FROM_RECORD, fields=(SUMMARY, replace(OFFICE, settable=False, required=True))))
        == []
    )


@pytest.mark.parametrize(
    ("source", "mended"),
    [
        (Static("Lviv"), Static("Lviv office")),
        (Static("Kiev"), Static("Kyiv")),
        (
            ValueMap(Path("$.office"), {"Kyiv": "Kiev", "b": "Oslo"}, "Lviv"),
            ValueMap(Path("$.office"), {"Kyiv": "Kyiv", "b": "Oslo"}, "Lviv office"),
        ),
    ],
    ids=["fewer words", "another spelling", "table and otherwise"],
)
def test_an_option_that_is_gone_is_exchanged_for_the_nearest(source, mended):
    mend = only(trial(FieldMapping("cf_1", (source,), "Office")))

    assert mend.key == "cf_1:option"
    assert sources(mend) == (mended,)
    assert mend.helps == 1


def test_of_several_options_only_those_that_are_gone_are_exchanged():
    many = replace(OFFICE, kind=FieldKind.OPTIONS)

    mend = only(trial(FieldMapping("cf_1", (Static(["Oslo", "Lviv"]),)), fields=(SUMMARY, many)))

    assert sources(mend) == (Static(["Oslo", "Lviv office"]),)


def test_a_choice_in_two_steps_is_exchanged_whole():
    place = TargetField(
        "cf_1", "Place", FieldKind.CASCADE, allowed=(AllowedValue("1", "Ukraine", (KYIV, LVIV)),)
    )

    mend = only(trial(FieldMapping("cf_1", (Static("Ukraine / Kiev"),)), fields=(SUMMARY, place)))

    assert sources(mend) == (Static("Ukraine / Kyiv"),)


def test_an_option_that_is_gone_and_like_no_other_is_left_to_a_person():
    mend = only(trial(FieldMapping("cf_1", (Static("Tokyo 2"),), "Office")))

    assert (mend.key, mend.rule, mend.helps) == ("cf_1:choose", None, 0)
    assert '"Tokyo 2"' in mend.text
    assert "one of Kyiv, Lviv office, Oslo" in mend.text


def test_a_renamed_option_is_known_by_what_records_were_given_before():
    headquarters = replace(OFFICE, allowed=(replace(KYIV, name="Headquarters"), LVIV))
    made = trial(
        FieldMapping("cf_1", (Static("Kyiv"),), "Office"),
        fields=(SUMMARY, headquarters),
        written={"1": {"cf_1": {"id": "10"}}},
    )

    assert sources(only(made)) == (Static("Headquarters"),)


def test_records_values_are_translated_by_a_table_that_leaves_the_others_as_they_are():
    mend = only(trial(FROM_RECORD, offices=["Lviv", "Kyiv", "Lviv", "Oslo"]))

    assert mend.key == "cf_1:table"
    assert sources(mend) == (ValueMap(Path("$.office"), {"Lviv": "Lviv office"}), Path("$.office"))
    assert mend.helps == 2
    assert "Lviv" not in mend.text
    assert mend.details == ('"Lviv" -> "Lviv office"',)


def test_records_values_are_known_by_what_those_records_were_given_before():
    headquarters = replace(OFFICE, allowed=(replace(KYIV, name="Headquarters"), LVIV, OSLO))
    made = trial(
        FROM_RECORD,
        offices=["Kyiv"] * 3,
        fields=(SUMMARY, headquarters),
        written={"1": {"cf_1": {"id": "10"}}, "2": {"cf_1": {"id": "10"}}},
    )

    mend = only(made)

    assert mend.details == ('"Kyiv" -> "Headquarters"',)
    assert mend.helps == 3


def test_records_values_that_are_like_two_options_or_hardly_like_one_are_not_translated():
    two = replace(OFFICE, allowed=(AllowedValue("1", "Lviv 1"), AllowedValue("2", "Lviv 2")))

    assert mends(trial(FROM_RECORD, offices=["Lviv 3"], fields=(SUMMARY, two))) == []
    assert mends(trial(FROM_RECORD, offices=["Olso, Norway, 3rd"])) == []


def test_a_table_gets_an_entry_for_what_it_lacks():
    table = ValueMap(Path("$.office"), {"HQ": "Kyiv"})

    mend = only(trial(FieldMapping("cf_1", (table,), "Office"), offices=["HQ", "Lviv"]))

    assert sources(mend) == (replace(table, table={"HQ": "Kyiv", "Lviv": "Lviv office"}),)


def test_a_second_rename_goes_on_from_the_first_mend():
    first = (ValueMap(Path("$.office"), {"Lviv": "Lviv office"}), Path("$.office"))
    renamed = replace(OFFICE, allowed=(replace(KYIV, name="Kyiv office"), LVIV))
    mapping = FieldMapping("cf_1", first, "Office")

    made = trial(mapping, offices=["Lviv", "Kyiv"], fields=(SUMMARY, renamed))
    [mend] = mends(made)

    assert mend.helps == 1
    assert mend.rule is not None
    assert not any(made.violations(record, mend.rule) for record in made.records.values())


@pytest.mark.parametrize(
    ("kind", "default", "written"),
    [
        (FieldKind.OPTION, OSLO, "Oslo"),
        (FieldKind.OPTIONS, (OSLO, KYIV), ["Oslo", "Kyiv"]),
        (FieldKind.CASCADE, Cascade(OSLO), "Oslo"),
        (FieldKind.RICH_TEXT, RichText("<p>None</p>", html=True), "<p>None</p>"),
        (FieldKind.DATE, date(2027, 1, 31), "2027-01-31"),
        (FieldKind.NUMBER, 250, 250),
    ],
)
def test_a_field_that_is_demanded_since_is_filled_with_its_default(kind, default, written):
    demanded = TargetField(
        "cf_1",
        "Office",
        kind,
        required=True,
        default=default,
        allowed=OFFICE.allowed if isinstance(default, AllowedValue | tuple | Cascade) else None,
    )

    mend = only(trial(fields=(SUMMARY, demanded)))

    assert mend.key == "cf_1:default"
    assert sources(mend) == (Static(written),)
    assert mend.helps == 1


def test_a_field_that_is_demanded_since_is_filled_with_its_only_value():
    demanded = replace(OFFICE, required=True, allowed=(OSLO,))

    mend = only(trial(fields=(SUMMARY, demanded)))

    assert (mend.key, sources(mend)) == ("cf_1:only", (Static("Oslo"),))


def test_of_several_values_of_a_demanded_field_a_person_chooses():
    mend = only(trial(fields=(SUMMARY, replace(OFFICE, required=True))))

    assert (mend.key, mend.rule) == ("cf_1:choose", None)
    assert mend.text == (
        "map Office (cf_1), which is demanded: a person has to choose one of Kyiv, Lviv office, "
        "Oslo"
    )


def test_a_demanded_field_that_records_lack_falls_back_on_its_default():
    demanded = replace(OFFICE, required=True, default=OSLO)

    mend = only(trial(FROM_RECORD, offices=["Kyiv", None, None], fields=(SUMMARY, demanded)))

    assert sources(mend) == (Path("$.office"), Static("Oslo"))
    assert mend.helps == 2


def test_a_rule_that_nothing_was_tried_on_is_mended_by_the_made_up_record():
    mend = only(trial(offices=[], fields=(SUMMARY, replace(OFFICE, required=True, default=OSLO))))

    assert (mend.key, mend.helps) == ("cf_1:default", 0)


def test_the_mend_that_helps_most_comes_first_and_choices_last():
    gone = FieldMapping("cf_9", (Path("$.title"),), "Gone")
    chosen = replace(OFFICE, id="cf_2", name="Site", required=True)
    made = trial(FROM_RECORD, gone, offices=["Kyiv", "Lviv"], fields=(SUMMARY, OFFICE, chosen))

    assert [(it.key, it.helps) for it in mends(made)] == [
        ("cf_9:remove", 2),
        ("cf_1:table", 1),
        ("cf_2:choose", 0),
    ]


def test_a_mend_keeps_what_it_is_not_about():
    mapping = FieldMapping("cf_9", (Path("$.office"),), "Office", WhenEmpty.VIOLATION)

    mend = only(trial(mapping))

    assert mend.rule is not None
    assert mend.rule.fields[0] == TITLE
    assert mend.rule.fields[1].when_empty is WhenEmpty.VIOLATION
    assert (mend.rule.id, mend.rule.name, mend.rule.priority) == (1, "IT", 10)


@settings(max_examples=150, deadline=None)
@given(RULES, st.lists(RECORDS, max_size=4), schemas())
def test_every_mend_helps_and_can_be_stored(rule, records, schema):
    any_trial = Trial(rule, {str(n): r for n, r in enumerate(records)}, {}, schema, {}, Shapes())
    before = sum(len(any_trial.violations(record)) for record in (*records, {}))

    found = mends(any_trial)

    assert len({mend.key for mend in found}) == len(found)
    for mend in found:
        if mend.rule is None:
            continue
        after = sum(
            min(len(any_trial.violations(record, mend.rule)), len(any_trial.violations(record)))
            for record in (*records, {})
        )
        assert after < before
        assert parse(dump(mend.rule)) == mend.rule


def test_what_examples_expect_follows_the_mend():
    static = FieldMapping("cf_1", (Static("Lviv"),), "Office")
    example = {"name": "e", "record": {"title": "x"}, "expect": {"cf_1": "Lviv", "summary": "x"}}
    rule = parse({**dump(Rule(1, "r", 1, (), project="HR", issue_type="Task",
                              fields=(TITLE, static))), "examples": [example]})  # fmt: skip

    def expected(old: FieldMapping, new: FieldMapping | None, **values: str) -> object:
        [after] = with_mapping(rule, old, new, values).examples
        return dump_example(after)["expect"]

    [_, mapped] = rule.fields
    moved = replace(mapped, field_id="cf_9")
    followed = {"cf_1": "Lviv office", "summary": "x"}
    assert expected(mapped, mapped, Lviv="Lviv office") == followed
    assert expected(mapped, moved) == {"cf_9": "Lviv", "summary": "x"}
    assert expected(mapped, None) == {"summary": "x"}
