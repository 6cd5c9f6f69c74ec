"""What people do in the vendor's own pages and the public API cannot, and the switches."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from flask import Blueprint, current_app, request
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sandbox.peopleforce.office import current_office
from sandbox.peopleforce.switches import Switches
from sandbox.peopleforce.tasks import Task

# The control API shows every field, whatever the public one is told to leave out.
_EVERYTHING = Switches(unset_person="null")
_HR_ADMINISTRATOR_ID = 1143


class About(BaseModel):
    """Whom a task is about: an employee by id, or a candidate by name and address."""

    model_config = ConfigDict(extra="forbid")

    type: Literal["Employee", "Candidate"] = "Employee"
    id: int
    full_name: str = "A. Candidate"
    email: str = "candidate@mail.example"


class TaskEdit(BaseModel):
    """The fields of a task that people may write; those left out stay as they are."""

    model_config = ConfigDict(extra="forbid")

    title: str = Field("", min_length=1, pattern=r"\S")
    description: str | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    assigned_to: int | None = None
    associated_to: About | None = None
    type: str = "Tasks::General"


class Bulk(BaseModel):
    """How many tasks to create at once; the limit keeps a slip from filling the disk."""

    count: int = Field(gt=0, le=20_000)


class UnknownEmployeeError(Exception):
    """A task names an employee who does not exist."""


control = Blueprint("peopleforce_control", __name__, url_prefix="/_control")


@control.errorhandler(ValidationError)
@control.errorhandler(UnknownEmployeeError)
def explain(error: Exception) -> ResponseReturnValue:
    """Answer 400 with what is wrong about the request."""
    return {"error": str(error)}, 400


@control.get("/tasks")
def list_tasks() -> ResponseReturnValue:
    """Answer all tasks, newest first; `completed` and `limit` narrow that."""
    wanted = {"true": True, "false": False}.get(request.args.get("completed", ""))
    tasks = current_office().tasks.newest_first(completed=wanted)
    shown = tasks[: request.args.get("limit", len(tasks), type=int)]
    return {"tasks": [_shown(task) for task in shown], "count": len(tasks)}


@control.post("/tasks")
def create_task() -> ResponseReturnValue:
    """Create a task as a person would, also one without assignee or about a candidate."""
    office = current_office()
    payload = request.get_json(silent=True)
    # A title is demanded here and optional in an edit: the empty one is refused.
    values = _read_edit({"title": ""} | payload if isinstance(payload, dict) else payload)
    created_by = office.directory.contact(_HR_ADMINISTRATOR_ID)
    return _shown(office.tasks.create(created_by=created_by, **values)), 201


@control.post("/tasks/bulk")
def create_many_tasks() -> ResponseReturnValue:
    """Create `count` plain tasks at once, for trying out load."""
    office = current_office()
    count = Bulk.model_validate(request.get_json(silent=True)).count
    people = [person.id for person in office.directory.people.values() if person.active]
    ids = [
        office.tasks.create(
            title=f"Load test task {number + 1}",
            description=f"<p>Task <strong>{number + 1}</strong> of {count}.</p>",
            assigned_to=office.directory.contact(people[number % len(people)]),
        ).id
        for number in range(count)
    ]
    return {"created": count, "first_id": ids[0], "last_id": ids[-1]}, 201


@control.get("/tasks/<int:task_id>")
def get_task(task_id: int) -> ResponseReturnValue:
    """Answer one task."""
    return _shown_or_404(current_office().tasks.get(task_id))


@control.patch("/tasks/<int:task_id>")
def edit_task(task_id: int) -> ResponseReturnValue:
    """Change the fields that the request names; null empties one."""
    values = _read_edit(request.get_json(silent=True))
    return _shown_or_404(current_office().tasks.change(task_id, **values))


@control.delete("/tasks/<int:task_id>")
def delete_task(task_id: int) -> ResponseReturnValue:
    """Delete a task; the public API keeps no trace of it."""
    return ("", 204) if current_office().tasks.delete(task_id) else _shown_or_404(None)


@control.post("/tasks/<int:task_id>/complete")
def complete_task(task_id: int) -> ResponseReturnValue:
    """Complete a task."""
    return _shown_or_404(current_office().tasks.mark(task_id, completed=True)[0])


@control.post("/tasks/<int:task_id>/incomplete")
def reopen_task(task_id: int) -> ResponseReturnValue:
    """Reopen a task."""
    return _shown_or_404(current_office().tasks.mark(task_id, completed=False)[0])


@control.get("/switches")
def show_switches() -> ResponseReturnValue:
    """Answer every switch with its setting."""
    return current_office().switches.model_dump()


@control.put("/switches")
def change_switches() -> ResponseReturnValue:
    """Change the switches that the request names and answer all of them."""
    return current_office().switch(request.get_json(silent=True)).model_dump()


@control.post("/reset")
def reset() -> ResponseReturnValue:
    """Begin again with the first day, no fault and no calls counted."""
    current_office().reset()
    current_app.extensions["faults"].clear()
    current_app.extensions["calls"].clear()
    return "", 204


def _read_edit(payload: object) -> dict[str, Any]:
    """Return the fields of Task that a request sets; raise ValidationError on a wrong one."""
    edit = TaskEdit.model_validate(payload)
    values: dict[str, Any] = {name: getattr(edit, name) for name in edit.model_fields_set}
    for name in ("starts_on", "ends_on"):
        if values.get(name):
            values[name] = values[name].isoformat()
    if edit.assigned_to is not None:
        values["assigned_to"] = _employee(edit.assigned_to)
    if edit.associated_to is not None:
        about = edit.associated_to
        if about.type == "Employee":
            values["associated_to"] = {"type": "Employee"} | _employee(about.id)
        else:
            values["associated_to"] = about.model_dump()
    return values


def _employee(employee_id: int) -> dict[str, Any]:
    contact = current_office().directory.contact(employee_id)
    if contact is None:
        raise UnknownEmployeeError(f"there is no employee {employee_id}")
    return contact


def _shown(task: Task) -> dict[str, Any]:
    return task.to_json(_EVERYTHING)


def _shown_or_404(task: Task | None) -> ResponseReturnValue:
    if task is None:
        return {"error": "there is no such task"}, 404
    return _shown(task)
