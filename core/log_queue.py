"""Logging that nobody waits for: a bounded queue, and a thread that writes.

Whoever logs settles the record and puts it aside; that takes microseconds whatever becomes of the
disk, of Redis or of Seq. When the queue is full, lines are left out, and counted in the next one.
"""

from __future__ import annotations

import logging
import os
import queue
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from select import PIPE_BUF
from typing import Protocol

from core.log_lines import Line, LineFormatter, settled

CAPACITY = 10_000
"""Lines that may wait; some twenty megabytes, if all of them are as long as usual."""

_BATCH = 500
_GATHER_SECONDS = 0.02
"""Pause between two rounds of writing, in which a burst comes together."""

LONGEST_HOLD_SECONDS = 2.0
"""How long a fork waits for the thread; Redis is given up on sooner."""

CLOSE_SECONDS = 5.0
"""How long the end of a process may be held up by lines that are still to be written."""


Note = tuple[str, Mapping[str, object]]
"""An event of the log's own, with its fields."""


class Sink(Protocol):
    """Somewhere that lines are written to, always from the same thread."""

    def write(self, lines: Sequence[Line]) -> Sequence[Note]:
        """Write lines; what it gives is to be logged, such as that it lost its connection."""

    def forked(self) -> None:
        """Begin anew in a child process, whose parent goes on with what is here."""

    def close(self) -> None:
        """Finish, within a few seconds."""


class StderrSink:
    """The process's own log: what supervisord writes to its file."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json

    def write(self, lines: Sequence[Line]) -> Sequence[Note]:
        """Write lines, in one piece where that is short enough not to be torn."""
        for piece in _pieces([f"{one.json if self._as_json else one.text}\n" for one in lines]):
            # Past Python's own buffer: its lock may be held by this thread when somebody forks.
            while piece:
                piece = piece[os.write(2, piece) :]  # noqa: PLW2901 - what is left of it
        return ()

    def forked(self) -> None:
        """Nothing is kept here."""

    def close(self) -> None:
        """Nothing is kept here."""


def _pieces(lines: Sequence[str]) -> Iterator[bytes]:
    """Join lines as long as a pipe takes them in one piece; processes may share it.

    Source: pipe(7), PIPE_BUF.
    """
    piece = b""
    for line in lines:
        encoded = line.encode(errors="backslashreplace")
        if piece and len(piece) + len(encoded) > PIPE_BUF:
            yield piece
            piece = b""
        piece += encoded
    yield piece


class _Asked:
    """Asks the thread to say when it has come to this point."""

    def __init__(self) -> None:
        self.reached = threading.Event()


class BackgroundHandler(logging.Handler):
    """Puts records aside for a thread that writes them to all sinks.

    Survives a fork: the child begins with an empty queue and a thread of its own, at its first
    line. Lines of a process that is killed are lost as far as they were not written yet.
    """

    def __init__(
        self, formatter: LineFormatter, sinks: Sequence[Sink], capacity: int = CAPACITY
    ) -> None:
        super().__init__()
        self._lines = formatter
        self._sinks = sinks
        self._capacity = capacity
        self._begin_anew()
        _handlers.add(self)

    def _begin_anew(self) -> None:
        # SimpleQueue alone may be used in a signal handler that interrupted another use of it.
        self._queue: queue.SimpleQueue[logging.LogRecord | _Asked | None] = queue.SimpleQueue()
        self._lost = 0
        self._held = False
        self._lock = threading.RLock()
        self._writing = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closed = False

    def hold(self) -> None:
        """Let the thread come to the end of what it writes, because somebody is about to fork.

        A child copies whatever the thread is in the middle of, an import for instance, and has no
        thread that would finish it.
        """
        # Two threads may fork at once; who comes second must not forget the first one's hold.
        if self._writing.acquire(timeout=LONGEST_HOLD_SECONDS):
            self._held = True

    def go_on(self) -> None:
        """Write again, after a fork, in the parent."""
        if self._held:
            self._held = False
            self._writing.release()

    def forked(self) -> None:
        """Begin anew in a child process."""
        self._begin_anew()
        for sink in self._sinks:
            sink.forked()

    def handle(self, record: logging.LogRecord) -> bool:
        """Filter and put aside, without the lock that handlers usually take: none is needed."""
        wanted = bool(self.filter(record))
        if wanted:
            self.emit(record)
        return wanted

    def emit(self, record: logging.LogRecord) -> None:
        """Put a record aside; returns at once."""
        if self._queue.qsize() >= self._capacity:
            with self._lock:
                self._lost += 1
            return
        self._queue.put(settled(record))
        if self._thread is None or self._closed:
            self._start()

    def _start(self) -> None:
        with self._lock:
            if self._closed:
                self._write_what_waits()
            elif self._thread is None:
                self._thread = threading.Thread(target=self._run, name="log", daemon=True)
                try:
                    self._thread.start()
                except RuntimeError:
                    # The interpreter is ending: nobody is left to be kept waiting.
                    self._closed = True
                    self._write_what_waits()

    def flush(self) -> None:
        """Wait until all lines so far are written, a few seconds at most."""
        if self._thread is None or not self._thread.is_alive():
            return
        asked = _Asked()
        self._queue.put(asked)
        asked.reached.wait(CLOSE_SECONDS)

    def close(self) -> None:
        """Write what waits, a few seconds at most; lines that come later are written at once."""
        if self._closed:
            return
        self._closed = True
        if self._thread is not None and self._thread.is_alive():
            self._queue.put(None)
            self._thread.join(CLOSE_SECONDS)
        # A thread that is stuck in a sink keeps the others from it: the process ends all the same.
        if self._thread is None or not self._thread.is_alive():
            with self._lock:
                self._write_what_waits()
                for sink in self._sinks:
                    sink.close()
        super().close()

    def _run(self) -> None:
        while True:
            batch = self._take(self._queue.get())
            self._write([one for one in batch if isinstance(one, logging.LogRecord)])
            for one in batch:
                if isinstance(one, _Asked):
                    one.reached.set()
            if None in batch:
                return
            time.sleep(_GATHER_SECONDS)

    def _take(
        self, first: logging.LogRecord | _Asked | None
    ) -> list[logging.LogRecord | _Asked | None]:
        batch = [first]
        while len(batch) < _BATCH:
            try:
                batch.append(self._queue.get_nowait())
            except queue.Empty:
                break
        return batch

    def _write_what_waits(self) -> None:
        while not self._queue.empty():
            batch = self._take(self._queue.get())
            self._write([one for one in batch if isinstance(one, logging.LogRecord)])

    def _write(self, records: list[logging.LogRecord]) -> None:
        with self._lock:
            lost, self._lost = self._lost, 0
        if lost:
            records.append(_own_record("log_lines_left_out", {"lines": lost}))
        with self._writing:
            notes = self._to_sinks([self._lines.line(record) for record in records])
            if notes:
                self._to_sinks([self._lines.line(_own_record(*note)) for note in notes])

    def _to_sinks(self, lines: Sequence[Line]) -> list[Note]:
        notes: list[Note] = []
        for sink in self._sinks if lines else ():
            try:
                notes += sink.write(lines)
            except Exception as error:  # noqa: BLE001 - one sink must not keep the others from it
                fields = {"sink": type(sink).__name__, "error": type(error).__name__}
                notes.append(("log_not_written", fields))
        return notes


def _own_record(event: str, fields: Mapping[str, object]) -> logging.LogRecord:
    record = logging.LogRecord(__name__, logging.WARNING, __file__, 0, event, None, None)
    vars(record).update({"request_id": "", **fields})
    return record


_handlers: weakref.WeakSet[BackgroundHandler] = weakref.WeakSet()


def _each(do: Callable[[BackgroundHandler], None]) -> None:
    for handler in list(_handlers):
        do(handler)


os.register_at_fork(
    before=lambda: _each(BackgroundHandler.hold),
    after_in_parent=lambda: _each(BackgroundHandler.go_on),
    after_in_child=lambda: _each(BackgroundHandler.forked),
)
