"""PeopleForce's employees: who somebody is in the company, as far as rules ask for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connectors.peopleforce.models import Person
from connectors.peopleforce.payloads import integer, is_last_page, read_list, storable, text
from core.errors import PayloadError

LISTED_DETAILS = frozenset(
    {"employee_number", "hired_on", "department", "division", "location", "position", "manager"}
)
"""What `Employee.details` has of everybody; the list shows fifty of them in a call."""

SINGLE_DETAILS = frozenset({"status", "custom_fields"})
"""What it has only of an employee who was read alone, in a call for each."""


@dataclass(frozen=True)
class Employee:
    """One employee; None stands for what is not set, and for what the list does not show.

    `status` is one of `hired`, `probation`, `employed` and `terminated`, or None in a list.
    `custom_fields` has plain values by the fields' internal names, and is None in a list.
    Sources: https://developer.peopleforce.io/reference/get-employees and
    https://developer.peopleforce.io/reference/get-employees-id
    """

    id: int
    full_name: str
    email: str | None
    active: bool | None
    employee_number: str | None = None
    status: str | None = None
    hired_on: str | None = None
    department: str | None = None
    division: str | None = None
    location: str | None = None
    position: str | None = None
    manager: Person | None = None
    custom_fields: Mapping[str, Any] | None = None

    @classmethod
    def from_payload(cls, payload: object) -> Employee:
        """Read a record of the list; raise `PayloadError` where it has no id."""
        return cls._read(payload, custom_fields=None)

    @classmethod
    def from_single_payload(cls, payload: object) -> Employee:
        """Read a record that was asked for alone, which has custom fields; raises likewise."""
        return cls._read(payload, custom_fields=_custom_fields(payload))

    @classmethod
    def _read(cls, payload: object, *, custom_fields: Mapping[str, Any] | None) -> Employee:
        if not isinstance(payload, Mapping):
            raise PayloadError("an employee of PeopleForce is not an object")
        employee_id = integer(payload.get("id"))
        if employee_id is None:
            raise PayloadError("an employee of PeopleForce has no id")
        active = payload.get("active")
        return cls(
            id=employee_id,
            full_name=text(payload.get("full_name")) or "",
            email=text(payload.get("email")),
            active=active if isinstance(active, bool) else None,
            employee_number=_written(payload.get("employee_number")),
            status=text(payload.get("status")),
            hired_on=text(payload.get("hired_on")),
            department=_name(payload.get("department")),
            division=_name(payload.get("division")),
            location=_name(payload.get("location")),
            position=_name(payload.get("position")),
            manager=_manager(payload.get("reporting_to")),
            custom_fields=custom_fields,
        )

    def details(self) -> dict[str, Any]:
        """Give plain JSON of what a task does not say of a person: what rules see and is stored.

        The keys are `LISTED_DETAILS`, and `SINGLE_DETAILS` where custom fields are known.
        """
        manager = self.manager
        listed = {
            "employee_number": self.employee_number,
            "hired_on": self.hired_on,
            "department": self.department,
            "division": self.division,
            "location": self.location,
            "position": self.position,
            "manager": manager
            and {"id": manager.id, "full_name": manager.full_name, "email": manager.email},
        }
        if self.custom_fields is None:
            return listed
        return {**listed, "status": self.status, "custom_fields": dict(self.custom_fields)}


@dataclass(frozen=True)
class EmployeePage:
    """One page of a list of employees; `pages` is None where the answer does not say."""

    employees: list[Employee]
    page: int
    pages: int | None

    @property
    def is_last(self) -> bool:
        """Say whether nothing follows: nobody here, or no page after this one."""
        return is_last_page(self.page, self.pages, empty=not self.employees)

    @classmethod
    def from_payload(cls, payload: object, page: int) -> EmployeePage:
        """Read the answer to a request for `page`; raise `PayloadError` where it is no list.

        One record that cannot be read is enough for that: whose it is cannot be known, and an
        employee must not be taken for one who is not shown.
        """
        records, pagination = read_list(payload)
        employees = [Employee.from_payload(record) for record in records]
        return cls(employees=employees, page=page, pages=integer(pagination.get("pages")))


def _custom_fields(payload: object) -> dict[str, Any]:
    fields = payload.get("fields") if isinstance(payload, Mapping) else None
    if not isinstance(fields, Mapping):
        return {}
    return {
        text(name) or "": _plain(field["value"])
        if isinstance(field, Mapping) and "value" in field
        else storable(field)
        for name, field in fields.items()
    }


def _plain(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """Give what a person would call the value; a shape that is not known is given on as it is."""
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        if {"id", "value"} <= value.keys():
            return storable(value["value"])
        if {"full_name", "email"} <= value.keys():
            return {"full_name": text(value["full_name"]), "email": text(value["email"])}
    return storable(value)


def _name(payload: object) -> str | None:
    """Give the name of a reference such as `{id, name}`, or a name that stands by itself."""
    return text(payload.get("name") if isinstance(payload, Mapping) else payload)


def _written(value: object) -> str | None:
    """Give a text, also one that was sent as a number."""
    return str(value) if integer(value) is not None else text(value)


def _manager(payload: object) -> Person | None:
    """Read whom somebody reports to: the answers have no `full_name` there, webhooks do."""
    if not isinstance(payload, Mapping) or not payload:
        return None
    parts = (text(payload.get("first_name")), text(payload.get("last_name")))
    return Person(
        id=integer(payload.get("id")),
        full_name=text(payload.get("full_name")) or " ".join(filter(None, parts)) or None,
        email=text(payload.get("email")),
    )
