"""Whether a Redis keeps what it is given, and what would be lost where it does not."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from typing import Any, cast

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from cli.outcomes import Outcome, failed, warned, well
from core import inbox, ledger
from core.domains import all_workers, load_domains
from core.redis_client import NAMESPACE

_WRITES = (("aof_last_write_status", "append-only file"), ("rdb_last_bgsave_status", "snapshot"))

FULL = 0.9
"""Share of `maxmemory` from which on a Redis that evicts nothing will soon refuse to write."""


def judge_server(url: str, remedy: str) -> Outcome:
    """Look whether a Redis answers, and whether it keeps what it is given.

    What it says about itself: https://redis.io/docs/latest/commands/info/
    """
    client = redis.Redis.from_url(
        url, decode_responses=True, socket_timeout=2, retry=Retry(NoBackoff(), 0)
    )
    options = client.get_connection_kwargs()
    address = f"{options.get('host', 'a socket')}:{options.get('port', '')}".rstrip(":")
    with closing(client):
        try:
            info = cast("Mapping[str, Any]", client.info())
            messages = _messages(client)
        except redis.RedisError as error:
            return failed(f"does not answer: {error}", remedy)
    return judge(f"Redis {info.get('redis_version')} on {address}", info, messages)


def judge(server: str, info: Mapping[str, Any], messages: int) -> Outcome:
    """Say what a Redis would do to the messages that wait in it. Pure."""
    waiting = f"{messages:,} message{'s' * (messages != 1)} {'wait' if messages != 1 else 'waits'}"
    policy = info.get("maxmemory_policy")
    if policy != "noeviction":
        return failed(
            f"{server} throws keys away when memory is short (maxmemory-policy {policy}): "
            f"{waiting} in it now, and locks and schedules are there as well",
            "set maxmemory-policy noeviction in its configuration",
        )
    for name, what in _WRITES:
        if info.get(name, "ok") != "ok":
            return failed(
                f"{server} cannot write its {what}: it may refuse all writes, so that nothing is "
                f"published; {waiting} in it now",
                "see its log; its disk is full, or its folder cannot be written",
            )
    limit, used = int(info.get("maxmemory") or 0), int(info.get("used_memory") or 0)
    if limit and used > FULL * limit:
        return failed(
            f"{server} has used {used / limit:.0%} of its memory; at 100% it refuses all writes: "
            "nothing is published and no schedule is kept until there is room",
            "raise maxmemory, or see which keys grow: redis-cli --bigkeys",
        )
    if not info.get("aof_enabled"):
        seconds = max(ledger.REPUBLISH, inbox.REPUBLISH).total_seconds()
        return warned(
            f"{server} forgets what it holds when it restarts (appendonly no): {waiting} in it "
            f"now; what they are about would be published again within {seconds:.0f} s",
            "set appendonly yes in its configuration",
        )
    return well(f"{server}, noeviction, append-only file, {waiting}")


def _messages(client: redis.Redis) -> int:
    """Count what waits in the queues, and what workers have and did not acknowledge yet."""
    # Kombu's Redis transport keeps each queue in a list of its name, behind our prefix.
    names = [name for worker in all_workers(load_domains()) for name in worker.queues]
    queues = [f"{NAMESPACE}{name}" for name in names]
    waiting = sum(client.llen(queue) for queue in queues)
    return waiting + client.hlen(f"{NAMESPACE}unacked")
