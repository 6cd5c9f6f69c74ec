"""Who sits at the terminal, and whether anybody does."""

from __future__ import annotations

import getpass
import sys


def author() -> str:
    """Give the person who runs the command, as the audit names them."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        # A container's user often has no entry in the system's list.
        name = "somebody"
    return f"{name} at the command line"


def at_terminal() -> bool:
    """Say whether there is somebody who can be asked."""
    return sys.stdin.isatty() and sys.stdout.isatty()
