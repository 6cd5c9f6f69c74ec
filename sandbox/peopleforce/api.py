"""The public API v3: five routes for tasks, the employees and the company's lists.

Source: https://developer.peopleforce.io/reference. There is no route to read, edit, reassign or
delete one task; all of that happens in the vendor's own pages (here: `control_api.py`).
"""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Blueprint, Response, jsonify, request

from sandbox.peopleforce import answers
from sandbox.peopleforce.answers import current_query
from sandbox.peopleforce.office import current_office
from sandbox.peopleforce.tasks import Task

api = Blueprint("api", __name__, url_prefix="/api/public/v3")


@api.get("/tasks")
def list_tasks() -> Response:
    """Answer the open tasks of the whole company, or with `completed=true` the completed ones."""
    office = current_office()
    # Any other value is not understood and, like every unknown parameter, passed over.
    completed = current_query(office.switches).one("completed") == "true"
    return _page_of(office.tasks.newest_first(completed=completed))


@api.post("/tasks")
def create_task() -> Response:
    """Create a task for one employee. What comes in as `name` goes out as `title`."""
    office = current_office()
    payload = request.get_json(silent=True)
    values = payload if isinstance(payload, dict) else {}
    refusal = _refuse(values)
    if refusal is not None:
        return refusal
    dates = {name: values[name] for name in ("starts_on", "ends_on") if values.get(name)}
    task = office.tasks.create(
        title=values["name"],
        description=values.get("description"),
        assigned_to=office.directory.contact(values["employee_id"]),
        created_by=office.key_owner,
        **dates,
    )
    response = jsonify(data=task.to_json(office.switches))
    response.status_code = office.switches.post_status
    return response


@api.put("/tasks/<task_id>/complete")
def complete_task(task_id: str) -> Response:
    """Complete a task."""
    return _mark(task_id, completed=True)


@api.put("/tasks/<task_id>/incomplete")
def reopen_task(task_id: str) -> Response:
    """Reopen a task."""
    return _mark(task_id, completed=False)


@api.get("/employees/<employee_id>/tasks")
def list_employee_tasks(employee_id: str) -> Response:
    """Answer the tasks that are assigned to one employee."""
    office = current_office()
    person = office.directory.contact(_number(employee_id))
    if person is None:
        return answers.not_found(office.switches)
    completed = None if office.switches.employee_tasks == "all" else False
    tasks = office.tasks.newest_first(completed=completed)
    return _page_of([t for t in tasks if (t.assigned_to or {}).get("id") == person["id"]])


@api.get("/employees")
def list_employees() -> Response:
    """Answer the slim records of the employees who pass the filters."""
    office = current_office()
    query = current_query(office.switches)
    return answers.list_page(office.directory.search(query), query, office.switches, to_json=dict)


@api.get("/employees/<employee_id>")
def get_employee(employee_id: str) -> Response:
    """Answer the full record of one employee, custom fields included."""
    office = current_office()
    person = office.directory.full(_number(employee_id))
    if person is None:
        return answers.not_found(office.switches)
    return jsonify(data=person)


@api.get("/departments", defaults={"name": "departments"})
@api.get("/divisions", defaults={"name": "divisions"})
@api.get("/positions", defaults={"name": "positions"})
@api.get("/locations", defaults={"name": "locations"})
@api.get("/teams", defaults={"name": "teams"})
@api.get("/employee_fields", defaults={"name": "employee_fields"})
def list_lookup(name: str) -> Response:
    """Answer one of the company's lists."""
    office = current_office()
    query = current_query(office.switches)
    return answers.list_page(office.directory.lookup(name), query, office.switches, to_json=dict)


def _page_of(tasks: list[Task]) -> Response:
    switches = current_office().switches
    return answers.list_page(
        tasks, current_query(switches), switches, to_json=lambda task: task.to_json(switches)
    )


def _mark(task_id: str, *, completed: bool) -> Response:
    office = current_office()
    switches = office.switches
    task, changed = office.tasks.mark(_number(task_id), completed=completed)
    if task is None:
        return answers.not_found(switches)
    if not changed and switches.repeat_put == "unprocessable":
        state = "completed" if completed else "open"
        return answers.unprocessable("task", f"is already {state}", switches)
    match switches.put_answer:
        case "data":
            return jsonify(data=task.to_json(switches))
        case "bare":
            return jsonify(task.to_json(switches))
        case "empty":
            return Response(status=200)


def _refuse(values: dict[str, Any]) -> Response | None:
    """Return the answer to a task that cannot be created, or None for one that can.

    That a parameter is missing is a 400, that its value will not do a 422; the vendor's page on
    errors says no more than that.
    """
    office = current_office()
    for name in ("name", "employee_id"):
        if not values.get(name):
            return answers.bad_request(f"{name} is required")
    for name in ("name", "description"):
        if not isinstance(values.get(name), str | None):
            return answers.unprocessable(name, "is invalid", office.switches)
    employee_id = values["employee_id"]
    if not isinstance(employee_id, int) or office.directory.contact(employee_id) is None:
        return answers.unprocessable("employee", "must exist", office.switches)
    for name in ("starts_on", "ends_on"):
        if not _is_day(values.get(name)):
            return answers.unprocessable(name, "is invalid", office.switches)
    return None


def _is_day(value: object) -> bool:
    """Say whether a value may stand in a date field: YYYY-MM-DD, or nothing."""
    if value is None:
        return True
    try:
        return date.fromisoformat(str(value)).isoformat() == value
    except ValueError:
        return False


def _number(text: str) -> int:
    """Return an id from a path, or 0, which no record has."""
    return int(text) if text.isascii() and text.isdigit() else 0
