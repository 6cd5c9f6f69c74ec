"""PeopleForce's endpoints, one method each."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote

from requests import PreparedRequest
from requests.auth import AuthBase

from connectors.peopleforce.employees import Employee, EmployeePage
from connectors.peopleforce.models import Task, TaskPage
from connectors.peopleforce.payloads import read_one
from connectors.session import VendorSession
from core.breaker import Breaker
from core.errors import PayloadError, VendorAmbiguousError
from core.rate_limit import RateLimit
from core.settings import PeopleForceAccess

VENDOR = "peopleforce"


class _ApiKey(AuthBase):
    """PeopleForce's header. As an auth object, so that no `.netrc` of the machine steps in.

    Source: https://developer.peopleforce.io/docs/authentication
    """

    def __init__(self, access: PeopleForceAccess) -> None:
        self._access = access

    def __call__(self, r: PreparedRequest) -> PreparedRequest:
        r.headers["X-API-KEY"] = self._access.api_key.get_secret_value()
        return r


class PeopleForceClient:
    """Calls to one PeopleForce tenant. Every method raises the errors of `VendorSession.call`."""

    def __init__(
        self,
        access: PeopleForceAccess,
        rate_limit: RateLimit,
        breaker: Breaker | None = None,
        *,
        read_timeout: float = 30.0,
    ) -> None:
        self._session = VendorSession(
            VENDOR,
            access.base_url,
            auth=_ApiKey(access),
            rate_limit=rate_limit,
            breaker=breaker,
            read_timeout=read_timeout,
        )

    def list_tasks(self, completed: bool, page: int) -> TaskPage:
        """Give one page of all open or all completed tasks of the company, 50 at most.

        Source: https://developer.peopleforce.io/reference/get-tasks
        """
        payload = self._session.call(
            "list_tasks",
            "GET",
            "/tasks",
            query=f"completed={'true' if completed else 'false'}&page={page}",
        )
        return TaskPage.from_payload(payload, page)

    def complete_task(self, task_id: int) -> None:
        """Complete a task; the body of the answer is not documented and not read.

        Source: https://developer.peopleforce.io/reference/put-tasks-id
        """
        self._session.call("complete_task", "PUT", f"/tasks/{task_id}/complete", expect_json=False)

    def reopen_task(self, task_id: int) -> None:
        """Make a completed task open again.

        Source: https://developer.peopleforce.io/reference/put-tasks-id-incomplete
        """
        self._session.call("reopen_task", "PUT", f"/tasks/{task_id}/incomplete", expect_json=False)

    def create_task(
        self,
        *,
        title: str,
        employee_id: int,
        description_html: str | None = None,
        starts_on: str | None = None,
        ends_on: str | None = None,
    ) -> Task:
        """Make a task for an employee. Raises `VendorAmbiguousError` when the answer is lost.

        The request calls `name` what every answer calls `title`.
        Source: https://developer.peopleforce.io/reference/post-tasks
        """
        fields = {
            "name": title,
            "employee_id": employee_id,
            "description": description_html,
            "starts_on": starts_on,
            "ends_on": ends_on,
        }
        payload = self._session.call(
            "create_task",
            "POST",
            "/tasks",
            json={key: value for key, value in fields.items() if value is not None},
        )
        try:
            return Task.from_payload(read_one(payload))
        except PayloadError as error:
            raise VendorAmbiguousError(VENDOR, "create_task", None, str(error)) from error

    def list_employees(
        self,
        *,
        emails: Iterable[str] = (),
        ids: Iterable[int] = (),
        status: str | None = None,
        page: int = 1,
    ) -> EmployeePage:
        """Give one page of employees, 50 at most and without their custom fields.

        `status` is one of PeopleForce's, or `all`; without it those who work here now are listed.

        A filter that PeopleForce does not understand is ignored, and everybody is listed: check
        what comes back. Source: https://developer.peopleforce.io/reference/get-employees
        """
        terms = [f"emails[]={quote(email, safe='@')}" for email in emails]
        terms += [f"ids[]={employee_id}" for employee_id in ids]
        terms += [f"status={quote(status)}"] if status else []
        payload = self._session.call(
            "list_employees", "GET", "/employees", query="&".join([*terms, f"page={page}"])
        )
        return EmployeePage.from_payload(payload, page)

    def get_employee(self, employee_id: int) -> Employee:
        """Give one employee, with the custom fields.

        Source: https://developer.peopleforce.io/reference/get-employees-id
        """
        payload = self._session.call("get_employee", "GET", f"/employees/{employee_id}")
        return Employee.from_single_payload(read_one(payload))

    def check_credentials(self) -> None:
        """Raise `VendorCredentialsError` unless the API key is good; there is no cheaper probe."""
        self.list_employees(page=1)
