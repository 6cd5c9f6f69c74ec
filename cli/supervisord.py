"""Run supervisord so that it stops in order when the process that started it is gone.

`igw up` may be killed without a chance to say so to anybody. Linux then sends supervisord the
signal that a person would have sent, and the stack stops as it always does instead of living on.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

from supervisor.supervisord import main

_PR_SET_PDEATHSIG = 1
"""See prctl(2); the request survives until this process executes another program."""


def _die_with(parent: int) -> None:
    if not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        sys.exit("The process that asked for supervisord ended before it had started.")


if __name__ == "__main__":
    _die_with(int(sys.argv[1]))
    main(["--nodaemon", "--configuration", sys.argv[2]])
