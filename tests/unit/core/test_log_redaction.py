"""What never stands in a log: secrets, addresses of people, what vendors say of them."""

from __future__ import annotations

import logging
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import VendorRejectedError
from core.log_lines import Line, LineFormatter, settled
from core.log_redaction import PERSONAL, SECRET, VENDORS_WORDS, Redact

PLANTED = "s3cret-Value/42"
redact = Redact([PLANTED, "short"])


def line(message: str = "event", exc: BaseException | None = None, **extra: object) -> Line:
    record = logging.LogRecord("tests", logging.INFO, __file__, 1, message, None, None)
    record.request_id = "r-1"
    if exc is not None:
        record.exc_info = (type(exc), exc, exc.__traceback__)
    vars(record).update(extra)
    return LineFormatter("worker", redact).line(settled(record))


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (f"a {PLANTED} b", f"a {SECRET} b"),
        ("a s3cret-Value%2F42 b", f"a {SECRET} b"),
        ("Authorization: Bearer abc.def", f"Authorization: {SECRET}"),
        ('{"Authorization": "Basic bWU6cHc="}', f'{{"Authorization": "{SECRET}"}}'),
        ("sent Bearer abcdefgh12", f"sent Bearer {SECRET}"),
        ("x?api_key=abc123&page=2", f"x?api_key={SECRET}&page=2"),
        ("password: hunter2, page 2", f"password: {SECRET}, page 2"),
        ("redis://me:pw@host/0", f"redis://{SECRET}@host/0"),
        ("a igw_0123456789abc b", f"a {SECRET} b"),
        ("a xoxb-12-34-abcdef b", f"a {SECRET} b"),
        ("https://hooks.slack.com/services/T0/B0/x1", f"https://hooks.slack.com/services/{SECRET}"),
        ("bot110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw", f"bot{SECRET}"),
        ("eyJhbGciOi.eyJzdWIi.c2ln", SECRET),
        ("for zoriana.k+x@acme.example now", f"for {PERSONAL} now"),
        ("q=zoriana%40acme.example&x=1", f"q={PERSONAL}&x=1"),
        ("jira did not create issue (status 400): User Zoriana\nKlymenko is", None),
        ("jira did not read (status 502): the answer is not JSON", "="),
        ("jira did not read: read timeout", "="),
        ("issue HR-7, record 7309041, waited 4.5 s at 12:30", "="),
    ],
)
def test_a_text_loses_what_nobody_may_see_and_nothing_else(text, left):
    if left is None:
        left = f"jira did not create issue (status 400): {VENDORS_WORDS}"
    assert redact.text(text) == (text if left == "=" else left)


@pytest.mark.parametrize(
    ("name", "value", "left"),
    [
        ("api_token", "x", SECRET),
        ("Authorization", ["x"], SECRET),
        ("summary", "Laptop for Zoriana", PERSONAL),
        ("full_name", {"first": "Zoriana"}, PERSONAL),
        ("report", {"password": "x", "issues": 4}, {"password": SECRET, "issues": 4}),
        ("list", ["zoriana@acme.example", 3], [PERSONAL, 3]),
        ("caller", "monitoring", "monitoring"),
        ("seen_before", False, False),
        ("error", None, None),
    ],
)
def test_a_field_is_judged_by_its_name_and_its_value(name, value, left):
    assert redact.field(name, value) == left


def test_the_words_of_a_vendor_do_not_stand_in_a_traceback():
    words = "The user\n'Zoriana Klymenko' is inactive"
    try:
        try:
            raise VendorRejectedError("jira", "create_issue", 400, words)
        except VendorRejectedError as error:
            raise RuntimeError("it failed") from error
    except RuntimeError as error:
        written = line(exc=error)

    assert "Zoriana" not in written.json
    assert VENDORS_WORDS in written.fields["exc_info"]
    assert "RuntimeError: it failed" in written.fields["exc_info"]


def test_what_is_long_is_shortened_in_the_middle():
    written = line(path=f"begin{'x' * 1_000_000}end")

    assert len(written.json) < 5_000
    assert written.fields["path"].startswith("begin")
    assert written.fields["path"].endswith("end")


class Unspeakable:
    def __str__(self) -> str:
        raise ValueError("no")


def test_a_value_that_cannot_be_written_costs_only_itself():
    circle: list[object] = []
    circle.append(circle)

    written = line("a %s", odd=Unspeakable(), circle=circle, data=b"\xff", fine=1)

    assert written.fields["odd"] == "<Unspeakable>"
    assert written.fields["fine"] == 1


def test_a_message_whose_arguments_do_not_fit_is_written_all_the_same():
    record = logging.LogRecord("tests", logging.INFO, __file__, 1, "%d of %d", ("x",), None)

    assert (
        LineFormatter("worker", redact).line(settled(record)).fields["event"] == "%d of %d ('x',)"
    )


def test_what_the_caller_changes_later_is_not_in_the_line():
    counts = {"new": 1}
    record = logging.LogRecord("tests", logging.INFO, __file__, 1, "polled", None, None)
    vars(record)["counts"] = counts
    aside = settled(record)

    counts["new"] = 2

    assert LineFormatter("worker", redact).line(aside).fields["counts"] == {"new": 1}


@given(st.text())
def test_any_text_is_one_line_of_json_and_one_of_text(text):
    written = line(text, field=text)

    assert "\n" not in written.json
    assert len(written.text.splitlines()) == 1
    assert all(char.isprintable() for char in written.text)


def test_a_traceback_in_a_strangers_words_cannot_pass_for_a_line():
    text = line(exc=ValueError("x\n12:00:00 INFO    all_is_well")).text

    assert "\n12:00:00" not in text


@pytest.mark.parametrize(
    "part",
    [
        "a",
        "1",
        "-a",
        "token",
        "passw",
        "eyJ-",
        "://",
        "@",
        "basic ",
        "a.",
        "authorization: ",
        "%40",
    ],
)
def test_no_text_of_a_strangers_choice_takes_long(part):
    # Twice the text may take twice the time, and not four times: a bound on growth, not on speed.
    def seconds(times: int) -> float:
        text = "@:=" + part * (times // len(part))
        return min(_timed(redact.text, text) for _ in range(3))

    assert seconds(64_000) < 8 * seconds(16_000) + 0.01


def _timed(call, text) -> float:
    began = time.perf_counter()
    call(text)
    return time.perf_counter() - began
