"""The newest lines of all processes, in Redis, for the page that shows the log live.

A stream of bounded length. While Redis is away, lines are missing in it and nowhere else.
Source: https://redis.io/docs/latest/develop/data-types/streams/
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from core.log_lines import Line
from core.log_queue import Note
from core.redis_client import NAMESPACE, get_redis

KEY = f"{NAMESPACE}log"
KEPT = 10_000
"""Lines that the stream keeps, about; some five megabytes."""

_FIELD = "line"
_PAUSE_SECONDS = 5.0
"""How long nothing is sent to a Redis that did not answer."""

_PAGE = 1000
_ID = re.compile(r"\d{1,20}-\d{1,20}")


@dataclass(frozen=True)
class Entry:
    """A line in the stream; `id` is Redis' own, and ids ascend."""

    id: str
    json: str

    @cached_property
    def fields(self) -> Mapping[str, Any]:
        """The fields of the line; empty where it is not one of ours."""
        try:
            fields = json.loads(self.json)
        except ValueError:
            return {}
        return fields if isinstance(fields, dict) else {}


class StreamSink:
    """Writes lines to the stream, from the log's own thread and over its own connection."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._client: redis.Redis | None = None
        self._parents: list[redis.Redis | None] = []
        self._not_before = 0.0

    def write(self, lines: Sequence[Line]) -> Sequence[Note]:
        """Add lines; where Redis does not answer they are left out, and the next seconds' too."""
        if time.monotonic() < self._not_before:
            return ()
        try:
            batch = self._connected().pipeline(transaction=False)
            for line in lines:
                batch.xadd(KEY, {_FIELD: line.json}, maxlen=KEPT, approximate=True)
            batch.execute()
        except (redis.RedisError, OSError):
            self._not_before = time.monotonic() + _PAUSE_SECONDS
        return ()

    def forked(self) -> None:
        """Leave the connection to the parent, untouched.

        Closing it would wait for a lock of its pool, and a thread that held it at the fork is not
        there in the child to let go of it. Seen with redis-py 8.1.
        """
        self._parents.append(self._client)
        self._client = None

    def close(self) -> None:
        """Hang up."""
        if self._client is not None:
            self._client.close()

    def _connected(self) -> redis.Redis:
        if self._client is None:
            self._client = redis.Redis.from_url(
                self._url,
                socket_timeout=1,
                socket_connect_timeout=1,
                retry=Retry(NoBackoff(), 0),
            )
        return self._client


def is_id(text: str) -> bool:
    """Say whether a text, which may come from anybody, has the form of an entry's id."""
    return _ID.fullmatch(text) is not None


def position(entry_id: str) -> tuple[int, int]:
    """Give what sorts ids in the order of the stream."""
    moment, _, number = entry_id.partition("-")
    return int(moment), int(number)


def follow(since: str, seconds: float) -> list[Entry]:
    """Give what came after an id, waiting for it so many seconds at most.

    Raises `redis.RedisError`.
    """
    answer: Any = get_redis().xread({KEY: since}, count=_PAGE, block=max(1, int(seconds * 1000)))
    return [_entry(one) for _, entries in answer or () for one in entries]


def a_moment_ago(seconds: float) -> str:
    """Give an id that is so many seconds old, by Redis' own clock."""
    clock: Any = get_redis().time()
    return f"{clock[0] * 1000 - int(seconds * 1000)}-0"


def newest(wanted: Callable[[Entry], bool], limit: int, *, after: str = "") -> list[Entry]:
    """Give the newest entries that are wanted, oldest first; with `after` none that old."""
    found: list[Entry] = []
    for entry in _backwards(after):
        if wanted(entry):
            found.append(entry)
            if len(found) == limit:
                break
    return found[::-1]


def of_request(request_id: str, limit: int) -> list[Entry]:
    """Give the entries with a request id, oldest first, the newest `limit` of them."""
    # The text is looked at first: reading ten thousand lines as JSON would take a while.
    return newest(
        lambda one: request_id in one.json and one.fields.get("request_id") == request_id, limit
    )


def last_id() -> str:
    """Give the id of the newest entry; "0-0" where there is none."""
    answer: Any = get_redis().xrevrange(KEY, count=1)
    return answer[0][0] if answer else "0-0"


def first_id() -> str:
    """Give the id of the oldest entry that is kept; "0-0" where there is none."""
    answer: Any = get_redis().xrange(KEY, count=1)
    return answer[0][0] if answer else "0-0"


def _backwards(after: str) -> Iterator[Entry]:
    oldest = f"({after}" if after else "-"
    newest_id = "+"
    while True:
        page: Any = get_redis().xrevrange(KEY, newest_id, oldest, count=_PAGE)
        yield from (_entry(one) for one in page)
        if len(page) < _PAGE:
            return
        newest_id = f"({page[-1][0]}"


def _entry(one: tuple[str, Mapping[str, str]]) -> Entry:
    return Entry(one[0], one[1].get(_FIELD, ""))
