"""The refusals of the stand-in, each in the shape in which Jira words it.

Source: https://developer.atlassian.com/cloud/jira/platform/rest/v3/intro/#status-codes
"""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.jira.model import Json


class JiraError(Exception):
    """A refusal in Jira's common error format: general messages, and messages by field id."""

    def __init__(
        self, status: int, *messages: str, fields: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(status, *messages)
        self.status, self.messages, self.fields = status, list(messages), dict(fields or {})

    def body(self) -> dict[str, Json]:
        """Return the JSON body of the answer."""
        return {"errorMessages": self.messages, "errors": self.fields}


class BrokenJsonError(JiraError):
    """A body that is not JSON; unlike the others this answer has no `errors`."""

    def __init__(self) -> None:
        super().__init__(
            400, "There was an error parsing JSON. Check that your request body is valid."
        )

    def body(self) -> dict[str, Json]:
        """Return the JSON body of the answer."""
        return {"errorMessages": self.messages}


class ProblemError(Exception):
    """A refusal by the web framework in front of Jira, in `application/problem+json`."""

    def __init__(self, status: int, title: str, detail: str) -> None:
        super().__init__(status, title, detail)
        self.status, self.title, self.detail = status, title, detail


class PlainError(Exception):
    """A refusal with a body that is not JSON: a line of text, or nothing at all."""

    def __init__(
        self, status: int, text: str = "", headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(status, text)
        self.status, self.text, self.headers = status, text, dict(headers or {})


class FieldValueError(Exception):
    """A value that a field does not take; the message is what Jira says under the field's id."""


def no_such_issue() -> JiraError:
    """Return the answer for an issue that is not there, or not for the caller."""
    return JiraError(404, "Issue does not exist or you do not have permission to see it.")


def no_such_project(key: str) -> JiraError:
    """Return the answer for a project that is not there, or not for the caller."""
    return JiraError(404, f"No project could be found with key '{key}'.")


def invalid_payload() -> JiraError:
    """Return the answer for JSON of the wrong form."""
    return JiraError(
        400, "Invalid request payload. Refer to the REST API documentation and try again."
    )


def not_on_screen(field_id: str) -> str:
    """Return what Jira says of a field that cannot be set here."""
    return f"Field '{field_id}' cannot be set. It is not on the appropriate screen, or unknown."
