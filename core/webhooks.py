"""What the gateway asks of a vendor's signature module.

A `domain.toml` names the module (`connectors.jira.signature`); it offers `verify` and `identify`
with the signatures of `WebhookScheme`. So the gateway knows no vendor, and a new one needs no edit
here.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, cast

from core.errors import GatewayError, PayloadError

LABEL_LENGTH = 200
"""Characters that the columns of `deliveries` hold."""


class SignatureError(GatewayError):
    """The delivery does not prove where it comes from; the message says why, without secrets."""


@dataclass(frozen=True)
class Identity:
    """What a delivery is: the vendor's id of it, its topic and the record it is about."""

    delivery_id: str | None
    topic: str
    record_id: str | None

    def __post_init__(self) -> None:
        """Raise `PayloadError` for a label that no database could keep."""
        for label in (self.delivery_id, self.topic, self.record_id):
            if label is not None and not (len(label) <= LABEL_LENGTH and label.isprintable()):
                message = f"a label of the delivery is not plain text of {LABEL_LENGTH} characters"
                raise PayloadError(message)


class WebhookScheme(Protocol):
    """A vendor's way to sign and to label its deliveries."""

    def verify(self, headers: Mapping[str, str], body: bytes, secrets: Sequence[bytes]) -> None:
        """Raise `SignatureError` unless one of the secrets signed exactly these bytes."""

    def identify(self, headers: Mapping[str, str], payload: object) -> Identity:
        """Read the labels of a delivery; raise `PayloadError` where they cannot be read."""


def parse_json(body: bytes) -> object:
    """Parse a body; raise `PayloadError` for anything that is not JSON in UTF-8.

    Numbers of more digits than Python converts and nesting deeper than it can follow count as such.
    """
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise PayloadError("it is not valid JSON") from error


def load_scheme(module: str) -> WebhookScheme:
    """Import the signature module that a `domain.toml` names."""
    return cast("WebhookScheme", importlib.import_module(module))
