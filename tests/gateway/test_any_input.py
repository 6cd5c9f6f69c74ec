"""Whatever arrives, the gateway answers, and never with an error of its own."""

from __future__ import annotations

import gzip
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.gateway.conftest import EVENT, MAX_BYTES, sign

TOKEN = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
FRAMING = {"content-length", "transfer-encoding", "expect", "connection", "host"}
# What RFC 9110 lets a header hold; gunicorn refuses the rest before the gateway sees it.
VALUES = st.text(
    st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=80
).map(lambda text: text.encode("latin-1"))
NAMES = st.text(TOKEN, min_size=1, max_size=30).filter(lambda name: name.lower() not in FRAMING)
OURS = st.sampled_from(["X-Hub-Signature", "X-Atlassian-Webhook-Identifier", "Content-Type"])
HEADERS = st.lists(st.tuples(NAMES | OURS, VALUES), max_size=6)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
EVENTS = st.fixed_dictionaries(
    {},
    optional={
        "webhookEvent": st.sampled_from(["jira:issue_updated", "comment_created"]) | JSON,
        "issue": st.fixed_dictionaries({}, optional={"id": JSON, "key": JSON, "fields": JSON})
        | JSON,
        "changelog": JSON,
        "user": JSON,
        "comment": JSON,
    },
)


# Text that JSON's writers seldom make and its readers differ about.
ODD_VALUES = st.sampled_from(
    [
        *('"\\u0000"', '"\\ud800"', '"\\udfff x"', '"\\u0007"', '"\\ufeff"'),
        *(
            "9" * 4_300,
            "9" * 4_301,
            "1" + "0" * 100_000,
            "-0",
            "1e999",
            "0.1e-999",
            "NaN",
            "-Infinity",
        ),
        *("[" * 400 + "]" * 400, "[" * 9_000 + "]" * 9_000, '{"a":' * 3_000 + "1" + "}" * 3_000),
        *('"10001"', "10001", "true", "null", "{}", "[]", '"' + "x" * 300 + '"'),
    ]
)
MEMBERS = st.sampled_from(["id", "key", "fields", "self"])


@st.composite
def odd_events(draw) -> bytes:
    """An event of Jira's as text, whose members may come twice."""
    issue = draw(st.lists(st.tuples(MEMBERS, ODD_VALUES), max_size=4))
    given = [("webhookEvent", '"jira:issue_updated"'), ("issue", as_object(issue))]
    names = st.sampled_from(["webhookEvent", "issue", "changelog", "user", "timestamp"])
    given += draw(st.lists(st.tuples(names, ODD_VALUES), max_size=2))
    return as_object(draw(st.permutations(given))).encode()


def as_object(members) -> str:
    return "{" + ",".join(f'"{name}":{value}' for name, value in members) + "}"


def _padded(size: int) -> bytes:
    """An event of exactly so many bytes; from where that is too few, spaces."""
    body = json.dumps(EVENT).encode()
    return body + b" " * (size - len(body)) if size >= len(body) else b" " * size


SIZES = st.integers(0, MAX_BYTES + 1) | st.sampled_from(
    [0, 1, MAX_BYTES - 1, MAX_BYTES, MAX_BYTES + 1]
)
BODY = json.dumps(EVENT).encode()
IN_CHUNKS = st.none() | st.integers(1, 5_000)


def _deliver(caller, body, chunk, *headers):
    given = [("X-Hub-Signature", sign(body)), *headers]
    pieces = body if chunk is None else [body[at : at + chunk] for at in range(0, len(body), chunk)]
    return caller.send("POST", "/webhooks/jira", given, pieces)


def assert_an_answer(answer):
    assert answer.status < 500
    # Without the id gunicorn has answered; an answer to HEAD has no body.
    if answer.status >= 400 and answer.body and "X-Request-Id" in answer.headers:
        assert answer.json.keys() == {"error", "message"}


@pytest.fixture
def in_process(database, serve):
    return serve()


@settings(max_examples=150, deadline=None)
@given(headers=HEADERS, body=st.binary(max_size=300))
def test_any_headers_and_bytes_get_an_answer(gunicorn, headers, body):
    assert_an_answer(gunicorn.send("POST", "/webhooks/jira", headers, body))


@settings(max_examples=100, deadline=None)
@given(
    method=st.sampled_from(["GET", "HEAD", "POST", "OPTIONS", "TRACE", "BREW"]),
    path=st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=60),
    headers=HEADERS,
)
def test_any_path_gets_an_answer(gunicorn, method, path, headers):
    assert_an_answer(gunicorn.send(method, f"/{path}", headers))


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    payload=JSON | EVENTS | EVENTS.map(lambda event: {**EVENT, **event}),
    identifier=VALUES,
    headers=HEADERS,
)
def test_any_signed_json_gets_an_answer(in_process, payload, identifier, headers):
    body = json.dumps(payload).encode()
    given = [(name, value) for name, value in headers if name.lower() != "x-hub-signature"]
    given += [("X-Hub-Signature", sign(body)), ("X-Atlassian-Webhook-Identifier", identifier)]

    answer = in_process.send("POST", "/webhooks/jira", given, body)

    assert answer.status in {202, 400, 413}


@settings(max_examples=150, deadline=None)
@given(
    body=odd_events().filter(lambda it: len(it) <= MAX_BYTES),
    chunk=IN_CHUNKS,
    number=st.integers(0),
)
def test_any_odd_json_that_is_signed_gets_an_answer(gunicorn, body, chunk, number):
    answer = _deliver(gunicorn, body, chunk, ("X-Atlassian-Webhook-Identifier", str(number)))

    assert answer.status in {202, 400}


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(body=odd_events())
def test_any_odd_json_gets_an_answer_whatever_the_database(in_process, body):
    assert _deliver(in_process, body, None).status in {202, 400}


@settings(max_examples=100, deadline=None)
@given(size=SIZES, chunk=IN_CHUNKS)
def test_any_size_gets_an_answer(gunicorn, size, chunk):
    body = _padded(size)

    answer = _deliver(gunicorn, body, chunk)

    expected = 413 if size > MAX_BYTES else 202 if body.strip() else 400
    assert answer.status == expected


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "x-unknown"])
@pytest.mark.parametrize("chunk", [None, 7])
def test_a_compressed_body_is_refused_as_what_it_is(gateway, encoding, chunk):
    answer = _deliver(gateway, gzip.compress(BODY), chunk, ("Content-Encoding", encoding))

    assert (answer.status, answer.json["error"]) == (400, "bad_payload")
    assert gateway.rows() == []
    assert gateway.deliver().status == 202


def test_what_is_signed_is_taken_as_it_came_whatever_the_header_says(gateway):
    assert _deliver(gateway, BODY, None, ("Content-Encoding", "gzip")).status == 202
    assert gateway.rows("body") == [(BODY,)]


def test_of_a_member_that_comes_twice_the_last_counts_as_it_does_for_the_worker(gateway):
    body = b'{"webhookEvent": "comment_created", "issue": {"id": "1"}, "issue": {"id": "2"}}'

    assert _deliver(gateway, body, None).status == 202
    assert gateway.rows("record_id") == [("2",)]
