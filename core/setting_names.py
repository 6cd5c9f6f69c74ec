"""What settings are called and where they are read from; stands below `core.settings`."""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
"""The folder that holds `tasks/`, `migrations/` and `celeryconfig.py`."""

PREFIX = "IGW_"


class VendorMode(StrEnum):
    """Whether the vendors are real or the local stand-ins."""

    REAL = "real"
    SANDBOX = "sandbox"


def env_file() -> Path:
    """Give the file that settings are read from beside the environment."""
    return Path(os.environ.get(f"{PREFIX}ENV_FILE", ROOT / "secrets" / ".env"))


def variable(field: str) -> str:
    """Give the environment variable that sets a field."""
    return f"{PREFIX}{field.upper()}"


def is_loopback(host: str) -> bool:
    """Say whether only this machine can be meant by `host`."""
    return host in {"localhost", "::1"} or host.startswith("127.")
