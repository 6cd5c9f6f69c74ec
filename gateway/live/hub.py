"""Topics, those who listen to them, and the thread between the two."""

from __future__ import annotations

import hashlib
import logging
import queue
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import Flask, current_app

log = logging.getLogger(__name__)

ROOM = 1000
"""Events that may wait for one reader; with more it is too slow, and has to come back."""

_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 30.0
"""Seconds before a topic that failed is tried again."""


@dataclass(frozen=True)
class Event:
    """One event: `data` is sent; `id` comes back as `Last-Event-ID`; `name` is its SSE type.

    `content` is what `data` was made from, for filters; it is not sent. `position` orders the
    events of a topic that has a past, so that none comes twice.
    """

    data: str
    id: str = ""
    name: str = ""
    content: Any = None
    position: Any = None


Accepts = Callable[[Event], bool]
Produce = Callable[[threading.Event], Iterable[Event]]


@dataclass(frozen=True)
class Recalled:
    """What a reader has missed, and up to which position it was looked for."""

    events: Sequence[Event] = ()
    position: Any = None


@dataclass(frozen=True)
class Topic:
    """Something that can be listened to.

    Without `recall` a topic is a state: who joins gets its last event. `recall(last_id, accepts)`
    gives what was missed since `last_id`, or what there is to see first when that is "".
    """

    name: str
    produce: Produce
    recall: Callable[[str, Accepts], Recalled] | None = None


def whenever_changed(read: Callable[[], str], every: float) -> Produce:
    """Give a `produce` that calls `read` every so many seconds and sends what is new."""

    def produce(stop: threading.Event) -> Iterator[Event]:
        known = None
        while True:
            with current_app.test_request_context():
                text = read()
            if text != known:
                known = text
                yield Event(text, id=hashlib.sha256(text.encode()).hexdigest()[:16])
            if stop.wait(every):
                return

    return produce


class Listener:
    """One reader of a topic, with what waits for it."""

    def __init__(self, accepts: Accepts) -> None:
        self._accepts = accepts
        self._waiting: queue.SimpleQueue[Event | None] = queue.SimpleQueue()
        self.over = False

    def offer(self, event: Event) -> None:
        """Put an event aside for the reader; who has too many waiting is cut off."""
        if not self._accepts(event):
            return
        if self._waiting.qsize() >= ROOM:
            self.end()
        else:
            self._waiting.put(event)

    def end(self) -> None:
        """Have the reader sent away; what still waits is fetched again when it comes back."""
        self.over = True
        self._waiting.put(None)

    def take(self, seconds: float) -> list[Event]:
        """Give what waits; wait for it so many seconds at most."""
        events = []
        try:
            one = self._waiting.get(timeout=seconds)
            while one is not None and not self.over:
                events.append(one)
                one = self._waiting.get_nowait()
        except queue.Empty:
            pass
        return [] if self.over else events


@dataclass(eq=False)
class _Run:
    """A topic while somebody listens to it."""

    topic: Topic
    stop: threading.Event = field(default_factory=threading.Event)
    listeners: set[Listener] = field(default_factory=set)
    last: Event | None = None


class Hub:
    """The topics that are listened to in this process; threads start and end with the readers.

    Make it before or after a fork.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._runs: dict[str, _Run] = {}

    def join(self, topic: Topic, listener: Listener, app: Flask) -> Event | None:
        """Let a reader in from now on, and give the state that a topic without a past is in."""
        with self._lock:
            run = self._runs.get(topic.name)
            if run is None:
                run = self._runs[topic.name] = _Run(topic)
                threading.Thread(
                    target=self._work, args=(run, app), name=f"live-{topic.name}", daemon=True
                ).start()
            run.listeners.add(listener)
            return run.last

    def leave(self, topic: Topic, listener: Listener) -> None:
        """Let a reader go, and end the topic's thread with the last one."""
        with self._lock:
            run = self._runs.get(topic.name)
            if run is None:
                return
            run.listeners.discard(listener)
            if not run.listeners:
                run.stop.set()
                del self._runs[topic.name]

    def close(self) -> None:
        """Send every reader away."""
        with self._lock:
            listeners = [one for run in self._runs.values() for one in run.listeners]
        for listener in listeners:
            listener.end()

    def _work(self, run: _Run, app: Flask) -> None:
        pause = _FIRST_PAUSE
        with app.app_context():
            while not run.stop.is_set():
                try:
                    for event in run.topic.produce(run.stop):
                        self._tell(run, event)
                        pause = _FIRST_PAUSE
                except Exception:
                    # Whatever it was, those who listen are owed another try.
                    log.exception("topic_failed", extra={"topic": run.topic.name})
                run.stop.wait(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)

    def _tell(self, run: _Run, event: Event) -> None:
        with self._lock:
            if run.topic.recall is None:
                run.last = event
            for listener in run.listeners:
                listener.offer(event)
