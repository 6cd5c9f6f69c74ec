"""Where settings come from: the code's folder, the variables' prefix, the file of secrets."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
"""The folder that holds `tasks/`, `migrations/` and `celeryconfig.py`."""

PREFIX = "IGW_"


def env_file() -> Path:
    """Give the file that settings are read from beside the environment."""
    return Path(os.environ.get(f"{PREFIX}ENV_FILE", ROOT / "secrets" / ".env"))


def variable(field: str) -> str:
    """Give the environment variable that sets a field."""
    return f"{PREFIX}{field.upper()}"
