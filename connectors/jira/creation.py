"""Make issues, one or fifty at a time, and say what became of each."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from redis.exceptions import RedisError

from connectors import answers
from connectors.jira.client import MAX_BULK, JiraClient
from connectors.jira.models import LABEL, PROPERTY, mapping, text
from connectors.jira.session import VENDOR
from core.errors import VendorAmbiguousError, VendorError, VendorRejectedError


@dataclass(frozen=True)
class IssueDraft:
    """An issue to make for a task. `metadata` joins the task's id in our property."""

    task_id: str
    fields: Mapping[str, Any]
    metadata: Mapping[str, Any]


@dataclass(frozen=True)
class Created:
    """The issue exists."""

    id: str
    key: str


@dataclass(frozen=True)
class Refused:
    """Jira refused this issue, in its own words; `field_errors` are by field id."""

    detail: str
    field_errors: Mapping[str, str]


CreateOutcome = Created | Refused


def create(client: JiraClient, drafts: Sequence[IssueDraft]) -> list[CreateOutcome]:
    """Make issues and give one outcome per draft, in order.

    Raises `VendorAmbiguousError` when any of them may exist without our knowing it: then look for
    all of them before asking again. Any other `VendorError` means that none was made.
    """
    outcomes: list[CreateOutcome] = []
    for start in range(0, len(drafts), MAX_BULK):
        with _never_half_done(outcomes):
            outcomes += _create_chunk(client, drafts[start : start + MAX_BULK])
    return outcomes


@contextmanager
def _never_half_done(outcomes: Sequence[CreateOutcome]) -> Generator[None]:
    """Turn an error that says "nothing was made" into the truth when something was.

    Also Redis' errors: the rate limit may be lost between two calls.
    """
    try:
        yield
    except VendorAmbiguousError:
        raise
    except (VendorError, RedisError) as error:
        if not any(isinstance(outcome, Created) for outcome in outcomes):
            raise
        raise _ambiguous("create_issues", f"stopped half-way: {error}") from error


def _create_chunk(client: JiraClient, drafts: Sequence[IssueDraft]) -> list[CreateOutcome]:
    if len(drafts) == 1:
        return [_create_one(client, drafts[0])]
    try:
        payload = client.create_issues([_body(draft) for draft in drafts])
    except VendorRejectedError:
        # The refusal names no issue. One by one, Jira says which of them it means.
        return _create_singly(client, drafts)
    return _read_bulk(payload, len(drafts))


def _create_singly(client: JiraClient, drafts: Sequence[IssueDraft]) -> list[CreateOutcome]:
    outcomes: list[CreateOutcome] = []
    for draft in drafts:
        with _never_half_done(outcomes):
            outcomes.append(_create_one(client, draft))
    return outcomes


def _create_one(client: JiraClient, draft: IssueDraft) -> CreateOutcome:
    try:
        return _created(client.create_issue(_body(draft)), "create_issue")
    except VendorRejectedError as error:
        return Refused(error.detail, error.field_errors)


def _read_bulk(payload: object, count: int) -> list[CreateOutcome]:
    """Put the answer in the order of the request: failures carry their index, successes do not."""
    answer = mapping(payload)
    outcomes: list[CreateOutcome | None] = [None] * count
    for failure in answer.get("errors") or ():
        index = mapping(failure).get("failedElementNumber")
        if not isinstance(index, int) or not 0 <= index < count:
            raise _ambiguous("create_issues", "the answer refuses an issue that was not sent")
        elements = mapping(failure).get("elementErrors")
        said = answers.refusal(VENDOR, "create_issues", 400, elements)
        outcomes[index] = Refused(said.detail, said.field_errors)
    made = answer.get("issues") or []
    places = [index for index, outcome in enumerate(outcomes) if outcome is None]
    if not isinstance(made, list) or len(made) != len(places):
        raise _ambiguous("create_issues", "the answer accounts for another number of issues")
    for index, issue in zip(places, made, strict=True):
        outcomes[index] = _created(issue, "create_issues")
    return [outcome for outcome in outcomes if outcome is not None]


def _created(payload: object, operation: str) -> Created:
    issue_id, key = text(mapping(payload).get("id")), text(mapping(payload).get("key"))
    if not issue_id or not key:
        raise _ambiguous(operation, "the answer names no issue")
    return Created(issue_id, key)


def _body(draft: IssueDraft) -> dict[str, Any]:
    """Build the request; label and property are part of the create, so no issue lacks them."""
    labels = draft.fields.get("labels") or []
    return {
        "fields": {**draft.fields, "labels": list(dict.fromkeys([*labels, LABEL]))},
        "properties": [{"key": PROPERTY, "value": {**draft.metadata, "task_id": draft.task_id}}],
    }


def _ambiguous(operation: str, detail: str) -> VendorAmbiguousError:
    return VendorAmbiguousError(VENDOR, operation, None, detail)
