"""Kinds of values that several settings have."""

from __future__ import annotations

from typing import Annotated, TypeVar

from pydantic import BeforeValidator, Field
from pydantic_settings import NoDecode

Item = TypeVar("Item")


def _split(value: object) -> object:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


Port = Annotated[int, Field(ge=1, le=65535)]

Listed = Annotated[tuple[Item, ...], NoDecode, BeforeValidator(_split)]
"""Several values of a kind, written with commas between them."""
