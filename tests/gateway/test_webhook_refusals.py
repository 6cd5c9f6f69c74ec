"""What is forged or malformed: refused by gunicorn and the gateway, without a row."""

from __future__ import annotations

import json

import pytest

from tests.gateway.conftest import (
    EVENT,
    MAX_BYTES,
    NEXT_SECRET,
    VECTOR,
    VECTOR_BODY,
    VECTOR_SECRET,
    sign,
)

BODY = json.dumps(EVENT).encode()
GOOD = sign(BODY)
NAME = "X-Hub-Signature"


def assert_refused(gateway, answer, status, code):
    assert answer.status == status
    assert answer.json["error"] == code
    assert answer.json["message"]
    assert gateway.rows() == []
    lines = gateway.new_lines()
    if lines:  # Of many refusals in a minute not every one has a line.
        assert [(line["event"], line["status"], line["code"]) for line in lines] == [
            ("request_refused", status, code)
        ]
        assert lines[0]["request_id"] == answer.headers["X-Request-Id"]


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [(NAME, "")],
        [(NAME, GOOD.removeprefix("sha256="))],
        [(NAME, "sha256=")],
        [(NAME, "sha256")],
        [(NAME, "sha256=zz" + "0" * 62)],
        [(NAME, GOOD[:-2])],
        [(NAME, GOOD + "00")],
        [(NAME, f"{GOOD};{GOOD}")],
        [(NAME, sign(BODY, "another secret"))],
        [(NAME, sign(BODY + b" "))],
        [(NAME, VECTOR)],
        [(NAME, GOOD), (NAME, GOOD)],
        [(NAME, GOOD), (NAME, sign(BODY, "another secret"))],
        [(NAME, f"{GOOD}, {GOOD}")],
        [(NAME, "sha256=é".encode())],
        [(NAME, "sha256=é".encode("latin-1"))],
        [(NAME, GOOD.replace("a", "\N{CYRILLIC SMALL LETTER A}").encode())],
        [(NAME, GOOD.replace("sha256", "sha1"))],
        [(NAME, GOOD.replace("sha256", "md5"))],
        [(NAME, GOOD.replace("sha256", "none"))],
        [("X-Hub-Signature-256", GOOD)],
        [("Authorization", f"Bearer {VECTOR_SECRET}")],
    ],
)
def test_a_signature_that_proves_nothing_is_refused(gateway, headers):
    answer = gateway.send("POST", "/webhooks/jira", headers, BODY)

    assert_refused(gateway, answer, 401, "bad_signature")
    assert VECTOR_SECRET not in answer.body.decode()


def test_the_vendors_own_vector_verifies_and_its_body_is_not_json(gateway):
    answer = gateway.send("POST", "/webhooks/jira", [(NAME, VECTOR)], VECTOR_BODY)

    assert_refused(gateway, answer, 400, "bad_payload")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff\xfe{}",
        b"\x00",
        b"[" * 9_000,
        b"9" * 9_000,
        b'{"webhookEvent": "jira:issue_updated", "issue": {"id": ' + b"1" * 5_000 + b"}}",
        b"null",
        b"[]",
        b'"jira:issue_updated"',
        b"{}",
        b'{"webhookEvent": 7}',
        b'{"webhookEvent": ""}',
        b'{"webhookEvent": "jira:issue_updated"}',
        b'{"webhookEvent": "jira:issue_updated", "issue": null}',
        b'{"webhookEvent": "jira:issue_updated", "issue": {"id": true}}',
        b'{"webhookEvent": "comment_created\\u0000"}',
        b'{"webhookEvent": "comment_\\ud800"}',
        b'{"webhookEvent": "' + b"x" * 300 + b'"}',
        b'{"webhookEvent": "jira:issue_updated", "issue": {"id": "' + b"1" * 300 + b'"}}',
    ],
    ids=lambda body: body[:40].decode("latin-1"),
)
def test_a_signed_body_that_is_not_the_vendors_is_malformed(gateway, body):
    assert_refused(gateway, gateway.deliver(body), 400, "bad_payload")


def test_an_identifier_that_cannot_be_kept_is_malformed(gateway):
    assert_refused(gateway, gateway.deliver(identifier="x" * 300), 400, "bad_payload")


def test_a_body_that_says_it_is_too_large_is_not_read(gateway):
    assert_refused(gateway, gateway.deliver(b"x" * 300_000), 413, "request_entity_too_large")


def test_a_body_in_chunks_is_read_up_to_the_limit(gateway):
    body = b"x" * (MAX_BYTES + 1)
    chunks = [body[start : start + 1000] for start in range(0, len(body), 1000)]

    answer = gateway.send("POST", "/webhooks/jira", [(NAME, sign(body))], chunks)

    assert_refused(gateway, answer, 413, "request_entity_too_large")


def test_a_body_of_exactly_the_limit_is_taken(gateway):
    start = BODY[:-1] + b', "padding": "'
    body = start + b"x" * (MAX_BYTES - len(start) - 2) + b'"}'
    assert len(body) == MAX_BYTES

    assert gateway.deliver(body, identifier="1").status == 202
    headers = [(NAME, sign(body)), ("X-Atlassian-Webhook-Identifier", "2")]
    assert gateway.send("POST", "/webhooks/jira", headers, [body]).status == 202
    assert gateway.rows("length(body)") == [(MAX_BYTES,), (MAX_BYTES,)]


@pytest.mark.parametrize("source", ["slack", "JIRA", "jira%00", "..%2Fjira", "%F0%9F%92%A5"])
def test_a_source_that_nobody_declared_is_not_found(gateway, source):
    answer = gateway.send("POST", f"/webhooks/{source}", [(NAME, GOOD)], BODY)

    assert answer.status == 404
    assert gateway.rows() == []


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "PROPFIND"])
def test_a_webhook_can_only_be_posted(gateway, method):
    answer = gateway.send(method, "/webhooks/jira", [(NAME, GOOD)], BODY)

    assert_refused(gateway, answer, 405, "method_not_allowed")
    assert "POST" in answer.headers["Allow"]


def test_a_refused_delivery_does_not_spoil_the_next_one(gateway):
    for _ in range(3):
        gateway.send("POST", "/webhooks/jira", [(NAME, "sha256=00")], BODY)

    assert gateway.deliver().status == 202
    assert len(gateway.rows()) == 1


@pytest.mark.parametrize("secret", [VECTOR_SECRET, NEXT_SECRET])
def test_while_a_secret_is_exchanged_both_are_good(gateway, secret):
    assert gateway.deliver(secret=secret).status == 202
    assert len(gateway.rows()) == 1


def test_a_delivery_in_chunks_is_as_good_as_one_in_one_piece(gateway):
    answer = gateway.send("POST", "/webhooks/jira", [(NAME, GOOD)], [BODY[:10], BODY[10:]])

    assert answer.status == 202
    assert gateway.rows("body") == [(BODY,)]
