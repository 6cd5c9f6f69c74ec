"""Move issues along their workflow, by the ways that it has.

Source: https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/#api-rest-api-3-issue-issueidorkey-transitions-post
"""

from __future__ import annotations

from collections import deque

from sandbox.jira.act import Act
from sandbox.jira.catalogue import DEFAULT_RESOLUTION, STATUSES, WORKFLOWS
from sandbox.jira.editing import add_comments, apply_to_screen, check_payload, commit
from sandbox.jira.errors import JiraError
from sandbox.jira.model import Issue, Json, Transition, Workflow
from sandbox.jira.schema import field_metadata, without_id
from sandbox.jira.site import JiraSite
from sandbox.jira.view import View


def available(site: JiraSite, issue: Issue) -> list[Transition]:
    """Return the transitions that lead on from the issue's status."""
    return _ways(_workflow(site, issue), issue.status_id)


def _workflow(site: JiraSite, issue: Issue) -> Workflow:
    return WORKFLOWS[site.projects[issue.project_id].workflow]


def _ways(workflow: Workflow, status_id: str) -> list[Transition]:
    return [way for way in workflow.transitions if way.sources is None or status_id in way.sources]


def show_transition(
    view: View, issue: Issue, way: Transition, *, with_fields: bool
) -> dict[str, Json]:
    """Return a transition, with the fields of its screen if asked."""
    shown: dict[str, Json] = {
        "id": way.id,
        "name": way.name,
        "to": view.status(way.to),
        "hasScreen": bool(way.screen),
        "isGlobal": way.sources is None,
        "isInitial": False,
        "isAvailable": True,
        "isConditional": False,
        "isLooped": False,
    }
    if with_fields:
        project = view.site.projects[issue.project_id]
        shown["fields"] = {
            field_id: without_id(
                field_metadata(view.site.fields[field_id], project, view, required=required)
            )
            for field_id, required in way.screen.items()
        }
    return shown


def perform(act: Act, issue: Issue, payload: Json) -> Issue:
    """Make the transition that a body names, with the fields and comments it brings."""
    payload = check_payload(payload)
    named = payload.get("transition")
    wanted = named.get("id") if isinstance(named, dict) else None
    if not wanted:
        raise JiraError(400, "Missing 'transition' identifier")
    for way in available(act.site, issue):
        if way.id == str(wanted):
            return _go(act, issue, way, payload)
    raise JiraError(400, f"Transition id '{wanted}' is not valid for this issue.")


def _go(act: Act, issue: Issue, way: Transition, payload: dict[str, Json]) -> Issue:
    values, operations = apply_to_screen(act, issue, way.screen, payload)
    if STATUSES[way.to].category == "done":
        values.setdefault("resolution", DEFAULT_RESOLUTION)
    else:
        values.pop("resolution", None)
    moved = commit(act, issue, values, status_id=way.to)
    return add_comments(act, moved, operations)


def walk(act: Act, issue: Issue, target: str) -> Issue:
    """Bring an issue to a status, named by id, name or category, as a person would click it there.

    The shortest way is taken, and every transition on it is a change of its own with its own
    event. Raises `JiraError` 400 when there is no way.
    """
    path = _path(act.site, issue, target.casefold())
    if path is None:
        raise JiraError(400, f"No way leads from here to '{target}'.")
    for way in path:
        fields = {"resolution": {"id": DEFAULT_RESOLUTION}} if "resolution" in way.screen else {}
        issue = _go(act, issue, way, {"fields": fields})
    return issue


def _path(site: JiraSite, issue: Issue, target: str) -> list[Transition] | None:
    workflow = _workflow(site, issue)
    waiting = deque([(issue.status_id, [])])
    seen = {issue.status_id}
    while waiting:
        status_id, path = waiting.popleft()
        status = STATUSES[status_id]
        if target in (status.id, status.name.casefold(), status.category):
            return path
        for way in _ways(workflow, status_id):
            if way.to not in seen:
                seen.add(way.to)
                waiting.append((way.to, [*path, way]))
    return None
