"""Run supervisord so that it stops in order when it should, and at no other time.

`igw up` may be killed without a chance to say so to anybody. Linux then sends supervisord the
signal that a person would have sent, and the stack stops as it always does instead of living on.

While the disk is full, it goes on: see `outlive_full_disks`.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from contextlib import suppress

from supervisor.loggers import Handler, LogRecord, RotatingFileHandler
from supervisor.supervisord import main

_PR_SET_PDEATHSIG = 1
"""See prctl(2); the request survives until this process executes another program."""


def _die_with(parent: int) -> None:
    if not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        sys.exit("The process that asked for supervisord ended before it had started.")


def outlive_full_disks() -> None:
    """Let supervisord drop the log lines that it cannot write.

    It would report each of them on the same full disk, take the failure of that for one of the
    process that had written the line, close its pipe, and in the end stop itself with everything.
    """
    emit, handle_error = RotatingFileHandler.emit, Handler.handleError

    def emit_or_drop(self: RotatingFileHandler, record: LogRecord) -> None:
        with suppress(OSError):
            emit(self, record)

    def handle_error_unless_of_disk(self: Handler) -> None:
        if not isinstance(sys.exception(), OSError):
            handle_error(self)

    RotatingFileHandler.emit = emit_or_drop
    Handler.handleError = handle_error_unless_of_disk


if __name__ == "__main__":
    _die_with(int(sys.argv[1]))
    outlive_full_disks()
    main(["--nodaemon", "--configuration", sys.argv[2]])
