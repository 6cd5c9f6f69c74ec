"""Secrets that the gateway makes for itself, once, and keeps in the data folder."""

from __future__ import annotations

import os
import secrets
import tempfile
from pathlib import Path

from core.settings import Settings

COOKIES = "cookies.key"
"""The file of the key that signs the cookies."""

FLOWER = "flower.key"
"""The file of the password that only the gateway and Flower know."""


def kept_secret(folder: Path, name: str) -> str:
    """Give the secret in a file of the data folder, which only this user can read.

    It is made when it is first asked for. All processes get the same, however many ask at once,
    and so do those of the next start.
    """
    file = folder / name
    if not file.exists():
        _make(file)
    return file.read_text(encoding="ascii").strip()


def cookie_key(settings: Settings) -> str:
    """Give the key that signs the cookies: the one of the settings, else one of our own."""
    if settings.secret_key:
        return settings.secret_key.get_secret_value()
    return kept_secret(settings.data_dir, COOKIES)


def flower_password(settings: Settings) -> str:
    """Give what Flower asks for, so that other users of the machine cannot go past the log-in."""
    return kept_secret(settings.data_dir, FLOWER)


def _make(file: Path) -> None:
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Nobody may read half a secret, so it comes under its name whole; mkstemp makes files of 0600.
    descriptor, whole = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as stream:
            stream.write(secrets.token_hex(32))
            stream.flush()
            os.fsync(stream.fileno())
        file.hardlink_to(whole)
    except FileExistsError:
        return  # Another process was faster; its secret is the one.
    finally:
        Path(whole).unlink()
