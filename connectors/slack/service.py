"""Slack in the gateway's words: a channel that alerts go to."""

from __future__ import annotations

from connectors.notices import fitted
from connectors.slack.client import VENDOR, SlackClient
from core.access import SlackAccess
from core.alert_text import Notice
from core.rate_limit import RateLimit
from core.redis_client import get_redis

TEXT_LIMIT = 4000
"""Characters; Slack advises no more, though it cuts only at 40,000.

Source: https://docs.slack.dev/reference/methods/chat.postMessage
"""

LONGEST_WAIT = 3.0
"""Seconds that a message waits for its turn before it is left to a later attempt."""


class Slack:
    """One channel of Slack. `tell` raises the errors of `core.errors`."""

    name = VENDOR

    def __init__(self, client: SlackClient) -> None:
        self._client = client

    def tell(self, notice: Notice) -> None:
        """Post a notice; when an answer is lost, it may have been posted all the same."""
        text = fitted(notice, TEXT_LIMIT, escape=escape, heading=lambda title: f"*{title}*")
        self._client.post_message(text)


def escape(text: str) -> str:
    """Write out the three characters that Slack gives a meaning, so that nobody is mentioned.

    Source: https://docs.slack.dev/messaging/formatting-message-text/
    """
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def connect(access: SlackAccess) -> Slack:
    """Build the service; about one message a second is what Slack takes for a channel.

    Source: https://docs.slack.dev/apis/web-api/rate-limits/
    """
    limit = RateLimit(get_redis(), VENDOR, 1.0, 3, longest_wait=LONGEST_WAIT)
    return Slack(SlackClient(access, limit))
