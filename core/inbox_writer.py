"""Writing deliveries down, several in one transaction, for callers who wait for the disk.

A commit waits for the disk, and SQLite lets in one writer at a time: with a transaction for each
request, sixteen senders waited most of their time for one another. Here a process has one pen. Who
finds it free writes by themselves, which spares a delivery that comes alone two changes of threads;
what comes meanwhile is left to a thread that writes all of it with the next commit. As long as it
has several of them each time, all are left to it.
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

GATHER_SECONDS = 0.001
"""How long the thread waits for those who are about to come, before it writes."""

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
        self._pen = threading.Lock()
        self._news = threading.Event()
        self._start = threading.Lock()
        self._thread: threading.Thread | None = None
        self._began = 0.0
        self._crowded = False

    def write(self, arrival: Arrival) -> int | None:
        """Give the row's id once it is on the disk, or None where the delivery is here already.

        Raises `DatabaseUnavailableError` within six seconds where it could not be written.
        """
        if self._stalled() and self._queue.qsize() >= self._places:
            raise DatabaseUnavailableError("the database takes no writes at the moment")
        # Not past those who wait: the pen may be free for the moment before their turn.
        free = not self._crowded and self._queue.empty()
        if free and self._pen.acquire(blocking=False):
            try:
                return self._write_alone(arrival)
            finally:
                self._pen.release()
        self._listen()
        written: Future[int | None] = Future()
        self._queue.put((arrival, written))
        self._news.set()
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
            self._news.wait()
            self._news.clear()
            while not self._queue.empty():
                time.sleep(GATHER_SECONDS)
                # Nothing is taken before: whoever has the pen may have to tell all who wait.
                with self._pen:
                    batch = self._take(AT_ONCE)
                    self._crowded = len(batch) > 1
                    self._write(batch)

    def _take(self, most: int) -> list[_Waiting]:
        taken: list[_Waiting] = []
        while len(taken) < most:
            try:
                one = self._queue.get_nowait()
            except queue.Empty:
                break
            # Whose patience has ended is not written any more: they will come again.
            if one[1].set_running_or_notify_cancel():
                taken.append(one)
        return taken

    def _write_alone(self, arrival: Arrival) -> int | None:
        try:
            [delivery_id] = self._commit([arrival])
        except Exception as error:
            failure = self._tell_all(error)
            if failure is None:
                raise
            raise failure from error
        return delivery_id

    def _write(self, batch: list[_Waiting]) -> None:
        try:
            ids = self._commit([arrival for arrival, _ in batch])
        except Exception as error:  # noqa: BLE001 - each caller is told of it
            failure = self._tell_all(error)
            if failure is None and len(batch) > 1:
                # One of them cannot be written; the others must not suffer for it.
                for one in batch:
                    self._write([one])
                return
            _refuse(batch, failure or error)
        else:
            for (_, written), delivery_id in zip(batch, ids, strict=True):
                written.set_result(delivery_id)

    def _commit(self, arrivals: list[Arrival]) -> list[int | None]:
        self._began = time.monotonic()
        try:
            with writing() as session:
                return inbox.record_all(session, arrivals)
        finally:
            self._began = 0.0

    def _tell_all(self, error: Exception) -> DatabaseUnavailableError | None:
        """Give what to answer where the database is at fault, and answer so to all who wait.

        They have waited for the same, and would wait as long again.
        """
        why = unavailability(error)
        if why is None:
            return None
        failure = DatabaseUnavailableError(why)
        _refuse(self._take(10**6), failure)
        return failure


def _refuse(batch: list[_Waiting], failure: Exception) -> None:
    for _, written in batch:
        written.set_exception(failure)
