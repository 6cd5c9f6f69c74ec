"""What one of Jira's webhook deliveries says. The worker reads the issue again before it acts.

Deliveries come at least once, in any order; their bodies have the shape of REST API v2.
Source: https://developer.atlassian.com/cloud/jira/platform/webhooks/
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from core.errors import PayloadError

ISSUE_CREATED = "jira:issue_created"
ISSUE_UPDATED = "jira:issue_updated"
ISSUE_DELETED = "jira:issue_deleted"

KEY_LENGTH = 100
"""Characters that the ledger's column holds; Jira's project keys have ten by default."""


@dataclass(frozen=True)
class Change:
    """One line of an issue's changelog.

    `field` is the field's id where the delivery has it, else its display name. `new` is an id where
    the field has ids, and `new_text` what people see.
    """

    field: str
    old: str | None
    new: str | None
    old_text: str | None
    new_text: str | None


@dataclass(frozen=True)
class IssueEvent:
    """One delivery. `issue_id` and `issue_key` are "" for events that are about no issue.

    `actor_id` is the account that caused it; some events name none. `changes` is empty where the
    delivery carries no changelog, which proves nothing: an update may come without one. `labels`
    are those of the issue when the event happened.
    """

    event: str
    issue_id: str
    issue_key: str
    actor_id: str | None
    changes: tuple[Change, ...]
    labels: tuple[str, ...] = ()

    @property
    def status_changed(self) -> bool:
        """Say whether the changelog shows a move to another status."""
        return any(change.field == "status" for change in self.changes)

    @property
    def moved(self) -> bool:
        """Say whether the changelog shows a move to another project, which changes the key."""
        return any(change.field.casefold() in {"project", "key"} for change in self.changes)

    @classmethod
    def from_payload(cls, payload: object) -> IssueEvent:
        """Read a delivery.

        Raises `PayloadError` without a name of the event or an issue's id, and for a key that could
        not be written down.
        """
        if not isinstance(payload, Mapping):
            raise PayloadError("a webhook of Jira is not an object")
        event = payload.get("webhookEvent")
        if not isinstance(event, str) or not event:
            raise PayloadError("a webhook of Jira has no webhookEvent")
        issue = _mapping(payload.get("issue"))
        issue_id = _identifier(issue.get("id"))
        if not issue_id and event.startswith("jira:issue_"):
            raise PayloadError(f"a webhook of Jira, {event}, has no issue.id")
        changelog = _mapping(payload.get("changelog"))
        items = changelog.get("items")
        labels = _mapping(issue.get("fields")).get("labels")
        return cls(
            event=event,
            issue_id=issue_id,
            issue_key=_key(issue.get("key")),
            actor_id=_actor(payload),
            changes=tuple(
                _change(item)
                for item in (items if isinstance(items, list) else [])
                if isinstance(item, Mapping)
            ),
            labels=tuple(
                label
                for label in (labels if isinstance(labels, list) else [])
                if isinstance(label, str)
            ),
        )


def _actor(payload: Mapping[str, object]) -> str | None:
    """Find who did it: comment events have no `user`, only the comment's authors."""
    comment = _mapping(payload.get("comment"))
    for person in (payload.get("user"), comment.get("updateAuthor"), comment.get("author")):
        account_id = _text(_mapping(person).get("accountId"))
        if account_id:
            return account_id
    return None


def _change(item: Mapping[str, object]) -> Change:
    return Change(
        field=_text(item.get("fieldId")) or _text(item.get("field")) or "",
        old=_text(item.get("from")),
        new=_text(item.get("to")),
        old_text=_text(item.get("fromString")),
        new_text=_text(item.get("toString")),
    )


def _identifier(value: object) -> str:
    """Give an id as text: strings by the documentation, a number where a sample has one."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return _text(value) or ""


def _key(value: object) -> str:
    """Give a key as text that every database and log keeps, which Jira's own always are."""
    key = _text(value) or ""
    if len(key) > KEY_LENGTH or not key.isprintable():
        raise PayloadError(f"an issue's key is not plain text of {KEY_LENGTH} characters")
    return key


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
