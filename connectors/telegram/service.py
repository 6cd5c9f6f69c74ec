"""Telegram in the gateway's words: a channel that alerts go to."""

from __future__ import annotations

from connectors.notices import fitted, utf16_length
from connectors.telegram.client import VENDOR, TelegramClient
from core.access import TelegramAccess
from core.alert_text import Notice
from core.rate_limit import RateLimit
from core.redis_client import get_redis

TEXT_LIMIT = 4096
"""The longest text that Telegram takes.

Source: https://core.telegram.org/bots/api#sendmessage
"""

LONGEST_WAIT = 3.0
"""Seconds that a message waits for its turn before it is left to a later attempt."""


class Telegram:
    """One chat of Telegram. `tell` raises the errors of `core.errors`."""

    name = VENDOR

    def __init__(self, client: TelegramClient) -> None:
        self._client = client

    def tell(self, notice: Notice) -> None:
        """Send a notice; when an answer is lost, it may have been sent all the same."""
        self._client.send_message(fitted(notice, TEXT_LIMIT, length=utf16_length))


def connect(access: TelegramAccess) -> Telegram:
    """Build the service; Telegram takes twenty messages a minute for a group.

    Source: https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this
    """
    limit = RateLimit(get_redis(), VENDOR, 1 / 3, 3, longest_wait=LONGEST_WAIT)
    return Telegram(TelegramClient(access, limit))
