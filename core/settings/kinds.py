"""Kinds of values that several settings have."""

from __future__ import annotations

from typing import Annotated, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr
from pydantic_settings import NoDecode

Item = TypeVar("Item")

SHORTEST_KEY = 32
"""Characters: as hexadecimal digits, that is 128 bits."""


def _split(value: object) -> object:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


def _long(key: SecretStr) -> SecretStr:
    if len(key.get_secret_value()) < SHORTEST_KEY:
        message = f"must have {SHORTEST_KEY} characters at least, such as `openssl rand -hex 32`"
        raise ValueError(message)
    return key


Port = Annotated[int, Field(ge=1, le=65535)]

Key = Annotated[SecretStr, AfterValidator(_long)]
"""A secret that somebody made up for us, and that must not be guessed."""

Listed = Annotated[tuple[Item, ...], NoDecode, BeforeValidator(_split)]
"""Several values of a kind, written with commas between them."""
