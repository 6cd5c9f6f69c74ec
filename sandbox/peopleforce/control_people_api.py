"""What HR does to employees in the vendor's own pages: moving them, their fields, leaving."""

from __future__ import annotations

from typing import Any, Literal

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sandbox.peopleforce.custom_fields import WrongValueError
from sandbox.peopleforce.directory import Directory
from sandbox.peopleforce.office import current_office

_LISTS = {
    "department": "departments",
    "division": "divisions",
    "position": "positions",
    "location": "locations",
}


class EmployeeEdit(BaseModel):
    """The fields of an employee that HR may write; those left out stay as they are.

    `status` `terminated` deactivates somebody. Custom fields go by their internal names; an option
    is given by its text and an employee by the id.
    """

    model_config = ConfigDict(extra="forbid")

    department: str = ""
    division: str = ""
    position: str = ""
    location: str | None = None
    manager_id: int | None = None
    status: Literal["hired", "probation", "employed", "terminated"] = "employed"
    custom_fields: dict[str, Any] = Field(default_factory=dict)


class Hires(BaseModel):
    """How many employees to add at once."""

    count: int = Field(gt=0, le=2_000)


class UnknownNameError(Exception):
    """An edit names something that the company does not have."""


control_people = Blueprint("peopleforce_control_people", __name__, url_prefix="/_control")


@control_people.errorhandler(ValidationError)
@control_people.errorhandler(UnknownNameError)
@control_people.errorhandler(WrongValueError)
def explain(error: Exception) -> ResponseReturnValue:
    """Answer 400 with what is wrong about the request."""
    return {"error": str(error)}, 400


@control_people.get("/people")
def list_people() -> ResponseReturnValue:
    """Answer who can be assigned to a task, for the page's lists."""
    return {
        "people": [
            {
                "id": person.id,
                "full_name": person.full_name,
                "email": person.email,
                "department": person.department,
                "active": person.active,
            }
            for person in current_office().directory.people.values()
        ]
    }


@control_people.post("/people/bulk")
def hire_many() -> ResponseReturnValue:
    """Add `count` employees at once, for trying out load."""
    count = Hires.model_validate(request.get_json(silent=True)).count
    hired = current_office().directory.hire(count)
    return {"created": count, "ids": [person.id for person in hired]}, 201


@control_people.patch("/people/<int:employee_id>")
def edit_employee(employee_id: int) -> ResponseReturnValue:
    """Change what the request names and answer the full record; null empties a field."""
    directory = current_office().directory
    edit = EmployeeEdit.model_validate(request.get_json(silent=True))
    values = {name: getattr(edit, name) for name in edit.model_fields_set}
    fields = values.pop("custom_fields", {})
    _check(values, directory)
    directory.change(employee_id, fields, **values)
    record = directory.full(employee_id)
    return record if record is not None else _nobody()


@control_people.delete("/people/<int:employee_id>")
def delete_employee(employee_id: int) -> ResponseReturnValue:
    """Delete an employee; tasks that name them stay."""
    return ("", 204) if current_office().directory.remove(employee_id) else _nobody()


def _check(values: dict[str, Any], directory: Directory) -> None:
    for name in _LISTS.keys() & values.keys():
        known = directory.names(_LISTS[name])
        # Pydantic lets nothing but a location be empty.
        if values[name] is not None and values[name] not in known:
            raise UnknownNameError(f"there is no {name} {values[name]!r}; there are {known}")
    manager_id = values.get("manager_id")
    if manager_id is not None and directory.contact(manager_id) is None:
        raise UnknownNameError(f"there is no employee {manager_id}")


def _nobody() -> ResponseReturnValue:
    return {"error": "there is no such employee"}, 404
