"""The company's own fields of an employee, of every kind that PeopleForce has.

Source of the shapes: https://developer.peopleforce.io/reference/get-employee-fields and, for the
values, https://developer.peopleforce.io/reference/get-employees-id
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from sandbox.common.company import Person

Contact = Callable[[int], dict[str, Any] | None]
"""Gives {id, full_name, email} of an employee, or None."""

_HR_BY_DIVISION = {"Ukraine": 1131, "Europe": 1134, "Group": 1105}
_EQUIPMENT, _WORK = (711, "Equipment"), (712, "Work")


class WrongValueError(ValueError):
    """A custom field does not exist, or does not take a value."""


@dataclass(frozen=True)
class CustomField:
    """A field as the company has defined it; `first_option` numbers the options."""

    id: int
    name: str
    internal_name: str
    type: Literal[
        "string", "number", "boolean", "date", "single_select", "multi_select", "employee"
    ]
    group: tuple[int, str]
    options: tuple[str, ...] = ()
    first_option: int = 0

    def to_json(self) -> dict[str, Any]:
        """Return the definition as the public API shows it."""
        shown: dict[str, Any] = {
            "id": self.id,
            "name": self.name,
            "internal_name": self.internal_name,
            "type": self.type,
            "group": {"id": self.group[0], "name": self.group[1]},
        }
        if self.options:
            shown["options"] = list(self.options)
        return shown

    def value(self, given: object, contact: Contact) -> object:
        """Return a value in the vendor's shape; raise WrongValueError for one it does not take.

        People choose options by their text and employees by their id. None empties a field.
        """
        if given is None or self._is_plain(given):
            return given
        match self.type, given:
            case "single_select", str() if given in self.options:
                return self._option(given)
            case "multi_select", list() if all(text in self.options for text in given):
                return [self._option(text) for text in given]
            case "employee", int() if contact(given) is not None:
                return contact(given)
        raise WrongValueError(f"the custom field {self.internal_name} does not take {given!r}")

    def _is_plain(self, given: object) -> bool:
        match self.type, given:
            case ("string", str()) | ("boolean", bool()):
                return True
            case "number", int() | float():
                return not isinstance(given, bool)
            case "date", str():
                return _is_date(given)
        return False

    def _option(self, text: str) -> dict[str, Any]:
        return {"id": self.first_option + self.options.index(text), "value": text}


FIELDS = {
    field.internal_name: field
    for field in (
        CustomField(31201, "Laptop model", "laptop_model", "string", _EQUIPMENT),
        CustomField(
            *(31202, "T-shirt size", "t_shirt_size", "single_select", _EQUIPMENT),
            options=("XS", "S", "M", "L", "XL"),
            first_option=900,
        ),
        CustomField(31207, "HR manager", "hr_manager", "employee", _WORK),
        CustomField(31215, "Remote", "remote", "boolean", _WORK),
        CustomField(31218, "Cost centre", "cost_centre", "string", _WORK),
        CustomField(31219, "Days in the office", "office_days", "number", _WORK),
        CustomField(31222, "Contract ends on", "contract_ends_on", "date", _WORK),
        CustomField(
            *(31226, "Languages", "languages", "multi_select", _WORK),
            options=("English", "German", "Polish", "Portuguese", "Ukrainian"),
            first_option=940,
        ),
    )
}
_LANGUAGES = {"Warsaw": "Polish", "Berlin": "German", "Lisbon": "Portuguese"}


def values_of(person: Person, contact: Contact) -> dict[str, Any]:
    """Return what the fields of an employee hold on the first day, in the vendor's shapes."""
    remote = person.location in (None, "Lisbon")
    given = {
        "laptop_model": person.laptop,
        "t_shirt_size": person.shirt_size,
        "hr_manager": _HR_BY_DIVISION[person.division],
        "remote": remote,
        "cost_centre": f"CC-{100 + 10 * (person.id % 5)}",
        "office_days": 0 if remote else 3,
        "contract_ends_on": None,
        "languages": ["English", _LANGUAGES.get(person.location or "", "Ukrainian")],
    }
    if contact(_HR_BY_DIVISION[person.division]) is None:
        given["hr_manager"] = None
    return {name: FIELDS[name].value(value, contact) for name, value in given.items()}


def changed_values(given: Mapping[str, Any], contact: Contact) -> dict[str, Any]:
    """Return what a person wrote in the vendor's shapes; raise WrongValueError where that is wrong.

    Nothing is returned of a request that is wrong in one place.
    """
    unknown = given.keys() - FIELDS.keys()
    if unknown:
        raise WrongValueError(
            f"there is no custom field {', '.join(sorted(unknown))}; "
            f"there are {', '.join(sorted(FIELDS))}"
        )
    return {name: FIELDS[name].value(value, contact) for name, value in given.items()}


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
