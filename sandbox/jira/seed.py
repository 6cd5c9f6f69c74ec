"""The site as it is at first: the company's people, three projects unlike each other, some issues.

The projects differ on purpose in what a program would like to take for granted: required fields,
workflow, who owns the issue type `Task`, and how many statuses mean that the work is over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.common.company import COMPANY, DOMAIN, PEOPLE
from sandbox.jira import adf
from sandbox.jira.catalogue import (
    DEFAULT_PRIORITY,
    DEFAULT_RESOLUTION,
    FACILITIES_ID,
    STATUSES,
    WORKFLOWS,
)
from sandbox.jira.model import (
    Field,
    FieldRule,
    Issue,
    IssueType,
    Option,
    Project,
    User,
    account_id_of,
)

if TYPE_CHECKING:
    from sandbox.jira.site import JiraSite

HR_ID, IT_ID = "10000", "10001"
TASK_ID, SUBTASK_ID, FACILITIES_TASK_ID = "10003", "10004", "10021"

_HIDES_MAIL_EVERY = 8
_HOUR = 3_600_000

_REQUIRED = FieldRule(required=True)
_OPTIONAL = FieldRule()
_OFF_SCREEN = FieldRule(on_screen=False)


def _options(first_id: int, *values: str) -> list[Option]:
    return [Option(str(number), value) for number, value in enumerate(values, first_id)]


def _fields() -> list[Field]:
    return [
        Field("summary", "Summary", "line"),
        Field("description", "Description", "rich_text"),
        Field("environment", "Environment", "rich_text"),
        Field("priority", "Priority", "priority"),
        Field("labels", "Labels", "labels"),
        Field("assignee", "Assignee", "user"),
        Field("reporter", "Reporter", "user"),
        Field("duedate", "Due date", "date"),
        Field("parent", "Parent", "parent"),
        Field("components", "Components", "components"),
        Field("resolution", "Resolution", "resolution"),
        Field(
            "customfield_10041",
            "Office",
            "select",
            _options(10201, "Kyiv", "Lviv", "Warsaw", "Berlin", "Lisbon", "Remote"),
        ),
        Field(
            "customfield_10042",
            "Place",
            "cascade",
            [
                Option("10300", "Ukraine", children=_options(10301, "Kyiv", "Lviv")),
                Option("10310", "European Union", children=_options(10311, "Warsaw", "Berlin")),
                Option("10320", "Elsewhere"),
            ],
        ),
        Field("customfield_10043", "Laptop", "radio", _options(10401, "MacBook", "ThinkPad")),
        Field("customfield_10044", "Approvers", "users"),
        Field("customfield_10045", "Asset tag", "read_only"),
        Field("customfield_10061", "Budget, EUR", "number"),
        Field("customfield_10062", "Needed by", "date"),
        Field(
            "customfield_10063",
            "Equipment",
            "multiselect",
            _options(10501, "Desk", "Chair", "Monitor", "Access card", "Parking place"),
        ),
        Field("customfield_10064", "Notes for the crew", "rich_text"),
        Field("customfield_10065", "Delivery window", "datetime"),
        Field("customfield_10066", "Supplier page", "url"),
    ]


def _issue_types() -> list[IssueType]:
    return [
        IssueType(TASK_ID, "Task", "A small, distinct piece of work."),
        IssueType(SUBTASK_ID, "Sub-task", "A small part of a task.", subtask=True),
        IssueType(FACILITIES_TASK_ID, "Task", "Work for the crew.", project_id=FACILITIES_ID),
    ]


def _projects(lead: str) -> list[Project]:
    usual = {
        "summary": _REQUIRED,
        "description": _OPTIONAL,
        "priority": _OPTIONAL,
        "labels": _OPTIONAL,
        "assignee": _OPTIONAL,
        "reporter": _OPTIONAL,
        "duedate": _OPTIONAL,
    }
    return [
        Project(
            id=HR_ID,
            key="HR",
            name="People Operations",
            description="Joining, moving, leaving.",
            lead=lead,
            workflow="open",
            types={TASK_ID: dict(usual), SUBTASK_ID: {"parent": _REQUIRED} | usual},
        ),
        Project(
            id=IT_ID,
            key="IT",
            name="IT Service",
            description="Accounts, laptops, access.",
            lead=lead,
            workflow="service",
            types={
                TASK_ID: usual
                | {
                    "customfield_10041": _REQUIRED,
                    "customfield_10042": _OPTIONAL,
                    "customfield_10043": _OPTIONAL,
                    "customfield_10044": _OPTIONAL,
                    "customfield_10045": _OPTIONAL,
                    "environment": _OFF_SCREEN,
                }
            },
        ),
        Project(
            id=FACILITIES_ID,
            key="FAC",
            name="Facilities",
            description="Desks, keys, parking.",
            lead=lead,
            workflow="reviewed",
            types={
                FACILITIES_TASK_ID: {
                    "summary": _REQUIRED,
                    "customfield_10061": _REQUIRED,
                    "customfield_10062": _REQUIRED,
                    "description": _OPTIONAL,
                    "labels": _OPTIONAL,
                    "assignee": _OPTIONAL,
                    "reporter": _OPTIONAL,
                    "components": _OPTIONAL,
                    "customfield_10063": _OPTIONAL,
                    "customfield_10064": _OPTIONAL,
                    "customfield_10065": _OPTIONAL,
                    "customfield_10066": _OPTIONAL,
                    "duedate": _OFF_SCREEN,
                }
            },
            components={"10100": "Furniture", "10101": "Keys and cards", "10102": "Parking"},
            team_managed=True,
        ),
    ]


_ALSO_SET = {
    HR_ID: {"priority": DEFAULT_PRIORITY},
    IT_ID: {"priority": DEFAULT_PRIORITY, "customfield_10041": "10201"},
    FACILITIES_ID: {"customfield_10061": 250.0, "customfield_10062": "2026-12-15"},
}

# project, summary, how far along its workflow, hours ago
_ISSUES = (
    (HR_ID, "Review the onboarding survey", 0, 170),
    (HR_ID, "Plan the summer event", 1, 120),
    (HR_ID, "Translate the handbook", 2, 700),
    (IT_ID, "Replace the printer on the second floor", 0, 26),
    (IT_ID, "Renew the VPN certificates", 1, 50),
    (IT_ID, "Retire the old file server", 2, 900),
    (FACILITIES_ID, "Repair the kitchen tap", 2, 31),
    (FACILITIES_ID, "Order plants for the lobby", 4, 400),
)


def fill(site: JiraSite) -> None:
    """Put the first people, projects and issues into an empty site."""
    for position, person in enumerate(PEOPLE):
        site.save_user(
            User(
                account_id=account_id_of(person.email),
                email=person.email,
                name=person.full_name,
                active=person.active,
                email_visible=position % _HIDES_MAIL_EVERY != _HIDES_MAIL_EVERY - 1,
            )
        )
    site.save_user(User(account_id_of(site.email), site.email, "Integration Gateway"))
    robot = f"automation@{DOMAIN}"
    site.save_user(User(account_id_of(robot), robot, "Automation for Jira", account_type="app"))
    for issue_type in _issue_types():
        site.save_type(issue_type)
    for field in _fields():
        site.save_field(field)
    for project in _projects(account_id_of(PEOPLE[1].email)):
        site.save_project(project)
    for row in _ISSUES:
        _add_issue(site, *row)


def _add_issue(site: JiraSite, project_id: str, summary: str, step: int, hours_ago: int) -> None:
    project = site.projects[project_id]
    number = site.next_number(f"key {project.key}", 1)
    then = site.now() - hours_ago * _HOUR
    status = STATUSES[WORKFLOWS[project.workflow].statuses[step]]
    finished = status.category == "done"
    site.save_issue(
        Issue(
            id=str(site.next_number("issue", 10200)),
            key=f"{project.key}-{number}",
            project_id=project_id,
            type_id=next(iter(project.types)),
            status_id=status.id,
            resolved=then if finished else None,
            creator=project.lead,
            created=then,
            updated=then,
            status_since=then,
            fields={
                "summary": summary,
                "description": adf.from_text(f"{COMPANY}'s own work, which no HR task asked for."),
                "reporter": project.lead,
            }
            | _ALSO_SET[project_id]
            | ({"resolution": DEFAULT_RESOLUTION} if finished else {}),
        )
    )
