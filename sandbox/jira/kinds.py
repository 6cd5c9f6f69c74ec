"""The kinds of field by name, and the schema by which callers tell how to write a value.

Source: https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/
"""

from __future__ import annotations

from sandbox.jira.kind import Kind
from sandbox.jira.linked_kinds import (
    Account,
    Accounts,
    Cascade,
    Choice,
    Choices,
    Components,
    Parent,
    Priority,
    Radio,
    Resolution,
)
from sandbox.jira.model import Field, Json
from sandbox.jira.plain_kinds import (
    Address,
    Day,
    Instant,
    Labels,
    Line,
    Number,
    ReadOnlyLine,
    RichText,
)

_CUSTOM = "com.atlassian.jira.plugin.system.customfieldtypes:"

KINDS: dict[str, Kind] = {
    "line": Line(),
    "url": Address(),
    "read_only": ReadOnlyLine(),
    "rich_text": RichText(),
    "labels": Labels(),
    "number": Number(),
    "date": Day(),
    "datetime": Instant(),
    "user": Account(),
    "users": Accounts(),
    "priority": Priority(),
    "resolution": Resolution(),
    "parent": Parent(),
    "components": Components(),
    "select": Choice(),
    "radio": Radio(),
    "multiselect": Choices(),
    "cascade": Cascade(),
}


def schema_of(field: Field) -> dict[str, Json]:
    """Return the `schema` of a field, by which callers tell how to write a value."""
    kind = KINDS[field.kind]
    schema: dict[str, Json] = {"type": kind.type}
    if kind.items:
        schema["items"] = kind.items
    if not field.custom:
        return schema | {"system": field.id}
    number = int(field.id.removeprefix("customfield_"))
    return schema | {"custom": f"{_CUSTOM}{kind.custom}", "customId": number}
