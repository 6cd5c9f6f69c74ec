"""PeopleForce in the gateway's words."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Sequence

from connectors.peopleforce.client import VENDOR, PeopleForceClient
from connectors.peopleforce.employees import Employee
from connectors.peopleforce.models import Task, TaskPage
from core.breaker import Breaker
from core.errors import (
    PayloadError,
    VendorNotFoundError,
    VendorRejectedError,
    VendorUnavailableError,
)
from core.rate_limit import RateLimit
from core.redis_client import get_redis
from core.settings import get_settings

log = logging.getLogger(__name__)

MAX_PAGES = 2000
"""Pages after which a list is taken to be endless: 100,000 records."""

EMPLOYEES_IN_A_CALL = 50
"""Employees whom one page of their list shows."""

_BURST = 4


class PeopleForce:
    """The company's tasks and people.

    Every method raises the errors of `core.errors`. Nothing here concludes anything from a task's
    absence: pages shift while they are read, so one list proves only what is in it.
    """

    def __init__(self, client: PeopleForceClient) -> None:
        self.client = client

    def open_tasks(self) -> list[Task]:
        """Give all open tasks, each once, in as many calls as there are pages.

        A task made while the pages are read pushes another onto the next page, where it shows up a
        second time; the later reading wins.
        """
        tasks: dict[int, Task] = {}
        for page in self._pages(completed=False):
            tasks.update((task.id, task) for task in page.tasks)
        return list(tasks.values())

    def completed_pages(self, first: int = 1) -> Iterator[list[Task]]:
        """Give the completed tasks page by page, newest first; stop reading when you have enough.

        This list only grows. Its order is what PeopleForce does, not what it promises.
        """
        for page in self._pages(completed=True, first=first):
            yield page.tasks

    def complete(self, task_id: int) -> None:
        """Complete a task, or leave it completed. Safe to repeat.

        Raises `VendorNotFoundError` when the task was deleted. What PeopleForce answers for a task
        that is completed already is not documented; after a refusal its lists decide.
        """
        try:
            self.client.complete_task(task_id)
        except VendorRejectedError:
            if self.is_open(task_id) is not False:
                raise

    def reopen(self, task_id: int) -> None:
        """Make a task open, or leave it open; as `complete` in everything else."""
        try:
            self.client.reopen_task(task_id)
        except VendorRejectedError:
            if self.is_open(task_id) is not True:
                raise

    def is_open(self, task_id: int) -> bool | None:
        """Say whether a task is open, by the lists that hold it; None when neither shows it.

        The completed list is read until its ids are all below this one. It comes newest first, so
        reading on would cost calls and find nothing; were the order another, the answer is None.
        """
        if any(task.id == task_id for task in self.open_tasks()):
            return True
        for tasks in self.completed_pages():
            if any(task.id == task_id for task in tasks):
                return False
            if all(task.id < task_id for task in tasks):
                break
        return None

    def employee_by_email(self, email: str) -> Employee | None:
        """Find an employee of any status by work e-mail, whatever its case."""
        wanted = email.strip().casefold()
        page = self.client.list_employees(emails=[email.strip()], status="all")
        for employee in page.employees:
            if employee.email and employee.email.casefold() == wanted:
                return employee
        return None

    def employees(self, ids: Collection[int]) -> dict[int, Employee]:
        """Give employees of any status by their ids, without custom fields, fifty in a call.

        Who is not in the result is not shown to us. What cannot be read is an outage: nobody may be
        taken for missing because of it.
        """
        found: dict[int, Employee] = {}
        wanted = sorted(set(ids))
        for start in range(0, len(wanted), EMPLOYEES_IN_A_CALL):
            found |= self._listed(wanted[start : start + EMPLOYEES_IN_A_CALL])
        return found

    def employee(self, employee_id: int) -> Employee | None:
        """Give an employee with the custom fields, or None for one who is not shown to us."""
        try:
            employee = self.client.get_employee(employee_id)
        except VendorNotFoundError:
            return None
        except PayloadError as error:
            raise VendorUnavailableError(VENDOR, "get_employee", None, str(error)) from error
        if employee.id != employee_id:
            raise VendorUnavailableError(
                VENDOR, "get_employee", None, f"employee {employee.id} came for {employee_id}"
            )
        return employee

    def check_credentials(self) -> None:
        """Raise `VendorCredentialsError` unless PeopleForce accepts the API key."""
        self.client.check_credentials()

    def _listed(self, ids: Sequence[int]) -> dict[int, Employee]:
        """Give those of at most fifty employees who are shown.

        They fit on one page. Should PeopleForce ignore the filter, it lists everybody, and they are
        looked for on all pages: the first alone would make missing of those who come later.
        """
        found: dict[int, Employee] = {}
        for number in range(1, MAX_PAGES + 1):
            try:
                page = self.client.list_employees(ids=ids, status="all", page=number)
            except PayloadError as error:
                raise VendorUnavailableError(VENDOR, "list_employees", None, str(error)) from error
            asked = {one.id: one for one in page.employees if one.id in ids}
            found |= asked
            if number == 1 and len(asked) < len(page.employees):
                log.warning("filter_ignored", extra={"vendor": VENDOR, "filter": "ids[]"})
            if page.is_last or len(found) == len(ids):
                return found
        raise _endless("list_employees")

    def _pages(self, *, completed: bool, first: int = 1) -> Iterator[TaskPage]:
        for number in range(first, MAX_PAGES + 1):
            page = self.client.list_tasks(completed=completed, page=number)
            for problem in page.unreadable:
                log.warning("task_unreadable", extra={"vendor": VENDOR, "problem": problem})
            yield page
            if page.is_last:
                return
        raise _endless("list_tasks")


def _endless(operation: str) -> VendorUnavailableError:
    detail = f"the list did not end after {MAX_PAGES} pages"
    return VendorUnavailableError(VENDOR, operation, None, detail)


def connect() -> PeopleForce:
    """Build the service from this process's settings; once per process keeps connections open."""
    access = get_settings().peopleforce
    limit = RateLimit(get_redis(), VENDOR, access.requests_per_second, burst=_BURST)
    return PeopleForce(PeopleForceClient(access, limit, Breaker(get_redis(), VENDOR)))
