"""The endpoints of Telegram's Bot API, one method each."""

from __future__ import annotations

from collections.abc import Mapping

import requests

from connectors import answers
from connectors.session import NoAuth, VendorSession
from core.access import TelegramAccess
from core.errors import VendorCredentialsError, VendorRejectedError, VendorUnavailableError
from core.rate_limit import RateLimit

VENDOR = "telegram"


class TelegramClient(VendorSession):
    """Calls of one bot. Its token is in the path, so no URL is in any log or error."""

    url_is_secret = True

    def __init__(
        self, access: TelegramAccess, rate_limit: RateLimit, *, read_timeout: float = 10.0
    ) -> None:
        super().__init__(
            VENDOR,
            access.base_url,
            auth=NoAuth(),
            rate_limit=rate_limit,
            read_timeout=read_timeout,
        )
        self._path = f"/bot{access.bot_token.get_secret_value()}"
        self._chat_id = access.chat_id

    def send_message(self, text: str) -> None:
        """Send a plain text to the chat.

        Source: https://core.telegram.org/bots/api#sendmessage
        """
        payload = {
            "chat_id": self._chat_id,
            "text": text,
            "link_preview_options": {"is_disabled": True},
        }
        self.call("send_message", "POST", f"{self._path}/sendMessage", json=payload)

    def check_answer(self, operation: str, response: requests.Response) -> None:
        """Read Telegram's own words: `ok`, or a `description` of why not.

        A wrong token is answered 401, one of a wrong form 404, a bot that was blocked 403.
        Source: https://core.telegram.org/bots/api#making-requests
        """
        status = response.status_code
        payload = answers.json_or_none(response)
        payload = payload if isinstance(payload, Mapping) else {}
        if status == requests.codes.ok and payload.get("ok") is not True:
            raise VendorUnavailableError(VENDOR, operation, status, "the answer is not Telegram's")
        if not 400 <= status < 500 or status in {408, 429}:  # noqa: PLR2004 - HTTP's own classes
            return
        detail = str(payload.get("description", ""))[: answers.MAX_DETAIL]
        parameters = payload.get("parameters")
        moved_to = isinstance(parameters, Mapping) and parameters.get("migrate_to_chat_id")
        if moved_to:
            detail += f" (the group's chat id is now {moved_to}: set IGW_TELEGRAM_CHAT_ID to it)"
        kind = VendorCredentialsError if status in {401, 403, 404} else VendorRejectedError
        raise kind(VENDOR, operation, status, detail)
