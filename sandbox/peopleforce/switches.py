"""The questions that PeopleForce's documentation leaves open, each with its possible answers."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Switches(BaseModel):
    """How the stand-in behaves where the vendor's behaviour is not known.

    The defaults are what third-party clients have seen, or else the plainest choice. A client is
    right when it works under every setting.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    put_answer: Literal["data", "empty", "bare"] = Field(
        "data", description="complete and incomplete answer {data: task}, nothing, or the task"
    )
    repeat_put: Literal["ok", "unprocessable"] = Field(
        "ok", description="completing a completed task, reopening an open one: 200 or 422"
    )
    post_status: Literal[200, 201] = Field(200, description="a created task answers 200 or 201")
    not_found_body: Literal["message", "rails", "html", "empty"] = "message"
    unprocessable_body: Literal["list", "message", "fields"] = Field(
        "list", description="{success, errors: [{message}]}, {message} or {errors: {field: []}}"
    )
    rate_limited_body: Literal["message", "html", "empty"] = "message"
    retry_after: Literal["seconds", "date", "none"] = "seconds"
    rate_limit: int | None = Field(
        300, gt=0, description="calls per minute and key; null: no limit"
    )
    updated_at: Literal["bumped", "fixed", "missing"] = Field(
        "bumped", description="a task's updated_at moves with each change, never moves, is absent"
    )
    pagination: Literal["nested", "flat"] = Field(
        "nested", description="metadata.pagination.page or metadata.page"
    )
    empty_list: Literal["array", "null"] = Field("array", description="data: [] or data: null")
    empty_pages: Literal[0, 1] = Field(1, description="pages of an empty list")
    unset_person: Literal["absent", "null"] = Field(
        "absent", description="a task without assigned_to, associated_to or created_by"
    )
    encoded_brackets: Literal["accepted", "ignored"] = Field(
        "accepted", description="ids%5B%5D=1 means ids[]=1, or is an unknown parameter"
    )
    employee_tasks: Literal["open", "all"] = Field(
        "open", description="whether an employee's tasks include the completed ones"
    )
