"""Publishing tasks by name: no tier needs another tier's code to give it work."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from functools import cache
from time import monotonic, sleep

from celery import Celery
from kombu.exceptions import OperationalError

from core.broker import is_rabbitmq
from core.domains import get_domain
from core.logs import current_request_id, new_request_id

log = logging.getLogger(__name__)

TASK_HEADER = "request_id"
LINKS_AT_ONCE = 50
"""Links in one message: as many issues as one bulk create takes."""

DELIVERIES_AT_ONCE = 100
"""Deliveries in one message: one that comes alone goes alone, a burst travels together."""


GATHER_SECONDS = 0.05
"""Pause between two messages of the background, in which a burst comes together: making one takes
longer than a request, and twenty a second are no burden."""

REFUSED_SECONDS = 1.0
"""How long a process leaves a broker alone that refused or did not answer."""


class _LeftAloneError(Exception):
    """The broker refused a moment ago."""


class _Way:
    """The way to the broker: for so many at a time, and closed for a moment after a refusal.

    A broker that hangs keeps a sender for some seconds, and then Kombu has the next ones wait for
    one another. So no more are let in than there are connections, and who waited for a way that
    turned out to be closed is told at once.
    """

    def __init__(self, connections: int) -> None:
        self._connections = threading.BoundedSemaphore(connections)
        self._closed_until = 0.0

    @contextmanager
    def taken(self) -> Generator[None]:
        """Send inside the block; raises `_LeftAloneError` while the way is closed."""
        with self._connections:
            if monotonic() < self._closed_until:
                raise _LeftAloneError
            try:
                yield
            except (OperationalError, OSError):
                self._closed_until = monotonic() + REFUSED_SECONDS
                raise


@cache
def _way(app: Celery) -> _Way:
    return _Way(app.conf.broker_pool_limit)


@cache
def publisher() -> Celery:
    """Give the Celery app that only sends.

    Its sockets give up after two seconds, and Celery tries once more: what is published is already
    committed, and the relay publishes it again.
    """
    app = Celery("publisher", set_as_current=False)
    app.config_from_object("celeryconfig")
    # Telling Flower of a message costs as much as the message; it hears of it from the worker.
    app.conf.task_send_sent_event = False
    # Three waits at most; redis-py's own second tries would make ten of them.
    waits = {"socket_timeout": 2, "socket_connect_timeout": 1, "retry_on_timeout": False}
    if is_rabbitmq(app.conf.broker_url):
        waits = {"read_timeout": 2, "write_timeout": 2}
        app.conf.broker_connection_timeout = 1
        # Nobody here would answer while nothing is sent, and RabbitMQ would hang up.
        app.conf.broker_heartbeat = 0
    app.conf.broker_transport_options = {**app.conf.broker_transport_options, **waits}
    return app


def publish(
    task: str,
    *args: int | Sequence[int] | bool | str,
    expires: float | None = None,
    delay: float = 0,
    bulk: bool = False,
) -> bool:
    """Send a task by its name; `False` when the broker cannot be reached.

    Call it after the commit that wrote the ids, never inside the transaction. A refusal is no
    loss: the rows are due, and the relay sends them again. A broker that hangs is found out within
    six seconds, and for a second afterwards nobody in this process asks it. `expires` and `delay`
    are seconds. What is `bulk` is overtaken by what is not.
    """
    place: dict[str, str] = {}
    if bulk:
        name = get_domain(task.partition(".")[0]).bulk_queue
        # Both, because the task's route names both.
        place = {"queue": name, "routing_key": name}
    headers = {TASK_HEADER: current_request_id() or new_request_id()}
    app = publisher()
    try:
        with _way(app).taken():
            app.send_task(
                task,
                args=args,
                headers=headers,
                expires=expires,
                countdown=delay or None,
                **place,
            )
    except _LeftAloneError:
        return False
    except (OperationalError, OSError) as error:
        log.warning("publish_failed", extra={"task": task, "error": type(error).__name__})
        return False
    return True


def publish_batches(task: str, ids: Sequence[int], at_once: int) -> None:
    """Send ids, so many in a message; stop at the first refusal and leave the rest to the relay.

    What takes more than one message is bulk: an import must not hold up what people do meanwhile.
    """
    for start in range(0, len(ids), at_once):
        if not publish(task, list(ids[start : start + at_once]), bulk=len(ids) > at_once):
            return


def _published(task: str, bulk: bool, ids: Sequence[int]) -> bool:
    try:
        return publish(task, ids, bulk=bulk)
    except Exception:
        # The thread must outlive whatever one message does; its rows stay due.
        log.exception("publish_failed", extra={"task": task})
        return False


class BackgroundPublisher:
    """Publishes ids from a thread of its own, so that no request waits for the broker.

    One id goes out at once; what arrives in the twentieth of a second after it travels together in
    the next message, since making a message takes longer than a whole request. A broker that
    refuses is not asked again for a second, since asking takes the processor from the requests;
    then a hundred of those that wait try for all. The others, and what is still here when the
    process ends, are due in the database, and the relay publishes them.
    """

    def __init__(self, waiting: int = 100_000) -> None:
        """Prepare; the thread starts with the first id, in the process that offers it."""
        # Its `put` takes no lock that the thread may hold: no request waits for it.
        self._queue: queue.SimpleQueue[tuple[str, bool, int]] = queue.SimpleQueue()
        self._waiting = waiting
        self._start = threading.Lock()
        self._thread: threading.Thread | None = None

    def offer(self, task: str, row_id: int, *, bulk: bool = False) -> None:
        """Take an id to publish for `task`, and return at once; `bulk` as for `publish`."""
        if self._thread is None:
            self._listen()
        if self._queue.qsize() >= self._waiting:
            log.warning("publish_left_to_relay", extra={"task": task, "row": row_id})
            return
        self._queue.put((task, bulk, row_id))

    def _listen(self) -> None:
        with self._start:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="publisher", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while True:
            batches = self._next_batches()
            if all(_published(task, bulk, ids) for (task, bulk), ids in batches.items()):
                sleep(GATHER_SECONDS)
            else:
                sleep(REFUSED_SECONDS)
                self._leave_most_to_relay()

    def _leave_most_to_relay(self) -> None:
        left = max(0, self._queue.qsize() - DELIVERIES_AT_ONCE)
        for _ in range(left):
            self._queue.get_nowait()
        if left:
            log.warning("publish_left_to_relay", extra={"deliveries": left})

    def _next_batches(self) -> dict[tuple[str, bool], list[int]]:
        """Wait for an id, and give it with all that have come meanwhile, by task and urgency."""
        task, bulk, row_id = self._queue.get()
        batches = {(task, bulk): [row_id]}
        for _ in range(DELIVERIES_AT_ONCE - 1):
            try:
                task, bulk, row_id = self._queue.get_nowait()
            except queue.Empty:
                break
            batches.setdefault((task, bulk), []).append(row_id)
        return batches
