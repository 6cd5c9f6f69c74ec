"""Where the vendors are and how to speak to them, and which addresses may be believed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from pydantic import SecretStr

LONGEST_E_MAIL = 254
"""Characters. Source: RFC 5321, 4.5.3.1.3, as corrected by erratum 1690."""


class VendorMode(StrEnum):
    """Whether the vendors are real or the local stand-ins."""

    REAL = "real"
    SANDBOX = "sandbox"


@dataclass(frozen=True)
class PeopleForceAccess:
    """Where PeopleForce is and how to speak to it."""

    base_url: str
    api_key: SecretStr
    requests_per_second: float


@dataclass(frozen=True)
class JiraAccess:
    """Where Jira is and how to speak to it; `base_url` is without `/rest`."""

    base_url: str
    email: str
    api_token: SecretStr
    requests_per_second: float


@dataclass(frozen=True)
class SlackAccess:
    """The incoming webhook that alerts go to; who knows its URL may write to the channel."""

    webhook_url: SecretStr


@dataclass(frozen=True)
class TelegramAccess:
    """The bot that alerts come from, and the chat that they go to."""

    base_url: str
    bot_token: SecretStr
    chat_id: str


def base_url(value: str) -> str:
    """Give a vendor's base URL without its final slash.

    Raises `ValueError` for what is no URL, and where credentials would travel in the clear.
    """
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        message = "is not a URL; write it with https:// in front"
        raise ValueError(message)
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        message = "must start with https://: credentials would travel in the clear"
        raise ValueError(message)
    return value.rstrip("/")


def slack_webhook_url(value: str) -> str:
    """Give the URL of an incoming webhook, checked.

    Raises `ValueError` unless it leads to Slack, or to a stand-in on this machine: the gateway
    posts to it from inside the company's network, so it must not lead just anywhere.
    Source: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks/
    """
    parts = urlsplit(value)
    if parts.scheme in {"http", "https"} and is_loopback(parts.hostname or ""):
        return value
    genuine = (parts.scheme, parts.netloc) == ("https", "hooks.slack.com")
    if not genuine or not parts.path.startswith("/services/") or parts.query or parts.fragment:
        message = "is not an incoming webhook; Slack's begin with https://hooks.slack.com/services/"
        raise ValueError(message)
    return value


def e_mail(value: str) -> str:
    """Give an e-mail address in the one form in which addresses are compared.

    Raises `ValueError` for what is none. Providers treat addresses that differ in their case alone
    as the same.
    """
    address = value.strip().casefold()
    name, at, domain = address.rpartition("@")
    plain = address.isprintable() and not any(char in ' ,;<>"' for char in address)
    if not (name and at and "." in domain and plain) or len(address) > LONGEST_E_MAIL:
        message = f"{value!r} is not an e-mail address"
        raise ValueError(message)
    return address


def is_loopback(host: str) -> bool:
    """Say whether only this machine can be meant by `host`."""
    return host in {"localhost", "::1"} or host.startswith("127.")
