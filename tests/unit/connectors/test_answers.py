"""What is read from refusals and from Retry-After."""

import pickle
from datetime import UTC, datetime

import pytest

from connectors.answers import MAX_DETAIL, MAX_RETRY_AFTER, refusal, retry_after

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        ("soon", None),
        ("nan", None),
        ("7", 7.0),
        ("1.5", 1.5),
        ("0", 1.0),
        ("-3", 1.0),
        ("86400", MAX_RETRY_AFTER),
        ("inf", MAX_RETRY_AFTER),
        ("Sun, 01 Mar 2026 12:00:30 GMT", 30.0),
        ("Sun, 01 Mar 2026 11:00:00 GMT", 1.0),
        ("Sun, 01 Mar 2026 12:00:30 -0000", 30.0),
        ("Mon, 02 Mar 2026 12:00:00 GMT", MAX_RETRY_AFTER),
    ],
)
def test_retry_after_is_read_in_both_forms_and_kept_in_bounds(header, seconds):
    assert retry_after(header, now=NOW) == seconds


@pytest.mark.parametrize(
    ("payload", "detail", "field_errors"),
    [
        ({"errorMessages": ["No.", "Never."], "errors": {}}, "No.; Never.", {}),
        (
            {"errorMessages": [], "errors": {"duedate": "Wrong date."}},
            "",
            {"duedate": "Wrong date."},
        ),
        ({"success": False, "errors": [{"message": "text is required"}]}, "text is required", {}),
        ({"errors": {"name": ["is short", "is odd"]}}, "", {"name": "is short; is odd"}),
        ({"message": "Bad Credentials"}, "Bad Credentials", {}),
        ({"title": "Bad Request", "detail": "No endpoint."}, "No endpoint.", {}),
        (None, "", {}),
        (["?"], "", {}),
        ("text", "", {}),
        ({"errors": 7, "errorMessages": {"x": 1}}, "", {}),
    ],
)
def test_a_refusal_says_what_the_vendor_said(payload, detail, field_errors):
    error = refusal("jira", "create_issue", 400, payload)

    assert (error.detail, error.field_errors) == (detail, field_errors)


def test_a_long_refusal_is_shortened_everywhere():
    error = refusal(
        "jira",
        "create_issue",
        400,
        {"errorMessages": ["x" * 9000], "errors": {f"{n}": "y" * 9000 for n in range(90)}},
    )

    assert len(error.detail) == MAX_DETAIL
    assert len(error.field_errors) == 50
    assert {len(text) for text in error.field_errors.values()} == {MAX_DETAIL}


def test_a_refusal_survives_the_way_to_another_process():
    error = refusal("jira", "create_issue", 400, {"errors": {"a": "b"}})

    copy = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes

    assert copy.field_errors == {"a": "b"}
    assert str(copy) == str(error)
