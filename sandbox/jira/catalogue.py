"""What never changes in the stand-in: statuses, workflows, priorities, resolutions, categories.

The ids of the four status categories are Jira's own; all other ids are this site's.
"""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.jira.model import Status, Transition, Workflow


@dataclass(frozen=True)
class Category:
    """A status category; `key` is what programs go by, since the names are translated."""

    id: int
    key: str
    name: str
    color: str


CATEGORIES = {
    category.key: category
    for category in (
        Category(1, "undefined", "No Category", "medium-gray"),
        Category(2, "new", "To Do", "blue-gray"),
        Category(4, "indeterminate", "In Progress", "yellow"),
        Category(3, "done", "Done", "green"),
    )
}

PRIORITIES = {"1": "Highest", "2": "High", "3": "Medium", "4": "Low", "5": "Lowest"}
DEFAULT_PRIORITY = "3"

RESOLUTIONS = {"10000": "Done", "10001": "Won't Do", "10002": "Duplicate", "10003": "Declined"}
DEFAULT_RESOLUTION = "10000"

FACILITIES_ID = "10002"

STATUSES = {
    status.id: status
    for status in (
        Status("10000", "To Do", "new"),
        Status("3", "In Progress", "indeterminate"),
        Status("10001", "Done", "done"),
        # A team-managed project has statuses of its own: the same names under other ids.
        Status("10010", "To Do", "new", FACILITIES_ID),
        Status("10011", "In Progress", "indeterminate", FACILITIES_ID),
        Status("10012", "Review", "indeterminate", FACILITIES_ID),
        Status("10013", "Done", "done", FACILITIES_ID),
        Status("10014", "Cancelled", "done", FACILITIES_ID),
    )
}

WORKFLOWS = {
    # Every status can be reached from everywhere, also from itself, as in Jira's simple workflow.
    "open": Workflow(
        statuses=("10000", "3", "10001"),
        transitions=(
            Transition("11", "To Do", "10000"),
            Transition("21", "In Progress", "3"),
            Transition("31", "Done", "10001"),
        ),
    ),
    "service": Workflow(
        statuses=("10000", "3", "10001"),
        transitions=(
            Transition("11", "Start work", "3", ("10000",)),
            Transition("21", "Put back", "10000", ("3",)),
            Transition("31", "Resolve", "10001", ("3",), {"resolution": True}),
            Transition("41", "Reopen", "10000", ("10001",)),
        ),
    ),
    "reviewed": Workflow(
        statuses=("10010", "10011", "10012", "10013", "10014"),
        transitions=(
            Transition("2", "Start", "10011", ("10010",)),
            Transition("3", "Ask for review", "10012", ("10011",)),
            Transition("4", "Accept", "10013", ("10012",)),
            Transition("5", "Send back", "10011", ("10012",)),
            Transition("6", "Cancel", "10014", ("10010", "10011", "10012")),
            Transition("7", "Reopen", "10010", ("10013", "10014")),
        ),
    ),
}
