"""An event stream as an HTTP answer.

The format and its reconnection: https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

from __future__ import annotations

import logging
import re
import secrets
import select
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from flask import Flask, Response, current_app, jsonify, request
from redis.exceptions import RedisError

from core import web_sessions
from core.bulkhead import Bulkhead, BulkheadFullError
from core.database import reading
from core.web_sessions import Visitor
from gateway.live.hub import Accepts, Event, Hub, Listener, Recalled, Topic

log = logging.getLogger(__name__)

EXTENSION = "live"

HEARTBEAT_SECONDS = 15.0
"""How long a stream may be silent: proxies close what is silent for longer, often after 30 s."""

LOOK_SECONDS = 1.0
"""How often a silent stream looks whether its reader is still there: others want the place."""

CHECK_SECONDS = 5.0
"""How often it is asked whether the reader may still read."""

LEASE_SECONDS = 60.0
"""How long the place of a killed process stays taken; a stream renews its own at each heartbeat."""

RETRY_MS = 2000
"""How long a browser waits before it connects again."""

COME_BACK_SECONDS = 15

# A proxy that gathers an answer before it passes it on lets go at one or two kilobytes.
_PROLOGUE = f": {' ' * 2048}\nretry: {RETRY_MS}\n\n"
_HEADERS = {
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-store, no-transform",
    "X-Accel-Buffering": "no",
}
_LINE_END = re.compile(r"\r\n|\n|\r")


@dataclass(frozen=True)
class _Live:
    places: Bulkhead
    hub: Hub = field(default_factory=Hub)


def init_app(app: Flask, streams: int) -> None:
    """Make room for so many streams at a time, all processes together."""
    app.extensions[EXTENSION] = _Live(Bulkhead("streams", streams))


def close_all(app: Flask) -> None:
    """End every stream of this process; their readers come back by themselves."""
    app.extensions[EXTENSION].hub.close()


def stream(
    topic: Topic, *, still_allowed: Callable[[], bool], accepts: Accepts = lambda _: True
) -> Response:
    """Answer the current request with the events of a topic that `accepts` accepts.

    `still_allowed` is asked every few seconds, outside the request, whether the reader may go on:
    give it the id of the log-in session, not the session. Answers 503 where all places are taken.
    """
    live: _Live = current_app.extensions[EXTENSION]
    last_id = request.headers.get("Last-Event-ID") or request.args.get("last-event-id", "")
    held = ExitStack()
    place = _Place(live.places)
    try:
        held.enter_context(live.places.admitted())
        place.take()
        held.callback(place.give_back)
        reader = _Reader(topic, Listener(accepts), still_allowed, place, _Connection.of_request())
        held.callback(live.hub.leave, topic, reader.listener)
        # First listen, then look back: so nothing falls between the two.
        state = live.hub.join(topic, reader.listener, _this_app())
        missed = _missed(topic, last_id, accepts, state)
    except BulkheadFullError:
        held.close()
        return _sent_away("Every place for live pages is taken. This page tries again by itself.")
    except RedisError as error:
        held.close()
        log.warning("stream_refused", extra={"topic": topic.name, "error": type(error).__name__})
        return _sent_away("Redis does not answer, so nothing can be shown live.")
    except BaseException:
        held.close()
        raise
    response = Response(reader.frames(missed), headers=_HEADERS)
    # Not in a `finally` of the generator: that of one that never began is not run.
    response.call_on_close(held.close)
    return response


def while_logged_in(visitor: Visitor) -> Callable[[], bool]:
    """Give a `still_allowed` that holds until this log-in ends."""

    def still_allowed() -> bool:
        with reading() as session:
            return web_sessions.still_open(session, visitor.session_id)

    return still_allowed


class _Place:
    """A place among all streams, which has to be renewed."""

    def __init__(self, places: Bulkhead) -> None:
        self._places = places
        self._holder = secrets.token_hex(8)

    def take(self) -> None:
        self._places.take(self._holder, time.monotonic() + LEASE_SECONDS)

    def renew(self) -> bool:
        """Keep the place for longer; `False` where it was lost and another one has it."""
        try:
            self.take()
        except BulkheadFullError:
            return False
        except RedisError:
            # The count of this process still holds, and a reader is not to suffer for Redis.
            return True
        return True

    def give_back(self) -> None:
        self._places.give_back(self._holder)


class _Connection:
    """The connection that a stream is written to, and whether anybody is at its other end."""

    def __init__(self, descriptor: int | None) -> None:
        self._poll = select.poll()
        if descriptor is not None:
            # Reported by itself is only that both directions were closed.
            self._poll.register(descriptor, getattr(select, "POLLRDHUP", 0))

    @classmethod
    def of_request(cls) -> _Connection:
        """Give the current request's; one that the server does not name is taken for open."""
        names = ("gunicorn.socket", "werkzeug.socket")
        connection = next((request.environ[it] for it in names if it in request.environ), None)
        return cls(None if connection is None else connection.fileno())

    def is_closed(self) -> bool:
        """Say whether the reader hung up, without waiting; writing would notice it much later."""
        return bool(self._poll.poll(0))


@dataclass(frozen=True)
class _Reader:
    topic: Topic
    listener: Listener
    still_allowed: Callable[[], bool]
    place: _Place
    connection: _Connection

    def frames(self, missed: Recalled) -> Iterator[str]:
        yield _PROLOGUE + "".join(map(_frame, missed.events))
        checked = beaten = time.monotonic()
        while not (self.listener.over or self.connection.is_closed()):
            events = _after(missed.position, self.listener.take(LOOK_SECONDS))
            now = time.monotonic()
            if now - checked >= CHECK_SECONDS:
                checked = now
                if not self._may_go_on():
                    return
            if now - beaten >= HEARTBEAT_SECONDS:
                beaten = now
                if not self.place.renew():
                    return
                yield ": still here\n\n"
            if events:
                yield "".join(map(_frame, events))

    def _may_go_on(self) -> bool:
        try:
            return self.still_allowed()
        except Exception:
            # Who cannot be checked is sent away, and is checked again on coming back.
            log.exception("stream_ended", extra={"topic": self.topic.name})
            return False


def _missed(topic: Topic, last_id: str, accepts: Accepts, state: Event | None) -> Recalled:
    if topic.recall is not None:
        return topic.recall(last_id, accepts)
    unknown = state is not None and state.id != last_id and accepts(state)
    return Recalled([state] if state is not None and unknown else [])


def _after(position: Any, events: list[Event]) -> list[Event]:  # noqa: ANN401 - the topic's own type
    if position is None:
        return events
    return [event for event in events if event.position is None or event.position > position]


def _frame(event: Event) -> str:
    lines = [f"data: {line}\n" for line in _LINE_END.split(event.data)]
    name = f"event: {event.name}\n" if event.name else ""
    number = f"id: {event.id}\n" if event.id else ""
    return f"{number}{name}{''.join(lines)}\n"


def _sent_away(message: str) -> Response:
    answer = jsonify(error="come_back_later", message=message)
    answer.status_code = 503
    answer.headers["Retry-After"] = str(COME_BACK_SECONDS)
    return answer


def _this_app() -> Flask:
    return current_app._get_current_object()  # ty: ignore[missing-attribute]  # noqa: SLF001
