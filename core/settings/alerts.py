"""Where alerts go."""

from __future__ import annotations

import re

from pydantic import BaseModel, Field, SecretStr, field_validator

from core.access import SlackAccess, TelegramAccess, base_url, slack_webhook_url


class Alerts(BaseModel):
    """Slack first, Telegram when Slack takes none."""

    slack_webhook_url: SecretStr | None = Field(
        default=None,
        description="Slack's incoming webhook for alerts, https://hooks.slack.com/services/...; "
        "who knows the URL can post to the channel. Empty: no alert goes to Slack.",
    )
    telegram_bot_token: SecretStr | None = Field(
        default=None,
        description="Token of the Telegram bot that alerts come from when Slack takes none; needs "
        "IGW_TELEGRAM_CHAT_ID. Empty: no alert goes to Telegram.",
    )
    telegram_chat_id: str = Field(
        default="",
        pattern=r"^(-?\d+|@\w+)?$",
        description="Chat that those alerts go to: its number, or @name of a channel.",
    )
    telegram_base_url: str = Field(
        default="https://api.telegram.org",
        description="Telegram's Bot API; a Bot API server of your own works too.",
    )

    @field_validator("telegram_base_url")
    @classmethod
    def _plain_telegram_url(cls, value: str) -> str:
        return base_url(value)

    @field_validator("slack_webhook_url")
    @classmethod
    def _genuine_webhook(cls, value: SecretStr | None) -> SecretStr | None:
        return value and SecretStr(slack_webhook_url(value.get_secret_value()))

    @field_validator("telegram_bot_token")
    @classmethod
    def _well_formed_token(cls, value: SecretStr | None) -> SecretStr | None:
        # It is sent as a part of the path, where anything else could lead elsewhere.
        if value and not re.fullmatch(r"\d+:[A-Za-z0-9_-]+", value.get_secret_value()):
            message = "is not a bot's token, which has the form 123456:ABC-def"
            raise ValueError(message)
        return value

    @property
    def slack(self) -> SlackAccess | None:
        """Where alerts go first; None when no webhook is set."""
        return SlackAccess(self.slack_webhook_url) if self.slack_webhook_url else None

    @property
    def telegram(self) -> TelegramAccess | None:
        """Where alerts go when Slack takes none; None when no bot is set."""
        if not self.telegram_bot_token:
            return None
        return TelegramAccess(
            self.telegram_base_url, self.telegram_bot_token, self.telegram_chat_id
        )
