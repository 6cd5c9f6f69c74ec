"""Writing deliveries down, several in one transaction, for callers who wait for the disk.

A commit waits for the disk, and SQLite lets in one writer at a time: with a transaction for each
request, sixteen senders waited most of their time for one another. Here one thread of each process
commits what has come while its last commit was on the way.
"""

from __future__ import annotations

import queue
import threading
import time
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotInTime

from core import inbox
from core.database import DatabaseUnavailableError, unavailability, writing
from core.inbox import Arrival

AT_ONCE = 100
"""Deliveries in one transaction: others want to write, too."""

PATIENCE_SECONDS = 6.0
"""How long a caller waits: a second more than the transaction may wait for others."""

STALLED_SECONDS = 1.0
"""A transaction that takes longer is no common one: a lock that is held, or a disk that hangs."""

_Waiting = tuple[Arrival, "Future[int | None]"]


class InboxWriter:
    """Writes deliveries down. Make it before or after a fork: its thread starts when needed."""

    def __init__(self, places: int) -> None:
        """Let no more than `places` callers wait once the database has stalled.

        The threads of the others would be missing for what needs no database.
        """
        self._places = places
        self._queue: queue.SimpleQueue[_Waiting] = queue.SimpleQueue()
        self._start = threading.Lock()
        self._thread: threading.Thread | None = None
        self._began = 0.0

    def write(self, arrival: Arrival) -> int | None:
        """Give the row's id once it is on the disk, or None where the delivery is here already.

        Raises `DatabaseUnavailableError` within six seconds where it could not be written.
        """
        if self._stalled() and self._queue.qsize() >= self._places:
            raise DatabaseUnavailableError("the database takes no writes at the moment")
        self._listen()
        written: Future[int | None] = Future()
        self._queue.put((arrival, written))
        try:
            return written.result(PATIENCE_SECONDS)
        except NotInTime:
            # What is cancelled before its turn is not written. What is being written may be: the
            # sender comes again with the same id, which makes no second delivery.
            written.cancel()
            raise DatabaseUnavailableError("the database did not take it in time") from None

    def _stalled(self) -> bool:
        return self._began > 0 and time.monotonic() - self._began > STALLED_SECONDS

    def _listen(self) -> None:
        with self._start:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="inbox", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while True:
            batch = [self._queue.get(), *self._take(AT_ONCE - 1)]
            self._began = time.monotonic()
            self._write([one for one in batch if one[1].set_running_or_notify_cancel()])
            self._began = 0.0

    def _take(self, most: int) -> list[_Waiting]:
        taken: list[_Waiting] = []
        while len(taken) < most:
            try:
                taken.append(self._queue.get_nowait())
            except queue.Empty:
                break
        return taken

    def _write(self, batch: list[_Waiting]) -> None:
        try:
            with writing() as session:
                ids = [inbox.record(session, arrival) for arrival, _ in batch]
        except Exception as error:  # noqa: BLE001 - each caller is told of it
            self._failed(batch, error)
        else:
            for (_, written), delivery_id in zip(batch, ids, strict=True):
                written.set_result(delivery_id)

    def _failed(self, batch: list[_Waiting], error: Exception) -> None:
        why = unavailability(error)
        if why is None and len(batch) > 1:
            # One of them cannot be written; the others must not suffer for it.
            for one in batch:
                self._write([one])
            return
        failure: Exception = error
        if why is not None:
            failure = DatabaseUnavailableError(why)
            # Who came meanwhile has waited for the same, and would wait as long again.
            batch = batch + [it for it in self._take(10**6) if it[1].set_running_or_notify_cancel()]
        for _, written in batch:
            written.set_exception(failure)
