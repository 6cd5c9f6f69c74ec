"""What every view asks of the request at hand: the site, the caller, the body, the parameters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import current_app, g, request

from sandbox.jira.act import Act
from sandbox.jira.errors import (
    BrokenJsonError,
    JiraError,
    ProblemError,
    no_such_issue,
    no_such_project,
)
from sandbox.jira.events import Event
from sandbox.jira.model import Issue, Json, Project, User
from sandbox.jira.site import JiraSite
from sandbox.jira.view import View
from sandbox.jira.webhooks import Dispatcher


@dataclass(frozen=True)
class Services:
    """What the application was made with."""

    site: JiraSite
    dispatcher: Dispatcher


def services() -> Services:
    """Return what the application was made with."""
    return current_app.extensions["jira"]


def site() -> JiraSite:
    """Return the site."""
    return services().site


def version() -> str:
    """Return the API version that the caller speaks; whatever is not 3 has the habits of 2."""
    return "3" if request.path.startswith("/rest/api/3/") else "2"


def base_url() -> str:
    """Return the address under which the caller reached the site, without a final slash."""
    return request.url_root.rstrip("/")


def caller() -> User | None:
    """Return who calls; None for anonymous callers, among them those with wrong credentials."""
    return g.caller


def view() -> View:
    """Return how the caller sees the site."""
    user = caller()
    zone = user.time_zone if user else site().settings.time_zone
    return View(site(), base_url(), version(), zone)


def act(*, flow: str = "Primary", user: User | None = None) -> Act:
    """Return what the caller changes things with; `user` stands in for the caller."""
    base = base_url()
    dispatcher = services().dispatcher

    def tell(event: Event) -> None:
        dispatcher.announce(event, base)

    who = user or caller()
    if who is None:
        raise JiraError(401, "You are not authenticated. Authentication required.")
    return Act(site(), who, tell, text_is_plain=version() == "2", flow=flow)


def visible_issue(id_or_key: str) -> Issue:
    """Return an issue that the caller may see; raises the 404 that says neither which nor why."""
    issue = site().find_issue(id_or_key) if caller() else None
    if issue is None or site().projects[issue.project_id].archived:
        raise no_such_issue()
    return issue


def visible_project(id_or_key: str) -> Project:
    """Return a project that the caller may see; raises the 404 for all others."""
    project = site().find_project(id_or_key) if caller() else None
    if project is None or project.archived:
        raise no_such_project(id_or_key)
    return project


def visible_projects() -> list[Project]:
    """Return the projects that the caller may see."""
    if caller() is None:
        return []
    return [project for project in site().projects.values() if not project.archived]


def json_body() -> Json:
    """Return the request's JSON, None for an empty body."""
    if not request.get_data():
        return None
    try:
        return request.get_json(force=True)
    except Exception as error:
        raise BrokenJsonError from error


def integer(name: str, default: int) -> int:
    """Return a whole number from the query string."""
    text = request.args.get(name)
    if text is None:
        return default
    try:
        return int(text)
    except ValueError:
        detail = f"Failed to convert '{name}' with value: '{text}'"
        raise ProblemError(400, "Bad Request", detail) from None


def words(name: str) -> list[str]:
    """Return a list from the query string: the parameter may repeat and may hold commas."""
    return [
        word.strip()
        for text in request.args.getlist(name)
        for word in text.split(",")
        if word.strip()
    ]


def flag(name: str) -> bool:
    """Return a yes or no from the query string."""
    return request.args.get(name, "").lower() == "true"


def page(items: Sequence[Json], *, default: int, limit: int) -> tuple[int, int, Sequence[Json]]:
    """Return `startAt`, `maxResults` and the part of the items that they choose."""
    start = max(0, integer("startAt", 0))
    size = min(limit, max(0, integer("maxResults", default)))
    return start, size, items[start : start + size]


def page_bean(items: Sequence[Json], *, default: int = 50, limit: int = 100) -> dict[str, Json]:
    """Return a part of the items in the shape that most of Jira's lists share."""
    start, size, part = page(items, default=default, limit=limit)
    is_last = start + len(part) >= len(items)
    url = f"{base_url()}{request.path}?maxResults={size}&startAt="
    shown = {"self": f"{url}{start}"}
    if not is_last:
        shown["nextPage"] = f"{url}{start + size}"
    return shown | {
        "maxResults": size,
        "startAt": start,
        "total": len(items),
        "isLast": is_last,
        "values": list(part),
    }
