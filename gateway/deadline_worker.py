"""gunicorn's threads, none of which a slow sender can keep, and no live page when it stops.

A sender who announces a body and never sends it, or sends a byte now and then, would hold a thread
for as long as it likes; a few dozen of them would hold all. gunicorn bounds only the wait for the
first byte.
"""

from __future__ import annotations

import errno
import select
import socket
import time
from typing import IO, Any

from gunicorn.workers.gthread import TConn, ThreadWorker

from gateway import live

REQUEST_SECONDS = 20.0
"""How long a request may take to arrive: Jira itself gives up after as long.

Source: https://developer.atlassian.com/cloud/jira/platform/webhooks/
"""

SILENCE_SECONDS = 5.0
"""How long a sender may be silent in the middle of a request."""

LINGER_SECONDS = 0.002
"""How long a thread waits for the next request on the connection that it has just answered."""

ANSWER_SECONDS = 30.0
"""How long a receiver may take for a part of the answer."""


class DeadlineWorker(ThreadWorker):
    """The threaded worker, whose threads wait for a sender only so long."""

    def handle(self, conn: TConn) -> Any:  # noqa: ANN401 - gunicorn's own verdict, given on
        """Handle requests of a connection; a sender who is too slow is hung up on.

        One that follows at once stays with this thread: to give the connection back to the main
        loop, have it watched there and handed to a thread again takes longer than a short wait.
        """
        if not isinstance(conn.sock, DeadlineSocket):
            conn.sock = DeadlineSocket(conn.sock)
        while True:
            conn.sock.begin()
            verdict = super().handle(conn)
            if verdict is not True or not self._goes_on(conn):
                return verdict

    def _goes_on(self, conn: TConn) -> bool:
        # Where there are more connections than threads, somebody else may need this one.
        if not self.alive or self.nr_conns > self.cfg.threads:
            return False
        return conn.sock.readable_within(LINGER_SECONDS)

    def handle_exit(self, sig: int, frame: Any) -> None:  # noqa: ANN401 - gunicorn's signature
        """Begin to stop: event streams would go on until the time to stop is up."""
        # From the main loop, because a signal may have interrupted whoever holds a lock.
        self.method_queue.defer(live.close_all, self.wsgi)
        super().handle_exit(sig, frame)


class DeadlineSocket:
    """A connection that gives up on a slow sender as on one that hung up.

    Only reads and writes that wait are bounded; gunicorn's own waiting between requests is not.
    The socket itself never blocks: what is there is read, and what has room is sent, by one system
    call each. Each one more lets other threads in between, and they are what a request waits for.
    """

    def __init__(self, inner: socket.socket) -> None:
        inner.setblocking(False)
        self._inner = inner
        self._asked: float | None = None
        self._ends = 0.0
        self.begin()

    def begin(self) -> None:
        """Give the next request its whole time."""
        self._ends = time.monotonic() + REQUEST_SECONDS

    def setblocking(self, blocks: bool) -> None:
        """Wait in `recv`, or do not."""
        self._asked = None if blocks else 0.0

    def settimeout(self, seconds: float | None) -> None:
        """Wait so long in `recv`; None is for as long as a sender has."""
        self._asked = seconds

    def gettimeout(self) -> float | None:
        """Give what `settimeout` was told."""
        return self._asked

    def recv(self, size: int, flags: int = 0) -> bytes:
        """Receive, or raise what a sender that hung up shows as."""
        left = self._ends - time.monotonic()
        if self._asked == 0:
            return self._inner.recv(size, flags)
        if left > 0:
            try:
                return self._inner.recv(size, flags)
            except BlockingIOError:
                if self._ready(select.POLLIN, min(SILENCE_SECONDS, left, self._asked or left)):
                    return self._inner.recv(size, flags)
        raise _hung_up()

    def readable_within(self, seconds: float) -> bool:
        """Say whether something, or the end, comes within so many seconds."""
        return self._ready(select.POLLIN, seconds)

    def send(self, data: bytes, flags: int = 0) -> int:
        """Send all, as `sendall` does, and give how much that was."""
        self.sendall(data, flags)
        return len(data)

    def sendall(self, data: bytes, flags: int = 0) -> None:
        """Send all, or raise what a receiver that hung up shows as."""
        rest = memoryview(data)
        ends = 0.0
        while rest:
            try:
                rest = rest[self._inner.send(rest, flags) :]
            except BlockingIOError:
                ends = ends or time.monotonic() + ANSWER_SECONDS
                left = ends - time.monotonic()
                if left <= 0 or not self._ready(select.POLLOUT, left):
                    raise _hung_up() from None

    def sendfile(self, file: IO[bytes], offset: int = 0, count: int | None = None) -> int:
        """Send a part of a file, or raise what a receiver that hung up shows as."""
        self._inner.settimeout(ANSWER_SECONDS)
        try:
            return self._inner.sendfile(file, offset, count)
        except TimeoutError:
            raise _hung_up() from None
        finally:
            self._inner.setblocking(False)

    def _ready(self, event: int, seconds: float) -> bool:
        poll = select.poll()
        poll.register(self._inner, event)
        return bool(poll.poll(seconds * 1000))

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever a socket has
        return getattr(self._inner, name)


def _hung_up() -> ConnectionResetError:
    return ConnectionResetError(errno.ECONNRESET, "the other side is too slow")
