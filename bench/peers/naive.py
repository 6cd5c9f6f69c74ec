"""A peer of the flow: the script that somebody writes first, one task after the other."""

from __future__ import annotations

from collections.abc import Iterator

import requests

PER_PAGE = 50
SECONDS = 60


class NaiveClient:
    """Copies open tasks to Jira; a label tells whether an issue is there already."""

    def __init__(self, peopleforce: str, api_key: str, jira: str, account: tuple[str, str]) -> None:
        """Take addresses and credentials of both vendors."""
        self._peopleforce, self._jira = peopleforce, jira
        self._people = requests.Session()
        self._people.headers["X-API-KEY"] = api_key
        self._issues = requests.Session()
        self._issues.auth = account

    def import_new(self, project: str, most: int) -> int:
        """Make an issue for each task that has none, up to so many; gives how many were made."""
        made = 0
        for task in self._open_tasks():
            if made == most:
                break
            if not self._is_there(task["id"]):
                self._create(project, task)
                made += 1
        return made

    def _open_tasks(self) -> Iterator[dict]:
        page = pages = 1
        while page <= pages:
            answer = self._people.get(
                f"{self._peopleforce}/tasks", params={"page": page}, timeout=SECONDS
            )
            answer.raise_for_status()
            found = answer.json()
            yield from found["data"]
            pages = found["metadata"]["pagination"]["pages"]
            page += 1

    def _is_there(self, task_id: int) -> bool:
        answer = self._issues.post(
            f"{self._jira}/rest/api/3/search/jql",
            json={"jql": f'labels = "naive-{task_id}"', "maxResults": 1},
            timeout=SECONDS,
        )
        answer.raise_for_status()
        return bool(answer.json()["issues"])

    def _create(self, project: str, task: dict) -> None:
        fields = {
            "project": {"key": project},
            "issuetype": {"name": "Task"},
            "summary": task["title"],
            "labels": [f"naive-{task['id']}"],
        }
        answer = self._issues.post(
            f"{self._jira}/rest/api/3/issue", json={"fields": fields}, timeout=SECONDS
        )
        answer.raise_for_status()
