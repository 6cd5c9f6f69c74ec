"""What is logged, in which form, and where the log is shipped to."""

from __future__ import annotations

from typing import Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, Field, SecretStr, field_validator


class Logging(BaseModel):
    """The log of each process, and Seq."""

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="Lowest level that is logged."
    )
    log_format: Literal["json", "text"] = Field(
        default="json", description="json for machines, text for a terminal."
    )
    seq_url: str = Field(
        default="",
        description="Seq server that the log is shipped to, such as http://seq:5341. Empty: none.",
    )
    seq_api_key: SecretStr | None = Field(
        default=None, description="API key of Seq, with the permission Ingest; empty: none."
    )
    seq_buffer_mb: int = Field(
        default=16,
        ge=1,
        le=1024,
        description="Megabytes of log that each process keeps for Seq while Seq takes nothing; "
        "then the oldest lines are left out.",
    )

    @field_validator("seq_url")
    @classmethod
    def _plain_seq_url(cls, value: str) -> str:
        parts = urlsplit(value)
        plain = parts.hostname and not (parts.username or parts.query or parts.fragment)
        if value and (parts.scheme not in {"http", "https"} or not plain):
            message = "is not a server's URL; write it as http://seq:5341, the key goes elsewhere"
            raise ValueError(message)
        return value.rstrip("/")
