"""gunicorn's threads, none of which a slow sender can keep, and no live page when it stops.

A sender who announces a body and never sends it, or sends a byte now and then, would hold a thread
for as long as it likes; a few dozen of them would hold all. gunicorn bounds only the wait for the
first byte.
"""

from __future__ import annotations

import errno
import socket
import time
from typing import Any

from gunicorn.workers.gthread import TConn, ThreadWorker

from gateway import live

REQUEST_SECONDS = 20.0
"""How long a request may take to arrive: Jira itself gives up after as long.

Source: https://developer.atlassian.com/cloud/jira/platform/webhooks/
"""

SILENCE_SECONDS = 5.0
"""How long a sender may be silent in the middle of a request."""

ANSWER_SECONDS = 30.0
"""How long a receiver may take for a part of the answer."""


class DeadlineWorker(ThreadWorker):
    """The threaded worker, whose threads wait for a sender only so long."""

    def handle(self, conn: TConn) -> Any:  # noqa: ANN401 - gunicorn's own verdict, given on
        """Handle a request; a sender who is too slow is hung up on."""
        if not isinstance(conn.sock, DeadlineSocket):
            conn.sock = DeadlineSocket(conn.sock)
        conn.sock.begin()
        return super().handle(conn)

    def handle_exit(self, sig: int, frame: Any) -> None:  # noqa: ANN401 - gunicorn's signature
        """Begin to stop: event streams would go on until the time to stop is up."""
        # From the main loop, because a signal may have interrupted whoever holds a lock.
        self.method_queue.defer(live.close_all, self.wsgi)
        super().handle_exit(sig, frame)


class DeadlineSocket:
    """A connection that gives up on a slow sender as on one that hung up.

    Only blocking reads and writes are bounded; gunicorn's own waiting between requests is not.
    """

    def __init__(self, inner: socket.socket) -> None:
        self._inner = inner
        self._ends = 0.0
        self.begin()

    def begin(self) -> None:
        """Give the next request its whole time."""
        self._ends = time.monotonic() + REQUEST_SECONDS

    def recv(self, size: int, flags: int = 0) -> bytes:
        """Receive, or raise what a sender that hung up shows as."""
        asked = self._inner.gettimeout()
        if asked == 0:
            return self._inner.recv(size, flags)
        left = min(SILENCE_SECONDS, self._ends - time.monotonic(), asked or SILENCE_SECONDS)
        if left <= 0:
            raise _hung_up()
        self._inner.settimeout(left)
        try:
            return self._inner.recv(size, flags)
        except TimeoutError:
            raise _hung_up() from None

    def sendall(self, data: bytes, flags: int = 0) -> None:
        """Send all, or raise what a receiver that hung up shows as."""
        self._inner.settimeout(ANSWER_SECONDS)
        try:
            self._inner.sendall(data, flags)
        except TimeoutError:
            raise _hung_up() from None

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever a socket has
        return getattr(self._inner, name)


def _hung_up() -> ConnectionResetError:
    return ConnectionResetError(errno.ECONNRESET, "the other side is too slow")
