"""Employees and the lists around them, in PeopleForce's shapes.

Source of the shapes: https://developer.peopleforce.io/reference
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from sandbox.common.company import PEOPLE, Person
from sandbox.peopleforce.answers import Query

_STATUSES = ("employed", "terminated", "hired", "probation")
_PROBATION = timedelta(days=90)
_LEVELS = {"Head": "Lead", "Chief": "Lead", "Senior": "Senior", "Manager": "Middle"}
_EMPLOYEE_FIELDS = (
    # id, name, internal name, type, group
    (31201, "Laptop model", "laptop_model", "string", (711, "Equipment")),
    (31202, "T-shirt size", "t_shirt_size", "single_select", (711, "Equipment")),
    (31207, "HR manager", "hr_manager", "employee", (712, "Work")),
    (31215, "Remote", "remote", "boolean", (712, "Work")),
)
_SHIRT_SIZES = ("XS", "S", "M", "L", "XL")
_HR_BY_DIVISION = {"Ukraine": 1131, "Europe": 1134, "Group": 1105}
_COUNTRIES = {"Kyiv": "UA", "Lviv": "UA", "Warsaw": "PL", "Berlin": "DE", "Lisbon": "PT"}


def _numbered(names: list[str], first: int, step: int) -> dict[str, int]:
    return {name: first + step * index for index, name in enumerate(dict.fromkeys(names))}


class Directory:
    """The company as the HR system holds it on a given day.

    The people who join soon, or have just joined, do so around `today`: a seed that is years old
    would otherwise have nobody left to onboard.
    """

    def __init__(self, today: date) -> None:
        starts = iter((7, 14, 21))
        trial = iter((-40, -26))
        self.people: dict[int, Person] = {}
        for person in PEOPLE:
            moved = person
            if person.status == "hired":
                moved = replace(person, hired_on=today + timedelta(days=next(starts)))
            elif person.status == "probation":
                moved = replace(person, hired_on=today + timedelta(days=next(trial)))
            self.people[person.id] = moved
        self.today = today
        self._departments = _numbered([p.department for p in PEOPLE], 5094, 7)
        self._divisions = _numbered([p.division for p in PEOPLE], 1819, 3)
        self._positions = _numbered([p.position for p in PEOPLE], 114651, 12)
        self._locations = _numbered([p.location for p in PEOPLE if p.location], 28693, 5)
        self._levels = _numbered(list(_LEVELS.values()), 640, 1)

    def contact(self, employee_id: int) -> dict[str, Any] | None:
        """Return {id, full_name, email}, as tasks show people, or None for nobody."""
        person = self.people.get(employee_id)
        if person is None:
            return None
        return {"id": person.id, "full_name": person.full_name, "email": person.email}

    def search(self, query: Query) -> list[dict[str, Any]]:
        """Return the slim records that pass the filters; what is no filter is ignored."""
        return [self.slim(person) for person in self.people.values() if self._passes(person, query)]

    def slim(self, person: Person) -> dict[str, Any]:
        """Return a record as the list shows it: without custom fields."""
        return {
            "id": person.id,
            "active": person.active,
            "access": person.active,
            "full_name": person.full_name,
            "first_name": person.first_name,
            "middle_name": "",
            "last_name": person.last_name,
            "email": person.email,
            "personal_email": None,
            "employee_number": _number(person),
            "mobile_number": None,
            "work_phone_number": None,
            "date_of_birth": None,
            "gender": None,
            "avatar_url": None,
            "probation_ends_on": self._probation_end(person),
            "hired_on": person.hired_on.isoformat(),
            "position": _named(self._positions, person.position),
            "job_level": self._level(person),
            "location": self._location(person),
            "employment_type": {"id": 1899, "name": "Full-Time"},
            "division": _named(self._divisions, person.division),
            "department": _named(self._departments, person.department),
            "reporting_to": self._reference(person.manager_id),
        }

    def full(self, employee_id: int) -> dict[str, Any] | None:
        """Return a record as GET by id shows it, custom fields included, or None for nobody."""
        person = self.people.get(employee_id)
        if person is None:
            return None
        left = None if person.active else (self.today - timedelta(days=12)).isoformat()
        reports = [p.id for p in self.people.values() if p.manager_id == person.id and p.active]
        return self.slim(person) | {
            "status": person.status,
            "direct_reports": [self._reference(report) for report in reports],
            "termination_effective_on": left,
            "termination_comment": None,
            "termination_eligible_for_rehire": None,
            "termination_type": None if person.active else {"id": 41, "name": "Voluntary"},
            "termination_reason": None,
            "fields": self._fields(person),
            "created_at": _created_at(person),
            "updated_at": _updated_at(person),
        }

    def lookup(self, name: str) -> list[dict[str, Any]]:
        """Return one of the company's lists by the last part of its path."""
        match name:
            case "departments":
                return [self._department(name) for name in self._departments]
            case "divisions":
                return [{"id": i, "name": n} for n, i in self._divisions.items()]
            case "positions":
                return [{"id": i, "name": n} for n, i in self._positions.items()]
            case "locations":
                return [{"id": i, "name": n} for n, i in self._locations.items()]
            case "teams":
                return [self._team(40 + 3 * i, p) for i, p in enumerate(self._leads())]
            case "employee_fields":
                return [_field(*field) for field in _EMPLOYEE_FIELDS]
        raise KeyError(name)

    def _passes(self, person: Person, query: Query) -> bool:
        status = query.one("status")
        if status in _STATUSES:
            wanted = person.status == status
        else:
            wanted = status == "all" or person.active
        return (
            wanted
            and _listed(str(person.id), query.all("ids[]"))
            and _listed(person.email, query.all("emails[]"))
            and _listed(_number(person), query.all("employee_numbers[]"))
            and _listed(str(person.manager_id), query.all("manager_id")[-1:])
            and _within(person.hired_on.isoformat(), "hired_on", query)
            and _within(_created_at(person), "created_at", query)
            and _within(_updated_at(person), "updated_at", query)
        )

    def _department(self, name: str) -> dict[str, Any]:
        members = [p for p in self.people.values() if p.department == name]
        ids = {p.id for p in members}
        head = next((p for p in members if p.manager_id not in ids), None)
        top = next(iter(self._departments))
        return {
            "id": self._departments[name],
            "name": name,
            "parent_id": None if name == top else self._departments[top],
            "manager_id": head.id if head else None,
        }

    def _leads(self) -> list[Person]:
        leading = {p.manager_id for p in self.people.values() if p.active}
        return [p for p in self.people.values() if p.id in leading]

    def _team(self, team_id: int, lead: Person) -> dict[str, Any]:
        members = [p for p in self.people.values() if p.manager_id == lead.id and p.active]
        return {
            "id": team_id,
            "name": f"{lead.department}: {lead.last_name}",
            "description": None,
            "team_lead": self.contact(lead.id),
            "team_members": [
                {"id": team_id * 100 + i, "user": self.contact(p.id)} for i, p in enumerate(members)
            ],
            "created_at": _created_at(lead),
            "updated_at": _updated_at(lead),
        }

    def _location(self, person: Person) -> dict[str, Any] | None:
        if person.location is None:
            return None
        return _named(self._locations, person.location) | {
            "country_code": _COUNTRIES[person.location]
        }

    def _level(self, person: Person) -> dict[str, Any] | None:
        levels = [level for word, level in _LEVELS.items() if word in person.position]
        return _named(self._levels, levels[0]) if levels else None

    def _probation_end(self, person: Person) -> str | None:
        if person.status not in ("hired", "probation"):
            return None
        return (person.hired_on + _PROBATION).isoformat()

    def _reference(self, employee_id: int | None) -> dict[str, Any] | None:
        person = self.people.get(employee_id or 0)
        if person is None:
            return None
        return {
            "id": person.id,
            "first_name": person.first_name,
            "last_name": person.last_name,
            "email": person.email,
        }

    def _fields(self, person: Person) -> dict[str, Any]:
        size = person.shirt_size
        hr_manager = self.contact(_HR_BY_DIVISION[person.division])
        return {
            "laptop_model": {"value": person.laptop},
            "t_shirt_size": {
                "value": {"id": 900 + _SHIRT_SIZES.index(size), "value": size} if size else None
            },
            "hr_manager": {"value": hr_manager},
            "remote": {"value": person.location in (None, "Lisbon")},
        }


def _named(numbers: dict[str, int], name: str) -> dict[str, Any]:
    return {"id": numbers[name], "name": name}


def _number(person: Person) -> str:
    return f"AC-{person.id}"


def _listed(value: str, wanted: list[str]) -> bool:
    return not wanted or value.lower() in [text.lower() for text in wanted]


def _within(value: str, name: str, query: Query) -> bool:
    """Compare as text: all these dates are written from the year down, so text sorts as time."""
    since, until = query.one(f"{name}[gte]"), query.one(f"{name}[lte]")
    return (not since or value >= since) and (not until or value[: len(until)] <= until)


def _created_at(person: Person) -> str:
    return _instant(person.hired_on - timedelta(days=9), person)


def _updated_at(person: Person) -> str:
    return _instant(person.hired_on + timedelta(days=1), person)


def _instant(day: date, person: Person) -> str:
    moment = datetime(day.year, day.month, day.day, 8, person.id % 60)  # noqa: DTZ001 - UTC below.
    return f"{moment.isoformat()}.{person.id % 1000:03d}Z"


def _field(
    number: int, name: str, internal_name: str, kind: str, group: tuple[int, str]
) -> dict[str, Any]:
    field: dict[str, Any] = {
        "id": number,
        "name": name,
        "internal_name": internal_name,
        "type": kind,
        "group": {"id": group[0], "name": group[1]},
    }
    if kind == "single_select":
        field["options"] = list(_SHIRT_SIZES)
    return field
