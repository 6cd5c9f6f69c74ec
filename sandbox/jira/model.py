"""The records of the stand-in, as plain data.

People and issues are frozen: a change makes a new one, so the search index and a webhook under way
can keep the old one without a copy. Projects and fields change in place; nobody keeps those.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import available_timezones

# Whatever JSON can hold. The stored form of a field is such a value too.
Json = Any


def account_id_of(email: str) -> str:
    """Return the account id of an address: always the same, so tests and restarts agree.

    Newer accounts have a colon in their id, which must be escaped in URLs.
    """
    return f"712020:{uuid.uuid5(uuid.NAMESPACE_URL, f'mailto:{email.lower()}')}"


@dataclass(frozen=True)
class User:
    """One account; `account_type` is `atlassian` for people and `app` for installed apps."""

    account_id: str
    email: str
    name: str
    active: bool = True
    email_visible: bool = True
    account_type: str = "atlassian"
    time_zone: str = "Europe/Kyiv"


@dataclass(frozen=True)
class Status:
    """A status and the key of its category: `new`, `indeterminate` or `done`."""

    id: str
    name: str
    category: str
    project_id: str | None = None


@dataclass(frozen=True)
class Transition:
    """A way from some statuses (`None`: from all) to one status.

    `screen` names the fields that the transition asks for, each with whether it is required.
    """

    id: str
    name: str
    to: str
    sources: tuple[str, ...] | None = None
    screen: dict[str, bool] = field(default_factory=dict)


@dataclass(frozen=True)
class Workflow:
    """The statuses of a project in order, the first being where an issue begins, and the ways."""

    statuses: tuple[str, ...]
    transitions: tuple[Transition, ...]


@dataclass
class Option:
    """One choice of a select field; a disabled one stays on issues but can no longer be chosen."""

    id: str
    value: str
    disabled: bool = False
    children: list[Option] = field(default_factory=list)


@dataclass
class Field:
    """A field of the site. `kind` is a key of `sandbox.jira.kinds.KINDS`."""

    id: str
    name: str
    kind: str
    options: list[Option] = field(default_factory=list)

    @property
    def custom(self) -> bool:
        """Say whether an administrator made the field, as opposed to Jira itself."""
        return self.id.startswith("customfield_")


@dataclass(frozen=True)
class FieldRule:
    """How one issue type of one project uses a field.

    A field can be required and yet be missing from the screen; then nobody can create an issue,
    and the create metadata does not say why.
    """

    required: bool = False
    on_screen: bool = True
    veto: str = ""
    """What a validator of the workflow says to whoever sets the field; no metadata shows it."""


@dataclass
class IssueType:
    """An issue type; `project_id` is set for the types that a team-managed project owns."""

    id: str
    name: str
    description: str
    subtask: bool = False
    project_id: str | None = None


@dataclass
class Project:
    """A project with its issue types, and for each of them the fields by id, in screen order."""

    id: str
    key: str
    name: str
    description: str
    lead: str
    workflow: str
    types: dict[str, dict[str, FieldRule]]
    removed_types: dict[str, dict[str, FieldRule]] = field(default_factory=dict)
    components: dict[str, str] = field(default_factory=dict)
    team_managed: bool = False
    archived: bool = False


@dataclass(frozen=True)
class Comment:
    """A comment; `body` is a document, instants are milliseconds since 1970."""

    id: str
    author: str
    body: dict[str, Json]
    created: int
    updated: int
    update_author: str
    visibility: dict[str, Json] | None = None


@dataclass(frozen=True)
class Change:
    """One entry of an issue's history; `items` are in the shape in which Jira shows them."""

    id: str
    author: str
    created: int
    items: tuple[dict[str, Json], ...]


@dataclass(frozen=True)
class RemoteLink:
    """A link from an issue to a page elsewhere; `global_id` makes repeating it an update."""

    id: int
    global_id: str | None
    body: dict[str, Json]


@dataclass(frozen=True)
class Issue:
    """One issue.

    `fields` holds the stored form of each field that is set (see `sandbox.jira.kinds`); a field
    that is not set has no entry. Instants are milliseconds since 1970.
    """

    id: str
    key: str
    project_id: str
    type_id: str
    status_id: str
    creator: str
    created: int
    updated: int
    status_since: int
    fields: dict[str, Json]
    resolved: int | None = None
    old_keys: tuple[str, ...] = ()
    properties: dict[str, Json] = field(default_factory=dict)
    comments: tuple[Comment, ...] = ()
    history: tuple[Change, ...] = ()
    remote_links: tuple[RemoteLink, ...] = ()

    @property
    def number(self) -> int:
        """Return the part of the key behind the dash."""
        return int(self.key.rpartition("-")[2])


@dataclass
class Webhook:
    """A registered webhook; `jql` limits the issues it is told about."""

    id: int
    name: str
    url: str
    events: list[str]
    description: str = ""
    jql: str = ""
    exclude_body: bool = False
    secret: str | None = None
    enabled: bool = True
    updated: int = 0


@dataclass
class Settings:
    """What the control API can change about the whole site. Times are seconds.

    `hidden_mail_is_searchable` decides what Atlassian's documentation leaves open: whether a search
    for the address of somebody who hides it finds the person.
    """

    index_lag_seconds: float = 2.0
    hidden_mail_is_searchable: bool = False
    time_zone: str = "Europe/Kyiv"

    def __post_init__(self) -> None:
        if self.index_lag_seconds < 0:
            raise ValueError("index_lag_seconds cannot be negative")
        if self.time_zone not in available_timezones():
            raise ValueError(f"there is no time zone '{self.time_zone}'")
