"""Whether the rules changed since somebody read them, for work that takes longer than a moment.

The rules themselves are read from the database, which alone is right. Redis holds a counter that
goes up with each change: asking for it before every call to a vendor costs nothing, so a rule that
was taken out stops being used in all workers at once, in the middle of a batch, too.
"""

from __future__ import annotations

import logging
from typing import cast

import redis
from sqlalchemy import event
from sqlalchemy.orm import Session

from core.redis_client import NAMESPACE, get_redis

log = logging.getLogger(__name__)

KEY = f"{NAMESPACE}rules:generation"


def generation() -> str:
    """Give what differs once the rules have changed; ask before reading the rules."""
    return cast("str | None", get_redis().get(KEY)) or "0"


def announce(session: Session) -> None:
    """Tell all workers, once the transaction is committed, that the rules have changed."""
    event.listen(session, "after_commit", _count_up, once=True)


def _count_up(_session: Session) -> None:
    try:
        get_redis().incr(KEY)
    except redis.RedisError as error:
        # The change is committed. Without Redis no message is worked on either, and whoever was in
        # the middle of one reads the rules anew with the next.
        log.warning("rule_change_not_announced", extra={"error": str(error)})
