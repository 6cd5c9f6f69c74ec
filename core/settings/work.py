"""The work itself: how much of it at a time, how often, and what of it."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, Field


class Workers(BaseModel):
    """The processes that do the work."""

    worker_concurrency: int = Field(
        default=2, ge=1, le=64, description="Processes that each domain's worker runs at a time."
    )


class Flow(BaseModel):
    """What is polled when, and where new issues go; an admin may change some of it later."""

    default_project: str = Field(
        default="",
        description="Jira project key for the default rule, made at the first start. Empty with "
        "real vendors: tasks stay unrouted until a rule is made. In the sandbox: HR.",
    )
    default_issue_type: str = Field(
        default="Task", description="Issue type (name or id) for the default rule."
    )
    sync_tasks_from: date | None = Field(
        default=None,
        description="Tasks created before this day (YYYY-MM-DD) are left alone. Empty: none are.",
    )
    poll_interval_seconds: int = Field(
        default=60,
        ge=5,
        le=86_400,
        description="Seconds between polls until an admin sets another interval.",
    )
    nightly_at: str = Field(
        default="02:30",
        pattern=r"^([01]\d|2[0-3]):[0-5]\d$",
        description="Time of the nightly work, UTC, HH:MM.",
    )
