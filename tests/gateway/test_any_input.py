"""Whatever arrives, the gateway answers, and never with an error of its own."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.gateway.conftest import EVENT, sign

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
