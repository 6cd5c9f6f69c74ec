"""What a value becomes in a field of each kind, and why it may not."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from core.mapping.casts import CastContext, cast, says_nothing
from core.mapping.refusal import Refusal
from core.mapping.schema import FieldKind, TargetField
from core.mapping.values import Account, AllowedValue, Cascade, RichText

KYIV, LVIV, ODESA = (
    AllowedValue("10", "Kyiv"),
    AllowedValue("11", "Lviv"),
    AllowedValue("12", "Odesa"),
)
UKRAINE = AllowedValue("20", "Ukraine", (KYIV, LVIV))
AND_OR = AllowedValue("21", "and/or", (ODESA,))
ZONE = ZoneInfo("Europe/Kyiv")


def fitted(kind, value, *, allowed=None, max_length=None, html=True):
    context = CastContext({"iryna@acme.example": "acc-1", "left@acme.example": None}, ZONE, html)
    target = TargetField("f", "Field", FieldKind(kind), allowed=allowed, max_length=max_length)
    return cast(value, target, context), context.notices


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("line", " a  b ", "a b"),
        ("line", 5, "5"),
        ("line", 5.0, "5"),
        ("line", True, "true"),
        ("line", ["a", None, "b"], "a, b"),
        ("text", "a\nb", "a\nb"),
        ("rich_text", "<p>x</p>", RichText("<p>x</p>", html=True)),
        ("number", 5, 5),
        ("number", " -1234.50 ", -1234.5),
        ("number", "7", 7),
        ("number", [7], 7),
        ("date", "2026-10-05", date(2026, 10, 5)),
        ("datetime", "2026-10-05T09:30:00+02:00", datetime(2026, 10, 5, 7, 30, tzinfo=UTC)),
        ("datetime", "2026-10-05T09:30:00.120Z", datetime(2026, 10, 5, 9, 30, 0, 120000, UTC)),
        ("datetime", "2026-10-05 09:30 +0300", datetime(2026, 10, 5, 6, 30, tzinfo=UTC)),
        ("datetime", "2026-10-05T09:30", datetime(2026, 10, 5, 9, 30, tzinfo=ZONE)),
        ("user", " Iryna@acme.example ", Account("acc-1")),
        ("users", ["iryna@acme.example", "IRYNA@acme.example"], (Account("acc-1"),)),
        ("group", "admins", AllowedValue("", "admins")),
        ("groups", "admins", (AllowedValue("", "admins"),)),
        ("labels", ["hr", "", "hr", 5], ("hr", "5")),
        ("url", " https://acme.example/a?b=c ", "https://acme.example/a?b=c"),
        ("parent", "HR-42", "HR-42"),
        ("unknown", {"any": ["thing"]}, {"any": ["thing"]}),
    ],
)
def test_a_value_becomes_what_its_field_takes(kind, value, expected):
    assert fitted(kind, value)[0] == expected


@pytest.mark.parametrize(
    ("kind", "value", "says"),
    [
        ("line", {"a": 1}, "an object and not a text"),
        ("number", "1 234,5", "not a number"),
        ("number", "1,234", "not a number"),
        ("number", "five", "not a number"),
        ("number", True, "not a number"),
        ("number", "nan", "not a number"),
        ("number", float("inf"), "not a number"),
        ("number", 10**400, "not a number"),
        ("number", [1, 2], "one value and not 2"),
        ("date", "05/10/2026", "not a date"),
        ("date", "2026-02-30", "not a date"),
        ("date", 20261005, "not a date"),
        ("datetime", "0001-01-01T00:00:00+14:00", "does not exist"),
        ("user", "Iryna Koval", "not an e-mail"),
        ("user", "left@acme.example", "no active account"),
        ("user", "nobody@acme.example", "no active account"),
        ("user", {"email": "iryna@acme.example"}, "an object"),
        ("url", "acme.example", "not a web address"),
        ("url", "javascript:alert(1)", "not a web address"),
        ("url", "https://[", "not a web address"),
        ("url", "https://a b", "not a web address"),
        ("parent", "HR 42", "not the key"),
    ],
)
def test_a_value_that_could_be_read_two_ways_or_none_is_refused_with_a_remedy(kind, value, says):
    with pytest.raises(Refusal, match=says) as raised:
        fitted(kind, value)
    assert raised.value.remedy


@pytest.mark.parametrize(
    ("kind", "value", "options", "expected", "notice"),
    [
        ("line", "a\nb", {}, "a b", "lines were joined"),
        ("line", "x" * 10, {"max_length": 4}, "xxx…", "cut from 10 to 4"),
        ("text", "x" * 10, {"max_length": 1}, "x", "cut from 10 to 1"),
        ("date", "2026-10-05T23:30:00Z", {}, date(2026, 10, 6), "time was left out"),
        ("datetime", "2026-10-05", {}, datetime(2026, 10, 5, tzinfo=ZONE), "midnight"),
        ("labels", "new  hire", {}, ("new_hire",), "became 'new_hire'"),
        ("option", " kyiv ", {"allowed": (KYIV, LVIV)}, KYIV, "taken for 'Kyiv'"),
        ("unknown", 1, {}, 1, "unchecked"),
    ],
)
def test_a_change_that_makes_a_value_fit_is_noted(kind, value, options, expected, notice):
    result, notices = fitted(kind, value, **options)

    assert result == expected
    assert notice in notices[0]


def test_a_time_keeps_its_moment_and_is_written_in_the_rules_zone():
    result, _ = fitted("datetime", "2026-10-05T09:30:00Z")

    assert result.utcoffset() == timedelta(hours=3)
    assert result == datetime(2026, 10, 5, 9, 30, tzinfo=timezone(timedelta(0)))


def test_plain_text_is_kept_apart_from_html():
    assert fitted("rich_text", "a < b", html=False)[0] == RichText("a < b", html=False)


@pytest.mark.parametrize(("text", "nothing"), [("<p> </p><br>", True), ("<img src='x'>", False)])
def test_html_without_a_text_says_nothing_unless_it_shows_something(text, nothing):
    assert says_nothing(text, TargetField("f", "F", FieldKind.RICH_TEXT), html=True) is nothing


@pytest.mark.parametrize(
    ("text", "expected"), [("10", KYIV), ("Kyiv", KYIV), ("12", AllowedValue("13", "12"))]
)
def test_an_option_is_found_by_id_and_then_by_name(text, expected):
    assert fitted("option", text, allowed=(KYIV, AllowedValue("13", "12")))[0] == expected


def test_where_an_id_is_also_a_name_the_id_is_taken_and_that_is_noted():
    result, notices = fitted("option", "10", allowed=(KYIV, AllowedValue("13", "10")))

    assert result == KYIV
    assert "the id was taken" in notices[0]


def test_an_option_that_is_not_allowed_is_refused_with_the_nearest():
    with pytest.raises(Refusal) as raised:
        fitted("option", "Lvov", allowed=(KYIV, LVIV, ODESA))

    assert raised.value.nearest == "Lviv"
    assert raised.value.allowed == ("Kyiv", "Lviv", "Odesa")


def test_an_ambiguous_name_is_refused_with_the_ids_to_choose_from():
    with pytest.raises(Refusal, match="2 allowed values") as raised:
        fitted("option", "Kyiv", allowed=(KYIV, AllowedValue("99", "Kyiv")))

    assert raised.value.allowed == ("Kyiv (id 10)", "Kyiv (id 99)")


def test_a_field_that_offers_nothing_takes_nothing():
    with pytest.raises(Refusal, match="no value to choose from"):
        fitted("components", ["x"], allowed=())


def test_several_options_are_each_found_and_kept_once():
    assert fitted("options", ["Kyiv", "11", "10"], allowed=(KYIV, LVIV))[0] == (KYIV, LVIV)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Ukraine / Lviv", Cascade(UKRAINE, LVIV)),
        ("Ukraine/Lviv", Cascade(UKRAINE, LVIV)),
        ("20 / 11", Cascade(UKRAINE, LVIV)),
        ("Ukraine", Cascade(UKRAINE)),
        (["Ukraine", "Lviv"], Cascade(UKRAINE, LVIV)),
        (["Ukraine", None], Cascade(UKRAINE)),
        ("and/or", Cascade(AND_OR)),
        ("and/or / Odesa", Cascade(AND_OR, ODESA)),
    ],
)
def test_a_choice_in_two_steps_is_read_from_one_text_or_two(value, expected):
    assert fitted("cascade", value, allowed=(UKRAINE, AND_OR))[0] == expected


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("Poland / Lviv", "not among"),
        ("Ukraine / Odesa", "'Ukraine' has no 'Odesa' below it"),
        ("/", "not a choice in two steps"),
        (["a", "b", "c"], "not a choice in two steps"),
    ],
)
def test_a_choice_whose_steps_do_not_go_together_is_refused(value, says):
    with pytest.raises(Refusal, match=says):
        fitted("cascade", value, allowed=(UKRAINE, AND_OR))


def test_a_choice_of_which_the_target_lists_no_values_goes_by_its_name():
    assert fitted("option", "Kyiv")[0] == AllowedValue("", "Kyiv")
    assert fitted("cascade", "A / B")[0] == Cascade(AllowedValue("", "A"), AllowedValue("", "B"))


@pytest.mark.parametrize("kind", ["labels", "url"])
def test_what_must_not_be_cut_is_refused_where_it_is_too_long(kind):
    with pytest.raises(Refusal, match="are allowed"):
        fitted(kind, "https://acme.example/long", max_length=10)


def test_every_kind_of_field_has_a_cast():
    for kind in FieldKind:
        try:
            fitted(kind, "x")
        except Refusal as refusal:
            assert refusal.remedy  # noqa: PT017 - either answer is right here, none other is
