"""Find the Jira account of a person by e-mail, and remember the answer for a while."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from connectors.jira.client import JiraClient
from connectors.jira.known_accounts import key_of
from connectors.jira.models import text

if TYPE_CHECKING:
    import redis

FOUND_FOR_SECONDS = 24 * 60 * 60
NOT_FOUND_FOR_SECONDS = 10 * 60
"""Shorter: a newcomer gets an account any minute, and then waits for an assignment."""


def account_id_for(client: JiraClient, cache: redis.Redis, email: str) -> str | None:
    """Give the account id of the active person with this e-mail, or None; cached."""
    email = email.strip().casefold()
    if not email:
        return None
    key = key_of(client.base_url, email)
    known = cache.get(key)
    if known is not None:
        return str(known) or None
    account_id = pick(client.find_users(email), email)
    cache.set(key, account_id or "", ex=FOUND_FOR_SECONDS if account_id else NOT_FOUND_FOR_SECONDS)
    return account_id


def pick(users: list[Mapping[str, Any]], email: str) -> str | None:
    """Choose the account that a search for an e-mail meant.

    The search also matches beginnings of names and of longer addresses. Where Jira shows an
    address, it has to be the same; most profiles hide it, and then a single hit is believed: it
    matched the whole address.
    """
    people = [
        user
        for user in users
        if user.get("active") is True
        and user.get("accountType") == "atlassian"
        and text(user.get("accountId"))
    ]
    shown = [user for user in people if (text(user.get("emailAddress")) or "").casefold() == email]
    hidden = [user for user in people if not user.get("emailAddress")]
    for candidates in (shown, hidden):
        if len(candidates) == 1:
            return text(candidates[0]["accountId"])
        if candidates:
            return None  # Two people: assigning the wrong one is worse than assigning nobody.
    return None
