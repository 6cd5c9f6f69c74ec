"""The channels by which people are told: Slack first, Telegram in reserve, both optional."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from typing import Protocol

from connectors.slack import service as slack_service
from connectors.telegram import service as telegram_service
from core.alert_text import Notice
from core.backoff import full_jitter
from core.errors import (
    VendorCredentialsError,
    VendorError,
    VendorRateLimitedError,
    VendorUnavailableError,
)
from core.settings import get_settings

SHORT_PAUSE = 60.0
"""Seconds; a channel that asks for no longer pause is waited for, and the reserve is spared."""

PATIENCE = 3
"""Attempts after which even a short pause is not waited for any more."""

LONGEST_WAIT = 300.0
"""Seconds between two attempts, however many there were."""

REMEDIES = {
    "slack": "make a new incoming webhook in Slack and set IGW_SLACK_WEBHOOK_URL",
    "telegram": "see whether IGW_TELEGRAM_BOT_TOKEN and IGW_TELEGRAM_CHAT_ID are right and the "
    "bot is in the chat",
}

NO_CHANNEL = (
    "no channel is set up: set IGW_SLACK_WEBHOOK_URL, or IGW_TELEGRAM_BOT_TOKEN and "
    "IGW_TELEGRAM_CHAT_ID, and restart"
)


class Channel(Protocol):
    """Something that notices can be sent by; `tell` raises the errors of `core.errors`."""

    name: str

    def tell(self, notice: Notice) -> None:
        """Send a notice."""


@dataclass(frozen=True)
class Sent:
    """A notice went out by `channel`; `reason` says why not by a better one."""

    channel: str
    reason: str = ""


@dataclass(frozen=True)
class NotSent:
    """No channel took it; `wait` is None where trying again would not help."""

    reason: str
    wait: timedelta | None


@cache
def channels() -> tuple[Channel, ...]:
    """Give this process's channels, the best first; made once, so that connections stay open."""
    settings = get_settings()
    found: list[Channel] = []
    if settings.slack:
        found.append(slack_service.connect(settings.slack))
    if settings.telegram:
        found.append(telegram_service.connect(settings.telegram))
    return tuple(found)


def send(notice: Notice, by: Sequence[Channel], attempts: int) -> Sent | NotSent:
    """Send a notice by the first channel that takes it.

    `attempts` counts from 1. A channel that is down or refuses is passed over at once, and the
    message says so: it may be the only place where anybody reads that. After a lost answer people
    may read it twice, which is better than not at all.
    """
    failures: list[VendorError] = []
    for channel in by:
        reason = "; ".join(map(explain, failures))
        try:
            channel.tell(_with_reason(notice, reason))
        except VendorError as error:
            failures.append(error)
            if _is_worth_waiting_for(error, attempts):
                break
        else:
            return Sent(channel.name, reason)
    return after_failures(failures, attempts)


def after_failures(failures: Sequence[VendorError], attempts: int) -> NotSent:
    """Say when to try again once every channel failed, and whether to."""
    if not failures:
        return NotSent(NO_CHANNEL, None)
    waits = [_wait(error, attempts) for error in failures if _may_pass(error)]
    return NotSent("; ".join(map(explain, failures)), min(waits, default=None))


def explain(error: VendorError) -> str:
    """Say in words why a channel did not take a notice, and what to do about it."""
    name = error.vendor.capitalize()
    detail = error.detail or f"status {error.status}"
    if isinstance(error, VendorRateLimitedError):
        return f"{name} asks for a pause"
    if _may_pass(error):
        return f"{name} is not available ({detail})"
    if isinstance(error, VendorCredentialsError):
        return f"{name} refuses us ({detail}): {REMEDIES[error.vendor]}"
    return f"{name} refuses the message ({detail})"


def _with_reason(notice: Notice, reason: str) -> Notice:
    if not reason:
        return notice
    return replace(notice, body=f"(Sent here because {reason}.)\n{notice.body}")


def _may_pass(error: VendorError) -> bool:
    return isinstance(error, VendorUnavailableError | VendorRateLimitedError)


def _is_worth_waiting_for(error: VendorError, attempts: int) -> bool:
    return (
        isinstance(error, VendorRateLimitedError)
        and (error.retry_after or 0) <= SHORT_PAUSE
        and attempts <= PATIENCE
    )


def _wait(error: VendorError, attempts: int) -> timedelta:
    wait = full_jitter(attempts, base=5.0, cap=LONGEST_WAIT)
    if isinstance(error, VendorRateLimitedError):
        return timedelta(seconds=error.retry_after or 0) + full_jitter(1)
    return wait
