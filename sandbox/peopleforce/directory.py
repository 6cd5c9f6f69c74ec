"""Employees and the lists around them, in PeopleForce's shapes.

Source of the shapes: https://developer.peopleforce.io/reference
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sandbox.common.company import PEOPLE, Person
from sandbox.common.documents import Documents
from sandbox.peopleforce.answers import Query
from sandbox.peopleforce.custom_fields import FIELDS, changed_values, values_of

_STATUSES = ("employed", "terminated", "hired", "probation")
_PROBATION = timedelta(days=90)
_LEVELS = {"Head": "Lead", "Chief": "Lead", "Senior": "Senior", "Manager": "Middle"}
_COUNTRIES = {"Kyiv": "UA", "Lviv": "UA", "Warsaw": "PL", "Berlin": "DE", "Lisbon": "PT"}


_KIND = "person"


def _numbered(names: list[str], first: int, step: int) -> dict[str, int]:
    return {name: first + step * index for index, name in enumerate(dict.fromkeys(names))}


class Directory:
    """The company as the HR system holds it on a given day.

    The people who join soon, or have just joined, do so around `today`: a seed that is years old
    would otherwise have nobody left to onboard.
    """

    def __init__(self, today: date, documents: Documents) -> None:
        self.today = today
        self._documents = documents
        self._lock = threading.Lock()
        self._departments = _numbered([p.department for p in PEOPLE], 5094, 7)
        self._divisions = _numbered([p.division for p in PEOPLE], 1819, 3)
        self._positions = _numbered([p.position for p in PEOPLE], 114651, 12)
        self._locations = _numbered([p.location for p in PEOPLE if p.location], 28693, 5)
        self._levels = _numbered(list(_LEVELS.values()), 640, 1)
        self.people = {person.id: person for person in _first_day(today)}
        self._fields: dict[int, dict[str, Any]] = {}
        self._changed_at: dict[int, str] = {}
        self._last_id = max(self.people)
        for key, value in documents.load(_KIND).items():
            self._last_id = max(self._last_id, int(key))
            self._take(int(key), value)

    def contact(self, employee_id: int) -> dict[str, Any] | None:
        """Return {id, full_name, email}, as tasks show people, or None for nobody."""
        person = self.people.get(employee_id)
        if person is None:
            return None
        return {"id": person.id, "full_name": person.full_name, "email": person.email}

    def names(self, what: str) -> list[str]:
        """Return the names of one of the company's lists, such as `departments`."""
        return [row["name"] for row in self.lookup(what)]

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
        left = None if person.active else self._left_on(person)
        reports = [p.id for p in self.people.values() if p.manager_id == person.id and p.active]
        return self.slim(person) | {
            "status": person.status,
            "direct_reports": [self._reference(report) for report in reports],
            "termination_effective_on": left,
            "termination_comment": None,
            "termination_eligible_for_rehire": None,
            "termination_type": None if person.active else {"id": 41, "name": "Voluntary"},
            "termination_reason": None,
            "fields": self._custom_fields(person),
            "created_at": _created_at(person),
            "updated_at": self._updated_at(person),
        }

    def change(
        self,
        employee_id: int,
        custom_fields: Mapping[str, Any],
        **values: Any,  # noqa: ANN401 - the fields of Person
    ) -> Person | None:
        """Edit an employee; return None when they are not there.

        Raises WrongValueError where a custom field does not take what it is given.
        """
        fields = changed_values(custom_fields, self.contact)
        with self._lock:
            person = self.people.get(employee_id)
            if person is None:
                return None
            person = replace(person, **values)
            self._save(person, self._fields.get(employee_id, {}) | fields)
        return person

    def hire(self, count: int) -> list[Person]:
        """Add `count` employees, each in the place of one whom the company has from the start."""
        with self._lock:
            hired = []
            for number in range(count):
                like = PEOPLE[number % len(PEOPLE)]
                self._last_id += 1
                name = f"{like.last_name}-{self._last_id}"
                person = replace(like, id=self._last_id, last_name=name, status="employed")
                self._save(person, {})
                hired.append(person)
        return hired

    def remove(self, employee_id: int) -> bool:
        """Delete an employee, so that no list and no path shows them; say whether they were there.

        Their tasks go on naming them.
        """
        with self._lock:
            found = employee_id in self.people
            if found:
                self._put(employee_id, {"removed": True})
        return found

    def _save(self, person: Person, fields: dict[str, Any]) -> None:
        moment = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        written = asdict(person) | {"hired_on": person.hired_on.isoformat()}
        self._put(person.id, {"person": written, "fields": fields, "changed_at": moment})

    def _put(self, employee_id: int, value: dict[str, Any]) -> None:
        self._documents.put(_KIND, str(employee_id), value)
        self._take(employee_id, value)

    def _take(self, employee_id: int, value: dict[str, Any]) -> None:
        people = dict(self.people)
        if value.get("removed"):
            people.pop(employee_id, None)
        else:
            written = value["person"]
            hired_on = date.fromisoformat(written["hired_on"])
            people[employee_id] = Person(**written | {"hired_on": hired_on})
            self._fields[employee_id] = value["fields"]
            self._changed_at[employee_id] = value["changed_at"]
        # Another, not the same with a change: who is reading the old one goes on undisturbed.
        self.people = people

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
                return [field.to_json() for field in FIELDS.values()]
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
            and _within(self._updated_at(person), "updated_at", query)
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
            "updated_at": self._updated_at(lead),
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

    def _custom_fields(self, person: Person) -> dict[str, Any]:
        values = values_of(person, self.contact) | self._fields.get(person.id, {})
        return {name: {"value": value} for name, value in values.items()}

    def _updated_at(self, person: Person) -> str:
        usual = _instant(person.hired_on + timedelta(days=1), person)
        return self._changed_at.get(person.id, usual)

    def _left_on(self, person: Person) -> str:
        usual = (self.today - timedelta(days=12)).isoformat()
        return self._changed_at.get(person.id, usual)[: len(usual)]


def _first_day(today: date) -> Iterator[Person]:
    starts = iter((7, 14, 21))
    trial = iter((-40, -26))
    for person in PEOPLE:
        if person.status == "hired":
            yield replace(person, hired_on=today + timedelta(days=next(starts)))
        elif person.status == "probation":
            yield replace(person, hired_on=today + timedelta(days=next(trial)))
        else:
            yield person


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


def _instant(day: date, person: Person) -> str:
    moment = datetime(day.year, day.month, day.day, 8, person.id % 60)  # noqa: DTZ001 - UTC below.
    return f"{moment.isoformat()}.{person.id % 1000:03d}Z"
