"""Slack's endpoints, one method each."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import requests

from connectors.session import NoAuth, VendorSession
from core.access import SlackAccess
from core.errors import VendorCredentialsError, VendorRejectedError, VendorUnavailableError
from core.rate_limit import RateLimit

VENDOR = "slack"

_OK = "ok"
_CODE = re.compile(r"[a-z_]{1,60}")
_OF_THE_MESSAGE = frozenset({"invalid_payload", "no_text", "msg_too_long", "too_many_attachments"})


class SlackClient(VendorSession):
    """Calls to one incoming webhook. Its URL is its password, so it is in no log and no error."""

    url_is_secret = True

    def __init__(
        self, access: SlackAccess, rate_limit: RateLimit, *, read_timeout: float = 10.0
    ) -> None:
        parts = urlsplit(access.webhook_url.get_secret_value())
        super().__init__(
            VENDOR,
            f"{parts.scheme}://{parts.netloc}",
            auth=NoAuth(),
            rate_limit=rate_limit,
            read_timeout=read_timeout,
        )
        self._path = parts.path

    def post_message(self, text: str) -> None:
        """Post a text in Slack's markup to the webhook's channel."""
        payload = {"text": text, "unfurl_links": False, "unfurl_media": False}
        self.call("post_message", "POST", self._path, json=payload, expect_json=False)

    def check_answer(self, operation: str, response: requests.Response) -> None:
        """Read the plain words in which a webhook answers: `ok`, or why not.

        Nearly all refusals are for good: the channel was archived, the webhook was removed. They
        mean the webhook, unless they are known to mean the message.
        Source: https://docs.slack.dev/changelog/2016/05/17/changes-to-errors-for-incoming-webhooks
        """
        status = response.status_code
        said = response.text.strip()[:200]
        if status == requests.codes.ok and said != _OK:
            raise VendorUnavailableError(VENDOR, operation, status, "the answer is not Slack's")
        if not 400 <= status < 500 or status in {408, 429}:  # noqa: PLR2004 - HTTP's own classes
            return
        code = said if _CODE.fullmatch(said) else ""
        kind = VendorRejectedError if code in _OF_THE_MESSAGE else VendorCredentialsError
        raise kind(VENDOR, operation, status, code)
