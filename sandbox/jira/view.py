"""Show records as JSON, the way one caller sees them: base URL, API version and time zone.

Source: https://developer.atlassian.com/cloud/jira/platform/rest/v3/intro/
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import quote
from zoneinfo import ZoneInfo

from sandbox.jira import adf
from sandbox.jira.catalogue import CATEGORIES, PRIORITIES, STATUSES
from sandbox.jira.model import Change, Comment, Issue, IssueType, Json, Option, Project, User

if TYPE_CHECKING:
    from sandbox.jira.site import JiraSite


@dataclass(frozen=True)
class View:
    """How one caller sees the site; `base` has no final slash, `version` is `2` or `3`."""

    site: JiraSite
    base: str
    version: str = "3"
    zone: str = "Europe/Kyiv"

    def url(self, path: str) -> str:
        """Return the address of something in the API."""
        return f"{self.base}/rest/api/{self.version}/{path}"

    def instant(self, milliseconds: int | None) -> str | None:
        """Return an instant in the caller's zone, offset without a colon."""
        if milliseconds is None:
            return None
        moment = datetime.fromtimestamp(milliseconds / 1000, ZoneInfo(self.zone))
        return f"{moment:%Y-%m-%dT%H:%M:%S}.{milliseconds % 1000:03d}{moment:%z}"

    def rich_text(self, document: dict[str, Json] | None) -> Json:
        """Return a document as API v3 shows it, or as the text that v2 and webhooks show."""
        return document if self.version == "3" else adf.to_text(document)

    def user(self, account_id: str | None) -> dict[str, Json] | None:
        """Return somebody as issues show them, without an e-mail address."""
        if account_id is None:
            return None
        user = self.site.users[account_id]
        avatar = f"{self.base}/secure/useravatar?avatarId=10336&size="
        return {
            "self": self.url(f"user?accountId={quote(account_id, safe='')}"),
            "accountId": account_id,
            "avatarUrls": {
                f"{size}x{size}": avatar + name
                for size, name in ((48, "large"), (24, "small"), (16, "xsmall"), (32, "medium"))
            },
            "displayName": user.name,
            "active": user.active,
            "timeZone": user.time_zone,
            "accountType": user.account_type,
        }

    def profile(self, user: User, viewer: User | None = None) -> dict[str, Json]:
        """Return somebody as the user endpoints show them; everybody sees their own address."""
        shown = self.user(user.account_id) or {}
        if user.email_visible or user == viewer:
            shown["emailAddress"] = user.email
        return shown | {"locale": "en_US"}

    def category(self, key: str) -> dict[str, Json]:
        """Return a status category; its id is a number, unlike all other ids."""
        category = CATEGORIES[key]
        return {
            "self": self.url(f"statuscategory/{category.id}"),
            "id": category.id,
            "key": category.key,
            "colorName": category.color,
            "name": category.name,
        }

    def status(self, status_id: str) -> dict[str, Json]:
        """Return a status with its category."""
        status = STATUSES[status_id]
        shown = {
            "self": self.url(f"status/{status.id}"),
            "description": "",
            "iconUrl": f"{self.base}/",
            "name": status.name,
            "id": status.id,
            "statusCategory": self.category(status.category),
        }
        return shown | self._scope(status.project_id)

    @staticmethod
    def _scope(project_id: str | None) -> dict[str, Json]:
        if project_id is None:
            return {}
        return {"scope": {"type": "PROJECT", "project": {"id": project_id}}}

    def named(self, path: str, number: str, name: str) -> dict[str, Json]:
        """Return a priority or a resolution."""
        shown = {"self": self.url(f"{path}/{number}"), "name": name, "id": number}
        if path == "priority":
            icon = PRIORITIES[number].lower()
            return shown | {"iconUrl": f"{self.base}/images/icons/priorities/{icon}.svg"}
        return shown | {"description": ""}

    def option(self, option: Option) -> dict[str, Json]:
        """Return one choice of a select field."""
        path = f"customFieldOption/{option.id}"
        return {"self": self.url(path), "value": option.value, "id": option.id}

    def component(self, component_id: str) -> dict[str, Json]:
        """Return a part of a project."""
        name = self.site.component_name(component_id)
        return {"self": self.url(f"component/{component_id}"), "id": component_id, "name": name}

    def issue_type(self, issue_type: IssueType) -> dict[str, Json]:
        """Return an issue type as issues and projects show it."""
        avatar = 10316 if issue_type.subtask else 10318
        path = f"/rest/api/2/universal_avatar/view/type/issuetype/avatar/{avatar}?size=medium"
        shown = {
            "self": self.url(f"issuetype/{issue_type.id}"),
            "id": issue_type.id,
            "description": issue_type.description,
            "iconUrl": self.base + path,
            "name": issue_type.name,
            "subtask": issue_type.subtask,
            "avatarId": avatar,
            "hierarchyLevel": -1 if issue_type.subtask else 0,
        }
        return shown | self._scope(issue_type.project_id)

    def project(self, project: Project) -> dict[str, Json]:
        """Return a project as issues and lists show it."""
        avatar = f"{self.base}/rest/api/{self.version}/universal_avatar/view/type/project/avatar/"
        return {
            "self": self.url(f"project/{project.id}"),
            "id": project.id,
            "key": project.key,
            "name": project.name,
            "projectTypeKey": "business",
            "simplified": project.team_managed,
            "avatarUrls": {f"{size}x{size}": f"{avatar}10400" for size in (48, 24, 16, 32)},
        }

    def issue_link(self, issue_id: str) -> dict[str, Json] | None:
        """Return an issue as its relatives show it; None when it is gone."""
        issue = self.site.issues.get(issue_id)
        if issue is None:
            return None
        priority = issue.fields.get("priority")
        return {
            "id": issue.id,
            "key": issue.key,
            "self": self.url(f"issue/{issue.id}"),
            "fields": {
                "summary": issue.fields.get("summary"),
                "status": self.status(issue.status_id),
                "priority": priority and self.named("priority", priority, PRIORITIES[priority]),
                "issuetype": self.issue_type(self.site.types[issue.type_id]),
            },
        }

    def comment(self, issue: Issue, comment: Comment) -> dict[str, Json]:
        """Return a comment."""
        shown = {
            "self": self.url(f"issue/{issue.id}/comment/{comment.id}"),
            "id": comment.id,
            "author": self.user(comment.author),
            "body": self.rich_text(comment.body),
            "updateAuthor": self.user(comment.update_author),
            "created": self.instant(comment.created),
            "updated": self.instant(comment.updated),
            "jsdPublic": True,
        }
        return shown | ({"visibility": comment.visibility} if comment.visibility else {})

    def comments(self, issue: Issue) -> dict[str, Json]:
        """Return the block of comments that is the issue's field `comment`."""
        shown = [self.comment(issue, comment) for comment in issue.comments]
        return {
            "comments": shown,
            "self": self.url(f"issue/{issue.id}/comment"),
            "maxResults": len(shown),
            "total": len(shown),
            "startAt": 0,
        }

    def change(self, change: Change) -> dict[str, Json]:
        """Return one entry of an issue's history."""
        return {
            "id": change.id,
            "author": self.user(change.author),
            "created": self.instant(change.created),
            "items": list(change.items),
        }
