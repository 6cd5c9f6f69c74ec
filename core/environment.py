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


def secrets_dir() -> Path | None:
    """Give the folder with a file for each secret, as container engines mount them; None: no such.

    A file has the name of a variable, in small letters as well, and holds its value. The
    environment and the file of secrets win over it.
    """
    folder = Path(os.environ.get(f"{PREFIX}SECRETS_DIR", "/run/secrets"))
    return folder if folder.is_dir() else None


def variable(field: str) -> str:
    """Give the environment variable that sets a field."""
    return f"{PREFIX}{field.upper()}"
