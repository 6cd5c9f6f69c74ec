"""Shipping to Seq that loses nothing that fits the buffer, and that nobody waits for.

seqlog alone posts each batch once, without a time limit, while whoever logs waits for its lock, and
is dead after a fork. Here a thread of its own posts what is buffered, in batches, and keeps it
until Seq has taken it. What Seq refuses is looked for by halving, so that it stops nothing else.
Source: https://docs.datalust.co/docs/posting-raw-events
"""

from __future__ import annotations

import contextlib
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from enum import Enum
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import NamedTuple, Protocol
from urllib.parse import urlsplit

from core.log_lines import Line
from core.log_queue import Note
from core.log_spool import Spool

CONNECT_AND_READ_SECONDS = 5.0
GATHER_SECONDS = 1.0
"""How long events are gathered before they are posted together."""

BATCH_EVENTS = 500
BATCH_BYTES = 1_000_000
LARGEST_EVENT = 250_000
"""Bytes; Seq's own limits are 10 MiB for a batch and 256 KiB for an event."""

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
"""Seconds between attempts while Seq does not take anything; doubling, with jitter."""

CLOSING_SECONDS = 2.0
"""How long the end of a process may be held up by what Seq has not taken yet."""

_OK = range(200, 300)
_REFUSED = frozenset({400, 413, 422})


class Verdict(Enum):
    """What became of a batch."""

    TAKEN = "taken"
    REFUSED = "refused"
    """There is something in it that Seq will never take."""
    LATER = "later"


class Outcome(NamedTuple):
    """What became of a batch, why, and how long Seq asks to wait."""

    verdict: Verdict
    reason: str = ""
    wait: float = 0.0


class MakesEvents(Protocol):
    """Makes an event of a line."""

    def event(self, line: Line) -> bytes:
        """Give a line as one event."""


class SeqSink:
    """Buffers events in memory and ships them from a thread of its own."""

    def __init__(
        self, url: str, api_key: str, clef: MakesEvents, spool: Spool, buffer_bytes: int
    ) -> None:
        """Prepare; the thread starts with the first line, in the process that writes it."""
        self._url, self._api_key = url, api_key
        self._clef = clef
        self._spool = spool
        self._buffer_bytes = buffer_bytes
        # Imports what a connection needs. A fork in the middle of that import would leave the child
        # without the codec; the thread that ships is not waited for, see `BackgroundHandler.hold`.
        "".encode("idna")
        self._begin_anew()

    def _begin_anew(self) -> None:
        self._changed = threading.Condition()
        self._events: deque[bytes] = deque()
        self._under_way: deque[bytes] = deque()
        self._bytes = 0
        self._lost = 0
        self._news: list[Note] = []
        self._well = True
        self._closing = False
        self._ends = float("inf")
        self._thread: threading.Thread | None = None
        self._connection: HTTPConnection | None = None

    def forked(self) -> None:
        """Begin anew in a child process: the parent ships what is buffered here."""
        self._begin_anew()

    def write(self, lines: Sequence[Line]) -> Sequence[Note]:
        """Buffer lines; the oldest make room where there is none."""
        events = [self._clef.event(line) for line in lines]
        with self._changed:
            for event in events:
                if len(event) > LARGEST_EVENT:
                    self._lost += 1
                    continue
                self._events.append(event)
                self._bytes += len(event)
            while self._bytes > self._buffer_bytes:
                self._bytes -= len(self._events.popleft())
                self._lost += 1
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="log-seq", daemon=True)
                self._thread.start()
            self._changed.notify()
            news, self._news = self._news, []
        return news

    def close(self) -> None:
        """Ship what is left, for two seconds at most; the rest goes to the spool."""
        with self._changed:
            self._closing = True
            self._ends = time.monotonic() + CLOSING_SECONDS
            self._changed.notify()
        if self._thread is not None:
            self._thread.join(CLOSING_SECONDS)
        with self._changed:
            left, self._events = list(self._events), deque()
        if left:
            with contextlib.suppress(OSError):
                self._spool.leave(left)

    def _run(self) -> None:
        pause = 0.0
        while not self._closing or (self._events and pause == 0.0):
            try:
                outcome = self._ship_some(pause)
            except Exception as error:  # noqa: BLE001 - the thread must outlive everything
                outcome = Outcome(Verdict.LATER, type(error).__name__)
            if outcome.verdict is Verdict.TAKEN:
                pause = 0.0
            else:
                pause = min(max(pause * 2, FIRST_PAUSE), LONGEST_PAUSE)
                self._wait(max(outcome.wait, random.uniform(pause / 2, pause)))  # noqa: S311
            self._tell(outcome)

    def _ship_some(self, pause: float) -> Outcome:
        """Ship a batch, or what an ended process has left behind."""
        with self._changed:
            while not self._events and not self._closing and not self._changed.wait(60.0):
                break  # Nothing came for a minute: see whether somebody left something behind.
        if not pause:
            self._wait(GATHER_SECONDS)
        outcome = self._post(self._batch(), self._remove)
        if outcome.verdict is Verdict.LATER or self._closing or self._events:
            return outcome
        return self._ship_spooled()

    def _wait(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        with self._changed:
            while not self._closing and (left := until - time.monotonic()) > 0:
                self._changed.wait(left)

    def _batch(self) -> list[bytes]:
        with self._changed:
            batch = _first(self._events)
            self._under_way = deque(batch)
        return batch

    def _remove(self, count: int) -> None:
        with self._changed:
            for _ in range(count):
                event = self._under_way.popleft()
                # The buffer may have made room for newer ones meanwhile.
                if self._events and self._events[0] is event:
                    self._bytes -= len(self._events.popleft())

    def _ship_spooled(self) -> Outcome:
        try:
            with self._spool.found() as left:
                while left:
                    outcome = self._post(_first(left), lambda done: left.__delitem__(slice(done)))
                    if outcome.verdict is Verdict.LATER:
                        raise _StillDownError(outcome)
        except _StillDownError as down:
            return down.outcome
        return Outcome(Verdict.TAKEN)

    def _post(self, batch: Sequence[bytes], done: Callable[[int], object]) -> Outcome:
        """Post a batch, and tell `done` how many events from the front on are dealt with.

        What Seq refuses is looked for by halving, counted and left out.
        """
        if not batch:
            return Outcome(Verdict.TAKEN)
        outcome = self._send(b"\n".join(batch))
        if outcome.verdict is Verdict.REFUSED and len(batch) > 1:
            half = len(batch) // 2
            outcome = self._post(batch[:half], done)
            return outcome if outcome.verdict is Verdict.LATER else self._post(batch[half:], done)
        if outcome.verdict is Verdict.REFUSED:
            with self._changed:
                self._lost += 1
        if outcome.verdict is not Verdict.LATER:
            done(len(batch))
            return Outcome(Verdict.TAKEN)
        return outcome

    def _send(self, body: bytes) -> Outcome:
        headers = {"Content-Type": "application/vnd.serilog.clef"}
        if self._api_key:
            headers["X-Seq-ApiKey"] = self._api_key
        path = f"{urlsplit(self._url).path}/ingest/clef"
        try:
            connection = self._connected()
            connection.request("POST", path, body, headers)
            answer = connection.getresponse()
            answer.read(65_536)
            status, after = answer.status, answer.getheader("Retry-After", "")
            if not answer.isclosed() or answer.will_close:
                self._hang_up()
        except (OSError, HTTPException) as error:
            self._hang_up()
            return Outcome(Verdict.LATER, type(error).__name__)
        if status in _OK:
            return Outcome(Verdict.TAKEN)
        if status in _REFUSED:
            return Outcome(Verdict.REFUSED)
        # A redirect is not followed: it could lead anywhere, with the key.
        wait = float(after) if after.isdecimal() else 0.0
        return Outcome(Verdict.LATER, f"status {status}", min(wait, LONGEST_PAUSE))

    def _connected(self) -> HTTPConnection:
        left = min(CONNECT_AND_READ_SECONDS, max(0.1, self._ends - time.monotonic()))
        if self._connection is None:
            at = urlsplit(self._url)
            kind = HTTPSConnection if at.scheme == "https" else HTTPConnection
            self._connection = kind(at.hostname or "", at.port, timeout=left)
        elif self._connection.sock is not None:
            self._connection.sock.settimeout(left)
        return self._connection

    def _hang_up(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _tell(self, outcome: Outcome) -> None:
        """Have it logged when Seq stops taking events or takes them again, and what was lost."""
        well = outcome.verdict is not Verdict.LATER
        with self._changed:
            if self._well and not well:
                self._news.append(("seq_takes_no_events", {"reason": outcome.reason}))
            elif well and not self._well:
                self._news.append(("seq_takes_events_again", {}))
            if well and self._lost:
                self._news.append(("seq_events_left_out", {"events": self._lost}))
                self._lost = 0
            self._well = well


class _StillDownError(Exception):
    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.reason)
        self.outcome = outcome


def _first(events: Sequence[bytes] | deque[bytes]) -> list[bytes]:
    """Give as many events as one batch takes, the oldest first."""
    batch: list[bytes] = []
    size = 0
    for event in events:
        size += len(event) + 1
        if batch and (size > BATCH_BYTES or len(batch) == BATCH_EVENTS):
            break
        batch.append(event)
    return batch
