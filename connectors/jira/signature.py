"""Prove where one of Jira's webhook deliveries comes from, and read its labels.

Source: https://developer.atlassian.com/cloud/jira/platform/webhooks/
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence

from connectors.jira.events import IssueEvent
from core.webhooks import Identity, SignatureError

SIGNATURE_HEADER = "X-Hub-Signature"
IDENTIFIER_HEADER = "X-Atlassian-Webhook-Identifier"

_SIGNATURE = re.compile(r"(?P<method>[A-Za-z0-9_-]+)=(?P<digest>[0-9A-Fa-f]+)", re.ASCII)
_METHOD = "sha256"
_HEX_DIGITS = 64


def verify(headers: Mapping[str, str], body: bytes, secrets: Sequence[bytes]) -> None:
    """Raise `SignatureError` unless one of the secrets signed exactly these bytes.

    `body` is what came over the wire, before anything parsed it. All secrets are tried in constant
    time, so that a secret can be exchanged while both are in use. The error's message names the
    cause and holds nothing of the header or the secrets.
    """
    usable = [secret for secret in secrets if secret]
    if not usable:
        raise SignatureError("no secret is configured, so nothing can be verified")
    given = _digest(_values(headers, SIGNATURE_HEADER))
    matches = [
        hmac.compare_digest(hmac.digest(secret, body, hashlib.sha256), given) for secret in usable
    ]
    if not any(matches):
        raise SignatureError("the signature is wrong")


def identify(headers: Mapping[str, str], payload: object) -> Identity:
    """Read the labels of a delivery; raise `PayloadError` where it is no webhook of Jira.

    The identifier is the same on every retry of one delivery, so it tells a repetition.
    """
    event = IssueEvent.from_payload(payload)
    identifiers = [value.strip() for value in _values(headers, IDENTIFIER_HEADER) if value.strip()]
    return Identity(
        delivery_id=identifiers[0] if len(identifiers) == 1 else None,
        topic=event.event,
        record_id=event.issue_id or None,
    )


def _digest(values: Sequence[str]) -> bytes:
    if not values or values == [""]:
        raise SignatureError("the signature is missing")
    # WSGI servers join a header that came twice with a comma.
    if len(values) > 1 or "," in values[0]:
        raise SignatureError("there is more than one signature")
    match = _SIGNATURE.fullmatch(values[0])
    if match is None:
        raise SignatureError("the signature is malformed")
    if match["method"].lower() != _METHOD:
        raise SignatureError("the signature uses another algorithm than sha256")
    if len(match["digest"]) != _HEX_DIGITS:
        raise SignatureError("the signature is malformed")
    return bytes.fromhex(match["digest"])


def _values(headers: Mapping[str, str], name: str) -> list[str]:
    """Give every value of a header, whatever the case of its name and the kind of mapping."""
    return [value for key, value in headers.items() if key.lower() == name.lower()]
