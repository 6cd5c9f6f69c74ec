"""What all declarations in a `domain.toml` share."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class Declaration(BaseModel):
    """A table of a `domain.toml`; a key that nobody knows is a mistake, not a remark."""

    model_config = ConfigDict(extra="forbid", frozen=True)
