"""The log as a topic: what the processes write, as they write it, and what they wrote before."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from core import log_stream
from core.log_stream import Entry
from gateway.live.hub import Accepts, Event, Recalled, Topic

FIRST = 300
"""Lines that a page begins with."""

MISSED = 2000
"""Lines that a page gets at most of what it missed; it shows no more than these."""

_WAIT_SECONDS = 1.0
_GATHER_SECONDS = 0.1
"""In which a burst of lines comes together: each round costs the time of some webhooks."""

_OVERLAP_SECONDS = 10.0
"""What is followed begins so long ago: a page looks back to now, and nothing falls between."""

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
_NUMBERS = logging.getLevelNamesMapping()


@dataclass(frozen=True)
class Filter:
    """Which lines somebody wants to see; empty means all."""

    level: str = ""
    process: str = ""
    request_id: str = ""
    text: str = ""

    def wants(self, entry: Entry) -> bool:
        """Say whether a line is wanted; `level` is the lowest one, `text` may be anywhere in it."""
        if self.request_id and self.request_id not in entry.json:
            return False
        if self.text and self.text.lower() not in entry.json.lower():
            return False
        fields = entry.fields
        return (
            (not self.level or _NUMBERS.get(fields.get("level", ""), 0) >= _NUMBERS[self.level])
            and (not self.process or fields.get("process") == self.process)
            and (not self.request_id or fields.get("request_id") == self.request_id)
        )

    def accepts(self, event: Event) -> bool:
        """Say the same of an event."""
        return event.content is None or self.wants(event.content)


def _produce(stop: threading.Event) -> Iterator[Event]:
    last = log_stream.a_moment_ago(_OVERLAP_SECONDS)
    while not stop.is_set():
        for entry in log_stream.follow(last, _WAIT_SECONDS):
            last = entry.id
            yield _event(entry)
        stop.wait(_GATHER_SECONDS)


def _recall(last_id: str, accepts: Accepts) -> Recalled:
    known = last_id if log_stream.is_id(last_id) else ""
    until = log_stream.last_id()
    entries = log_stream.newest(_wanted(accepts), MISSED if known else FIRST, after=known)
    events = [_event(one) for one in entries]
    if known and log_stream.position(known) < log_stream.position(log_stream.first_id()):
        # It was away for longer than lines are kept.
        events.insert(0, Event("", name="gap"))
    newest = entries[-1].id if entries else until
    return Recalled(events, max(log_stream.position(until), log_stream.position(newest)))


def _wanted(accepts: Accepts) -> Callable[[Entry], bool]:
    return lambda entry: accepts(_event(entry))


def _event(entry: Entry) -> Event:
    return Event(entry.json, id=entry.id, content=entry, position=log_stream.position(entry.id))


LOG = Topic("log", _produce, _recall)
