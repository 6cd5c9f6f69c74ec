"""What a task does not say of its people, for the rules that ask for it.

A task has a name and an e-mail of its assignee and of the employee whom it is about. Where a rule
reads their department or their custom fields, those are read from PeopleForce and kept for a day.
The snapshot in the ledger stays as the poll saw it, so a move to another department is no change of
a task.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from datetime import timedelta
from typing import Any

from connectors.peopleforce import details
from connectors.peopleforce.employees import Employee
from connectors.peopleforce.service import PeopleForce
from core import people
from core.database import reading, writing
from core.mapping.reads import Detail
from core.mapping.record import Record
from core.mapping.routing import Rule
from core.people import Known
from tasks.pf_jira import SOURCE

MAX_AGE = timedelta(hours=24)
"""How long what was read of a person is believed."""


def with_people(
    peopleforce: PeopleForce, snapshots: Sequence[Record], rules: Iterable[Rule]
) -> list[dict[str, Any]]:
    """Give copies of tasks' snapshots in which the people have all the details that rules read.

    Nothing is asked where no rule reads any. Otherwise whoever was not read within `MAX_AGE` is
    read: fifty people in a call, or one where custom fields or the status are read. A person whom
    PeopleForce does not show stays as the task has them.

    Raises a `VendorError` where somebody cannot be read: by half of the details a task could go to
    the wrong project. What was read until then is kept. Not to be called inside a transaction.
    """
    needed = details.needed_of(rules)
    wanted = details.people_of(snapshots, needed)
    slim = {one for one, detail in wanted.items() if detail is Detail.SLIM}
    complete = {one for one, detail in wanted.items() if detail is Detail.COMPLETE}
    found = _listed(peopleforce, slim) | _read_alone(peopleforce, complete)
    return [details.filled(snapshot, needed, found) for snapshot in snapshots]


def _listed(peopleforce: PeopleForce, ids: Set[int]) -> dict[int, Known]:
    known = _known(ids, complete=False)
    missing = ids - known.keys()
    if not missing:
        return known
    employees = peopleforce.employees(missing)
    read = {one: _details_of(employees.get(one)) for one in missing}
    _save(read, complete=False)
    return known | read


def _read_alone(peopleforce: PeopleForce, ids: Set[int]) -> dict[int, Known]:
    known = _known(ids, complete=True)
    for one in sorted(ids - known.keys()):
        known[one] = _details_of(peopleforce.employee(one))
        # At once: should the next call fail, this one need not be made again.
        _save({one: known[one]}, complete=True)
    return known


def _details_of(employee: Employee | None) -> Known:
    return {} if employee is None else employee.details()


def _known(ids: Collection[int], *, complete: bool) -> dict[int, Known]:
    if not ids:
        return {}
    with reading() as session:
        found = people.known(
            session, SOURCE, [str(one) for one in ids], max_age=MAX_AGE, complete=complete
        )
    return {int(one): record for one, record in found.items()}


def _save(records: Mapping[int, Known], *, complete: bool) -> None:
    named = {str(one): record for one, record in records.items()}
    with writing() as session:
        people.save(session, SOURCE, named, max_age=MAX_AGE, complete=complete)
