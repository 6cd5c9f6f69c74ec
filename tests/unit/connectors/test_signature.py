"""Jira's signature: what is accepted, and what is refused and why."""

import hashlib
import hmac

import pytest

from connectors.jira.signature import identify, verify
from core.errors import PayloadError
from core.webhooks import Identity, SignatureError, load_scheme

# The vendor's own vector: https://developer.atlassian.com/cloud/jira/platform/webhooks/
SECRET = b"It's a Secret to Everybody"
BODY = b"Hello World!"
DIGEST = "a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9"
GOOD = {"X-Hub-Signature": f"sha256={DIGEST}"}


def test_the_published_vector_verifies():
    verify(GOOD, BODY, [SECRET])


@pytest.mark.parametrize("secrets", [[SECRET, b"new"], [b"old", SECRET], [b"", SECRET]])
def test_any_of_several_secrets_may_have_signed(secrets):
    verify(GOOD, BODY, secrets)


def test_the_name_of_the_header_has_any_case():
    verify({"x-hub-signature": f"sha256={DIGEST}"}, BODY, [SECRET])


def test_an_empty_body_is_signed_too():
    digest = hmac.new(SECRET, b"", hashlib.sha256).hexdigest()
    verify({"X-Hub-Signature": f"sha256={digest}"}, b"", [SECRET])


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (None, "missing"),
        ("", "missing"),
        (DIGEST, "malformed"),
        ("sha256=", "malformed"),
        (f"sha256={DIGEST[:-1]}", "malformed"),
        (f"sha256={DIGEST}0", "malformed"),
        (f"sha256={DIGEST}\n", "malformed"),
        (f" sha256={DIGEST}", "malformed"),
        (f"sha256={DIGEST[:-1]}é", "malformed"),
        ("sha256=" + "٣" * 64, "malformed"),
        ("sha256=" + "\N{SNOWMAN}" * 64, "malformed"),
        (f"sha1={DIGEST[:40]}", "another algorithm"),
        (f"none={DIGEST}", "another algorithm"),
        (f"sha256={DIGEST},sha256={DIGEST}", "more than one"),
        (f"sha256={'0' * 64}, sha256={DIGEST}", "more than one"),
        (f"sha256={'0' * 64}", "wrong"),
    ],
)
def test_a_signature_is_refused_with_the_reason(header, reason):
    headers = {} if header is None else {"X-Hub-Signature": header}

    with pytest.raises(SignatureError, match=reason) as caught:
        verify(headers, BODY, [SECRET])

    assert DIGEST not in str(caught.value)


@pytest.mark.parametrize("secrets", [[], [b""], [b"", b""]])
def test_without_a_secret_nothing_is_accepted(secrets):
    digest = hmac.new(b"", BODY, hashlib.sha256).hexdigest()

    with pytest.raises(SignatureError, match="no secret"):
        verify({"X-Hub-Signature": f"sha256={digest}"}, BODY, secrets)


@pytest.mark.parametrize("body", [b"Hello World", b"Hello World!\n", b""])
def test_a_changed_body_is_refused(body):
    with pytest.raises(SignatureError, match="wrong"):
        verify(GOOD, body, [SECRET])


def test_a_delivery_is_identified_by_header_event_and_issue():
    headers = {"x-atlassian-webhook-identifier": "abc-1"}
    payload = {"webhookEvent": "jira:issue_updated", "issue": {"id": "10042", "key": "HR-7"}}

    assert identify(headers, payload) == Identity("abc-1", "jira:issue_updated", "10042")


def test_a_delivery_may_lack_an_identifier_and_be_about_no_issue():
    assert identify({}, {"webhookEvent": "user_created"}) == Identity(None, "user_created", None)


@pytest.mark.parametrize("payload", [None, [], "text", {}, {"webhookEvent": 7}])
def test_what_is_no_webhook_of_jira_is_a_payload_error(payload):
    with pytest.raises(PayloadError):
        identify({}, payload)


def test_the_gateway_finds_the_scheme_by_the_name_of_the_module():
    scheme = load_scheme("connectors.jira.signature")

    scheme.verify(GOOD, BODY, [SECRET])
