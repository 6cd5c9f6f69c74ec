"""The calls on what an issue can be: projects, issue types, fields, statuses, priorities.

Source: https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/#api-rest-api-3-issue-createmeta-projectidorkey-issuetypes-get
"""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from sandbox.jira.catalogue import (
    CATEGORIES,
    DEFAULT_PRIORITY,
    PRIORITIES,
    RESOLUTIONS,
    STATUSES,
    WORKFLOWS,
)
from sandbox.jira.context import (
    base_url,
    caller,
    integer,
    page,
    page_bean,
    site,
    view,
    visible_project,
    visible_projects,
    words,
)
from sandbox.jira.errors import JiraError, PlainError
from sandbox.jira.issue_view import list_fields
from sandbox.jira.model import Json, Project
from sandbox.jira.schema import create_fields, without_id

_META_LIMIT = 200

meta_api = Blueprint("meta", __name__)


def _meta_page(items: Sequence[Json], name: str) -> dict[str, Json]:
    """Return a page of create metadata: it has no `isLast`, and too large a page is refused."""
    if integer("maxResults", 50) > _META_LIMIT:
        raise JiraError(400, f"Parameter 'maxResults' must not exceed the limit '{_META_LIMIT}'")
    start, size, part = page(items, default=50, limit=_META_LIMIT)
    return {"startAt": start, "maxResults": size, "total": len(items), name: list(part)}


def _create_types(project: Project) -> list[dict[str, Json]]:
    types = (site().types[type_id] for type_id in project.types)
    return [view().issue_type(one) | {"untranslatedName": one.name} for one in types]


@meta_api.get("/issue/createmeta/<project>/issuetypes")
def list_create_types(project: str) -> ResponseReturnValue:
    """Return the issue types that can be created in a project."""
    return _meta_page(_create_types(visible_project(project)), "issueTypes")


@meta_api.get("/issue/createmeta/<project>/issuetypes/<type_id>")
def list_create_fields(project: str, type_id: str) -> ResponseReturnValue:
    """Return the fields of the create screen of an issue type."""
    found = visible_project(project)
    if type_id not in found.types:
        raise PlainError(404)
    return _meta_page(create_fields(found, site().types[type_id], view()), "fields")


@meta_api.get("/issue/createmeta")
def old_create_metadata() -> ResponseReturnValue:
    """Return all create metadata at once.

    The call is deprecated, and real sites still answer it.
    """
    keys, ids = words("projectKeys"), words("projectIds")
    type_ids, type_names = words("issuetypeIds"), words("issuetypeNames")
    with_fields = "projects.issuetypes.fields" in words("expand")
    projects = []
    for project in visible_projects():
        if (keys or ids) and project.key not in keys and project.id not in ids:
            continue
        types = []
        for shown in _create_types(project):
            if (type_ids or type_names) and not (
                shown["id"] in type_ids or shown["name"] in type_names
            ):
                continue
            if with_fields:
                fields = create_fields(project, site().types[shown["id"]], view())
                shown = shown | {  # noqa: PLW2901 - the same type, with its fields.
                    "expand": "fields",
                    "fields": {field["fieldId"]: without_id(field) for field in fields},
                }
            types.append(shown)
        projects.append(
            {
                key: value
                for key, value in view().project(project).items()
                if key in ("self", "id", "key", "name", "avatarUrls")
            }
            | {"expand": "issuetypes", "issuetypes": types}
        )
    return {"expand": "projects", "projects": projects}


def _project_details(project: Project) -> dict[str, Json]:
    shown = view().project(project)
    return shown | {
        "expand": "description,lead,issueTypes,url,projectKeys,permissions,insight",
        "description": project.description,
        "lead": view().user(project.lead),
        "components": [view().component(number) for number in project.components],
        "issueTypes": [view().issue_type(site().types[one]) for one in project.types],
        "assigneeType": "UNASSIGNED",
        "versions": [],
        "roles": {},
        "style": "next-gen" if project.team_managed else "classic",
        "isPrivate": False,
        "properties": {},
    }


@meta_api.get("/project")
def list_projects() -> ResponseReturnValue:
    """Return all projects that the caller may see."""
    return [view().project(project) for project in visible_projects()]


@meta_api.get("/project/search")
def search_projects() -> ResponseReturnValue:
    """Return a page of the projects that the caller may see, found by key, id or name."""
    keys, ids = words("keys"), words("id")
    text = request.args.get("query", "").lower()
    found = [
        project
        for project in visible_projects()
        if (not keys or project.key in keys)
        and (not ids or project.id in ids)
        and (text in project.key.lower() or text in project.name.lower())
    ]
    found.sort(key=lambda project: project.key)
    return page_bean([view().project(project) for project in found])


@meta_api.get("/project/<project>")
def get_project(project: str) -> ResponseReturnValue:
    """Return a project with its issue types."""
    return _project_details(visible_project(project))


@meta_api.get("/project/<project>/components")
def list_components(project: str) -> ResponseReturnValue:
    """Return the parts of a project."""
    return [view().component(number) for number in visible_project(project).components]


@meta_api.get("/project/<project>/statuses")
def list_project_statuses(project: str) -> ResponseReturnValue:
    """Return the issue types of a project, each with the statuses of its workflow."""
    found = visible_project(project)
    statuses = [view().status(one) for one in WORKFLOWS[found.workflow].statuses]
    return [
        {
            "self": view().url(f"issuetype/{type_id}"),
            "id": type_id,
            "name": site().types[type_id].name,
            "subtask": site().types[type_id].subtask,
            "statuses": statuses,
        }
        for type_id in found.types
    ]


@meta_api.get("/issuetype")
def list_issue_types() -> ResponseReturnValue:
    """Return every issue type of the projects that the caller may see."""
    used = {type_id for project in visible_projects() for type_id in project.types}
    return [view().issue_type(one) for one in site().types.values() if one.id in used]


@meta_api.get("/issuetype/project")
def list_issue_types_of_project() -> ResponseReturnValue:
    """Return the issue types of one project."""
    project = visible_project(request.args.get("projectId", ""))
    return [view().issue_type(site().types[type_id]) for type_id in project.types]


@meta_api.get("/field")
def fields() -> ResponseReturnValue:
    """Return every field of the site; an anonymous caller sees Jira's own only."""
    return list_fields(view(), with_custom=caller() is not None)


@meta_api.get("/status")
def list_statuses() -> ResponseReturnValue:
    """Return the statuses of the workflows that the caller may see."""
    if caller() is None:
        return []
    return [view().status(status_id) for status_id in STATUSES]


@meta_api.get("/status/<id_or_name>")
def get_status(id_or_name: str) -> ResponseReturnValue:
    """Return one status."""
    for status in STATUSES.values():
        if caller() and id_or_name in (status.id, status.name):
            return view().status(status.id)
    raise JiraError(404, f"The status with id '{id_or_name}' does not exist")


@meta_api.get("/statuscategory")
def list_categories() -> ResponseReturnValue:
    """Return the four status categories."""
    return [view().category(key) for key in CATEGORIES]


def _priority(number: str) -> dict[str, Json]:
    shown = view().named("priority", number, PRIORITIES[number])
    return shown | {"description": "", "statusColor": "#f15c75"}


@meta_api.get("/priority")
def list_priorities() -> ResponseReturnValue:
    """Return the priorities, the most urgent first."""
    return [_priority(number) for number in PRIORITIES]


@meta_api.get("/priority/search")
def search_priorities() -> ResponseReturnValue:
    """Return a page of the priorities, each with whether it is what new issues get."""
    shown = [_priority(one) | {"isDefault": one == DEFAULT_PRIORITY} for one in PRIORITIES]
    return page_bean(shown)


@meta_api.get("/resolution")
def list_resolutions() -> ResponseReturnValue:
    """Return the resolutions."""
    return [view().named("resolution", number, name) for number, name in RESOLUTIONS.items()]


@meta_api.get("/serverInfo")
def server_info() -> ResponseReturnValue:
    """Return what the site says of itself."""
    return {
        "baseUrl": base_url(),
        "displayUrl": base_url(),
        "version": "1001.0.0-SNAPSHOT",
        "versionNumbers": [1001, 0, 0],
        "deploymentType": "Cloud",
        "buildNumber": 100290,
        "buildDate": "2026-11-02T10:12:00.000+0000",
        "serverTime": view().instant(site().now()),
        "scmInfo": "sandbox",
        "serverTitle": "Jira",
        "serverTimeZone": site().settings.time_zone,
    }
