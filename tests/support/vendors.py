"""The two sandbox vendors as a person beside them sees them: through their control API."""

from __future__ import annotations

from collections import Counter
from typing import Any

import requests

SECONDS = 10


class Control:
    """The control API of one stand-in."""

    def __init__(self, url: str) -> None:
        self.url = f"{url}/_control"

    def ask(self, method: str, path: str, json: dict[str, Any] | None = None) -> Any:
        answer = requests.request(method, f"{self.url}{path}", json=json, timeout=SECONDS)
        assert answer.ok, f"{method} {path}: {answer.status_code} {answer.text[:300]}"
        return answer.json() if answer.content else None

    def fail(self, kind: str, **fault: Any) -> None:
        """Inject a fault into the vendor's API; see `sandbox.common.faults.Fault`."""
        self.ask("POST", "/faults", {"kind": kind, **fault})

    def heal(self) -> None:
        """Remove all faults."""
        self.ask("DELETE", "/faults")

    def forget_calls(self) -> None:
        """Start counting calls anew."""
        self.ask("DELETE", "/calls")

    def calls(self) -> int:
        """Count the calls to the vendor's API since they were forgotten."""
        return self.ask("GET", "/calls")["total"]

    def call_list(self) -> dict[str, int]:
        """Count the calls by route, such as `GET /tasks/<id>`."""
        return self.ask("GET", "/calls")["calls"]


class PeopleForceControl(Control):
    """What a person does in PeopleForce."""

    def tasks(self, *, completed: bool = False) -> list[dict[str, Any]]:
        return self.ask("GET", f"/tasks?completed={str(completed).lower()}")["tasks"]

    def task(self, task_id: str | int) -> dict[str, Any]:
        return self.ask("GET", f"/tasks/{task_id}")

    def create(self, **fields: Any) -> dict[str, Any]:
        return self.ask("POST", "/tasks", fields)

    def create_many(self, count: int) -> None:
        self.ask("POST", "/tasks/bulk", {"count": count})

    def edit(self, task_id: str | int, **fields: Any) -> None:
        self.ask("PATCH", f"/tasks/{task_id}", fields)

    def complete(self, task_id: str | int) -> None:
        self.ask("POST", f"/tasks/{task_id}/complete")

    def reopen(self, task_id: str | int) -> None:
        self.ask("POST", f"/tasks/{task_id}/incomplete")

    def delete(self, task_id: str | int) -> None:
        self.ask("DELETE", f"/tasks/{task_id}")


class JiraControl(Control):
    """What a person does in Jira."""

    def issues(self) -> list[dict[str, Any]]:
        """Give the issues that were made for tasks."""
        return [issue for issue in self.ask("GET", "/issues")["issues"] if issue["task_id"]]

    def issue_of(self, task_id: str | int) -> dict[str, Any] | None:
        """Give the one issue of a task; more than one is a failure of whoever asks."""
        found = [issue for issue in self.issues() if issue["task_id"] == str(task_id)]
        assert len(found) <= 1, f"task {task_id} has {[issue['key'] for issue in found]}"
        return found[0] if found else None

    def doubled(self) -> dict[str, int]:
        """Give the tasks that have more than one issue, with how many."""
        counts = Counter(issue["task_id"] for issue in self.issues())
        return {task: count for task, count in counts.items() if count > 1}

    def edit(self, key: str, **fields: Any) -> None:
        self.ask("PATCH", f"/issues/{key}", {"fields": fields})

    def move(self, key: str, to: str) -> None:
        self.ask("POST", f"/issues/{key}/move", {"to": to})

    def delete(self, key: str) -> None:
        self.ask("DELETE", f"/issues/{key}")

    def last_delivery(self) -> dict[str, Any]:
        """Give what became of the newest webhook: its event, issue and the answers so far."""
        return self.ask("GET", "/webhooks")["deliveries"][0]

    def set_webhooks(self, **switches: Any) -> None:
        self.ask("PUT", "/webhooks", switches)

    def settings(self, **settings: Any) -> None:
        self.ask("PUT", "/settings", settings)
