"""The settings of the environment as people may see them: where each comes from, and no secret."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import get_args

from dotenv import dotenv_values
from pydantic import SecretStr

from core.environment import env_file, variable
from core.settings import Settings, get_settings


class Origin(StrEnum):
    """Where a value comes from."""

    ENVIRONMENT = "environment"
    FILE = "file"
    DEFAULT = "default"


@dataclass(frozen=True)
class Entry:
    """One setting of the environment; `value` is "set" or "not set" where it is a secret."""

    variable: str
    description: str
    value: str
    origin: Origin
    secret: bool


def entries(settings: Settings | None = None) -> list[Entry]:
    """Give every setting, in the order of the code.

    Values are those that this process read when it started; the file only says which of them are
    its own.
    """
    settings = settings or get_settings()
    file = env_file()
    in_file = dotenv_values(file) if file.is_file() else {}
    return [
        Entry(
            variable=variable(field),
            description=info.description or "",
            value=_shown(getattr(settings, field), secret=_is_secret(info.annotation)),
            origin=_origin(variable(field), in_file),
            secret=_is_secret(info.annotation),
        )
        for field, info in Settings.model_fields.items()
    ]


def _is_secret(annotation: object) -> bool:
    return annotation is SecretStr or any(_is_secret(part) for part in get_args(annotation))


def _shown(value: object, *, secret: bool) -> str:
    if secret:
        return "set" if value else "not set"
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)


def _origin(name: str, in_file: Mapping[str, str | None]) -> Origin:
    # An empty one counts as not set (`env_ignore_empty`).
    if any(key.upper() == name and value for key, value in os.environ.items()):
        return Origin.ENVIRONMENT
    in_file_too = any(key.upper() == name and value for key, value in in_file.items())
    return Origin.FILE if in_file_too else Origin.DEFAULT
