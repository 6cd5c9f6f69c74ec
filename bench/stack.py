"""The whole gateway with its sandbox, as `igw up` starts it, while something is measured."""

from __future__ import annotations

import sqlite3
import tempfile
import time
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from pathlib import Path

from tests.support.stack import Stack
from tests.support.vendors import JiraControl, PeopleForceControl

SEEDED_TASKS = 150
"""Open tasks that the sandbox begins with."""

UNLIMITED = {"jira_requests_per_second": 1_000, "peopleforce_requests_per_second": 1_000}
"""Settings by which the sandbox is what limits, not a vendor's budget."""

A_DAY = 86_400
TIMEOUT = 300.0


class Measured(Stack):
    """A stack with its vendors; polls come when they are asked for, so nothing is in the way."""

    def __init__(self, folder: Path, **settings: object) -> None:
        """Choose ports and settings; nothing is started."""
        usual = {"poll_interval_seconds": A_DAY, "log_level": "WARNING"}
        super().__init__(folder, **{**usual, **settings})
        self.people = PeopleForceControl(self.url("sandbox_peopleforce"))
        self.jira = JiraControl(self.url("sandbox_jira"))

    def poll(self) -> None:
        """Have PeopleForce read now, and wait for the end of it."""
        answer = self.igw("poll")
        if answer.returncode:
            raise RuntimeError(answer.stdout)

    def await_settled(self, seconds: float = TIMEOUT) -> None:
        """Wait until nothing is left to do."""
        wait_until(lambda: not self.count("links", "due_at IS NOT NULL"), seconds)
        wait_until(lambda: not self.count("deliveries", "due_at IS NOT NULL"), seconds)

    def count(self, table: str, condition: str = "TRUE") -> int:
        """Count rows of the gateway's database."""
        return self.rows(f"SELECT count(*) FROM {table} WHERE {condition}")[0][0]  # noqa: S608

    def rows(self, statement: str) -> list[tuple]:
        """Ask the gateway's database."""
        path = self.data_dir / "sandbox" / "gateway.db"
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30)) as database:
            return database.execute(statement).fetchall()


@contextmanager
def running_stack(**settings: object) -> Generator[Measured]:
    """Run a stack inside the block, from the moment at which its first 150 tasks are issues."""
    with tempfile.TemporaryDirectory() as folder:
        stack = Measured(Path(folder), **settings)
        try:
            stack.start()
            wait_until(lambda: stack.count("links", "state = 'synced'") >= SEEDED_TASKS)
            stack.await_settled()
            yield stack
        finally:
            stack.destroy()


def wait_until(condition: Callable[[], object], seconds: float = TIMEOUT) -> None:
    """Wait for a condition; raises `TimeoutError`."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            message = f"not within {seconds:.0f} s"
            raise TimeoutError(message)
        time.sleep(0.05)
