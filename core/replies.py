"""Waiting for replies: one subscriber connection in each process, for all who wait in it.

Redis carries only the signal that a reply is there; the reply itself is in the database. A signal
can be lost (pub/sub stores nothing), so whoever waits also looks there by themselves: every few
seconds, after each new connection to Redis, and once more at the end.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from typing import TypeVar

import redis

from core.errors import GatewayError
from core.redis_client import NAMESPACE, get_prompt_redis

log = logging.getLogger(__name__)

T = TypeVar("T")

CHANNEL = f"{NAMESPACE}result:"
"""What the channel of a reply is called, before the request's id."""

LOOK_EVERY = 5.0
"""Seconds between two looks into the database while no signal comes."""

LAST_LOOK = 0.1
"""Seconds that the last look may take, so that the answer still leaves in time."""

CONFIRMED_WITHIN = 1.0
"""Seconds that a caller waits for the process's subscription, which only the first one needs."""

_LONGEST_PAUSE = 1.0
_READ_SECONDS = 5.0


class RepliesUnavailableError(GatewayError):
    """Redis does not confirm the subscription, so no signal of a reply could arrive."""


def signal(request_id: str) -> None:
    """Tell whoever waits that the reply is in the database; call it after the commit."""
    try:
        get_prompt_redis().publish(f"{CHANNEL}{request_id}", "")
    except redis.RedisError as error:
        log.warning("reply_not_signalled", extra={"error": type(error).__name__})


class Expected:
    """One reply that somebody waits for."""

    def __init__(self) -> None:
        self._news = threading.Event()

    def look(self) -> None:
        """Make whoever waits look into the database."""
        self._news.set()

    def wait(self, find: Callable[[], T | None], until: float) -> T | None:
        """Give what `find` finds as soon as it finds something, or None at the time `until`.

        `find` is asked when there is news, now and then without any, and at the end. `until` is a
        time of `time.monotonic`.
        """
        last_look = until - LAST_LOOK
        while True:
            self._news.wait(min(max(last_look - time.monotonic(), 0), LOOK_EVERY))
            self._news.clear()
            found = find()
            if found is not None or time.monotonic() >= last_look:
                return found


class Replies:
    """The replies that this process waits for.

    Make it before or after a fork; the thread and its connection start with the first who waits, in
    the process that needs them.
    """

    def __init__(self) -> None:
        self._expected: dict[str, Expected] = {}
        self._lock = threading.Lock()
        self._confirmed = threading.Event()
        self._thread: threading.Thread | None = None

    @contextmanager
    def expecting(self, request_id: str) -> Generator[Expected]:
        """Listen for a reply inside the block; publish the message in there, not before.

        Raises `RepliesUnavailableError` where Redis does not confirm that it will send signals.
        """
        self._listen()
        expected = Expected()
        with self._lock:
            self._expected[request_id] = expected
        try:
            if not self._confirmed.wait(CONFIRMED_WITHIN):
                raise RepliesUnavailableError("Redis does not confirm the subscription to replies")
            yield expected
        finally:
            with self._lock:
                self._expected.pop(request_id, None)

    def _listen(self) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="replies", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        pause = 0.0
        while True:
            try:
                # Kept by name: a client that nobody holds closes its connections.
                client = get_prompt_redis()
                with closing(client.pubsub()) as subscriber:
                    # One pattern for all: what is confirmed once holds for every later caller, and
                    # no other thread ever touches the connection.
                    subscriber.psubscribe(f"{CHANNEL}*")
                    while True:
                        self._take(subscriber.get_message(timeout=_READ_SECONDS))
                        pause = 0.0
            except redis.RedisError as error:
                # Once for each outage, however often the connection is tried meanwhile.
                if self._confirmed.is_set():
                    log.warning("replies_disconnected", extra={"error": type(error).__name__})
            except Exception:
                # The thread must outlive whatever one message does: everybody waits for it.
                log.exception("replies_failed")
            self._confirmed.clear()
            time.sleep(pause)
            pause = min(pause * 2 or 0.05, _LONGEST_PAUSE)

    def _take(self, message: dict[str, str] | None) -> None:
        if message is None:
            return
        with self._lock:
            if message["type"] == "psubscribe":
                # A new connection: what was signalled before it came to nobody.
                self._confirmed.set()
                concerned = list(self._expected.values())
            else:
                one = self._expected.get(message["channel"].removeprefix(CHANNEL))
                concerned = [one] if one is not None else []
        for expected in concerned:
            expected.look()
