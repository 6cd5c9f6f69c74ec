"""Show an issue: which fields there are, which of them were asked for, and the parts beside them.

Source: https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from sandbox.jira.kinds import KINDS, schema_of
from sandbox.jira.model import Field, Issue, Json
from sandbox.jira.schema import edit_fields
from sandbox.jira.view import View

EXPAND = "operations,versionedRepresentations,editmeta,changelog,renderedFields"

Show = Callable[[View, Issue], Json]


@dataclass(frozen=True)
class SystemField:
    """A field that no screen writes: Jira keeps it itself, or the stand-in leaves it empty."""

    name: str
    type: str
    show: Show
    items: str | None = None
    navigable: bool = True

    def schema(self, field_id: str) -> dict[str, Json]:
        """Return the `schema` of the field."""
        items = {"items": self.items} if self.items else {}
        return {"type": self.type, **items, "system": field_id}


def _nothing(_view: View, _issue: Issue) -> Json:
    return None


def _no_items(_view: View, _issue: Issue) -> Json:
    return []


def _progress(_view: View, _issue: Issue) -> Json:
    return {"progress": 0, "total": 0}


def _worklog(_view: View, _issue: Issue) -> Json:
    return {"startAt": 0, "maxResults": 20, "total": 0, "worklogs": []}


def _votes(view: View, issue: Issue) -> Json:
    return {"self": view.url(f"issue/{issue.key}/votes"), "votes": 0, "hasVoted": False}


def _watches(view: View, issue: Issue) -> Json:
    return {"self": view.url(f"issue/{issue.key}/watchers"), "watchCount": 1, "isWatching": False}


def _subtasks(view: View, issue: Issue) -> Json:
    return [view.issue_link(one.id) for one in view.site.subtasks(issue)]


def _type(view: View, issue: Issue) -> Json:
    return view.issue_type(view.site.types[issue.type_id])


SYSTEM_FIELDS: dict[str, SystemField] = {
    "statuscategorychangedate": SystemField(
        "Status Category Changed",
        "datetime",
        lambda view, issue: view.instant(issue.status_since),
    ),
    "issuetype": SystemField("Issue Type", "issuetype", _type),
    "project": SystemField(
        "Project", "project", lambda view, issue: view.project(view.site.projects[issue.project_id])
    ),
    "status": SystemField("Status", "status", lambda view, issue: view.status(issue.status_id)),
    "resolutiondate": SystemField(
        "Resolved", "datetime", lambda view, issue: view.instant(issue.resolved)
    ),
    "created": SystemField("Created", "datetime", lambda view, issue: view.instant(issue.created)),
    "updated": SystemField("Updated", "datetime", lambda view, issue: view.instant(issue.updated)),
    "creator": SystemField("Creator", "user", lambda view, issue: view.user(issue.creator)),
    "subtasks": SystemField("Sub-tasks", "array", _subtasks, "issuelinks"),
    "issuelinks": SystemField("Linked Issues", "array", _no_items, "issuelinks"),
    "fixVersions": SystemField("Fix versions", "array", _no_items, "version"),
    "versions": SystemField("Affects versions", "array", _no_items, "version"),
    "attachment": SystemField("Attachment", "array", _no_items, "attachment", navigable=False),
    "workratio": SystemField("Work Ratio", "number", lambda _view, _issue: -1),
    "lastViewed": SystemField("Last Viewed", "datetime", _nothing),
    "security": SystemField("Security Level", "securitylevel", _nothing),
    "timespent": SystemField("Time Spent", "number", _nothing),
    "timeestimate": SystemField("Remaining Estimate", "number", _nothing),
    "timeoriginalestimate": SystemField("Original estimate", "number", _nothing),
    "aggregatetimespent": SystemField("Σ Time Spent", "number", _nothing),
    "aggregatetimeestimate": SystemField("Σ Remaining Estimate", "number", _nothing),
    "progress": SystemField("Progress", "progress", _progress),
    "aggregateprogress": SystemField("Σ Progress", "progress", _progress),
    "votes": SystemField("Votes", "votes", _votes),
    "watches": SystemField("Watchers", "watches", _watches),
    "comment": SystemField(
        "Comment",
        "comments-page",
        lambda view, issue: view.comments(issue),
        navigable=False,
    ),
    "worklog": SystemField("Log Work", "array", _worklog, "worklog", navigable=False),
}
# Jira leaves these out of an issue that has none, where other fields are null.
_ABSENT_WHEN_UNSET = frozenset({"parent"})


def chosen_fields(view: View, issue: Issue, wanted: Iterable[str]) -> dict[str, Json]:
    """Return the fields asked for: ids, `*all`, `*navigable`, and `-id` to leave one out.

    Nothing but exclusions means all of the rest. Unknown names are passed over, as Jira does.
    """
    names = [name for name in wanted if name]
    included = [name for name in names if not name.startswith("-")]
    excluded = {name[1:] for name in names if name.startswith("-")}
    known = _known_fields(view, issue)
    if "*all" in included or not included:
        chosen: Iterable[str] = known
    elif "*navigable" in included:
        chosen = [name for name in known if name in included or _navigable(name)]
    else:
        chosen = [name for name in known if name in included]
    shown = {}
    for name in chosen:
        if name in excluded or (name in _ABSENT_WHEN_UNSET and name not in issue.fields):
            continue
        shown[name] = show_field(view, issue, name)
    return shown


def _navigable(name: str) -> bool:
    return name not in SYSTEM_FIELDS or SYSTEM_FIELDS[name].navigable


def _known_fields(view: View, issue: Issue) -> list[str]:
    """Return the ids of the fields that an issue of this project can show."""
    in_project = set(issue.fields)
    for rules in view.site.projects[issue.project_id].types.values():
        in_project |= rules.keys()
    fields = view.site.fields.values()
    writable = (field.id for field in fields if not field.custom or field.id in in_project)
    return [*SYSTEM_FIELDS, *writable]


def show_field(view: View, issue: Issue, field_id: str) -> Json:
    """Return one field of an issue; a field that is not set is null or an empty list."""
    if field_id in SYSTEM_FIELDS:
        return SYSTEM_FIELDS[field_id].show(view, issue)
    field = view.site.fields[field_id]
    kind = KINDS[field.kind]
    stored = issue.fields.get(field_id)
    return kind.empty() if stored is None else kind.show(stored, field, view)


def show_issue(
    view: View,
    issue: Issue,
    fields: Sequence[str],
    *,
    properties: Sequence[str] = (),
    expand: Sequence[str] = (),
) -> dict[str, Json]:
    """Return an issue with the fields, properties and expansions that were asked for."""
    shown: dict[str, Json] = {
        "expand": EXPAND,
        "id": issue.id,
        "self": view.url(f"issue/{issue.id}"),
        "key": issue.key,
    }
    if properties:
        wanted = issue.properties if "*all" in properties else properties
        shown["properties"] = {
            key: issue.properties[key] for key in wanted if key in issue.properties
        }
    shown["fields"] = chosen_fields(view, issue, fields)
    if "changelog" in expand:
        shown["changelog"] = {
            "startAt": 0,
            "maxResults": len(issue.history),
            "total": len(issue.history),
            "histories": [view.change(change) for change in reversed(issue.history)],
        }
    if "editmeta" in expand:
        shown["editmeta"] = {"fields": edit_fields(issue, view)}
    if "names" in expand:
        shown["names"] = {name: field_name(view, name) for name in shown["fields"]}
    if "schema" in expand:
        shown["schema"] = {name: field_schema(view, name) for name in shown["fields"]}
    return shown


def field_name(view: View, field_id: str) -> str:
    """Return what people call a field."""
    system = SYSTEM_FIELDS.get(field_id)
    return system.name if system else view.site.fields[field_id].name


def field_schema(view: View, field_id: str) -> dict[str, Json]:
    """Return the `schema` of any field of the site."""
    system = SYSTEM_FIELDS.get(field_id)
    return system.schema(field_id) if system else schema_of(view.site.fields[field_id])


def list_fields(view: View, *, with_custom: bool) -> list[dict[str, Json]]:
    """Return every field of the site, as the field list shows them."""
    shown = [
        _list_entry(field_id, field.name, field.schema(field_id), navigable=field.navigable)
        for field_id, field in SYSTEM_FIELDS.items()
    ]
    for field in view.site.fields.values():
        if with_custom or not field.custom:
            entry = _list_entry(field.id, field.name, schema_of(field))
            shown.append(entry | _custom_clauses(field))
    return shown


def _list_entry(
    field_id: str, name: str, schema: dict[str, Json], *, navigable: bool = True
) -> dict[str, Json]:
    return {
        "id": field_id,
        "key": field_id,
        "name": name,
        "custom": False,
        "orderable": field_id not in SYSTEM_FIELDS,
        "navigable": navigable,
        "searchable": True,
        "clauseNames": [field_id],
        "schema": schema,
    }


def _custom_clauses(field: Field) -> dict[str, Json]:
    if not field.custom:
        return {}
    number = field.id.removeprefix("customfield_")
    return {
        "custom": True,
        "untranslatedName": field.name,
        "clauseNames": [f"cf[{number}]", field.name],
    }
