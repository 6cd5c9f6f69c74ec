"""One trial: people work in bad weather, something dies, all comes to rest, and the judge looks."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.chaos import weather
from tests.chaos.actor import Actor
from tests.chaos.injection import FOLDER, MESSAGES_TWICE, START_SECONDS
from tests.chaos.judge import Finding, judge
from tests.chaos.killing import Deed, deeds
from tests.chaos.looking import SWEEP, Observer
from tests.chaos.machine import Machine
from tests.support.rabbitmq import RabbitServer, rabbitmq_binary
from tests.support.stack import READY, Stack
from tests.support.vendors import JiraControl, PeopleForceControl

INJECT = Path(__file__).with_name("inject")

SETTINGS: dict[str, Any] = {
    "poll_interval_seconds": 5,
    # The index of the sandbox lags up to four seconds here.
    "jira_index_trust_seconds": 10,
    # As fast as is allowed: what a trial is about is the dying, not the waiting.
    "peopleforce_requests_per_second": 50,
    "jira_requests_per_second": 100,
    "worker_concurrency": 3,
}

TWICE = 0.3
"""The share of messages that the broker hands out twice."""

DROPPING = 0.3
"""The share of trials in which some webhooks never come."""

SETTLE_SECONDS = 300.0
"""The longest lease (110 s) twice, for what was taken over by somebody who died as well."""

REST_SECONDS = 0.5
SWEEP_LAG = timedelta(seconds=5)
BETWEEN_NIGHTS = timedelta(seconds=60)
CHANGES_A_SECOND = 12.0
MANY_CHANGES = 150
"""Changes in a trial after which people slow down: what is due has to be done before the end."""


@dataclass
class Outcome:
    """What came of one trial."""

    name: str
    kills: int
    findings: list[Finding]
    letters: int
    seconds: float | None
    """From the last kill to the first moment at which everything was right; None: it never was."""
    changes: int


class Harness:
    """A running stack, its people, and whoever looks at both."""

    def __init__(self, folder: Path, seed: int, broker: str = "redis") -> None:
        self.triggers = folder / "triggers"
        self.triggers.mkdir(parents=True)
        self.rng = random.Random(seed)
        self._letters: set[str] = set()
        self.rabbitmq = _rabbitmq(folder / "rabbitmq") if broker == "rabbitmq" else None
        own = {"broker_url": self.rabbitmq.url} if self.rabbitmq else {}
        self.stack = Stack(folder, **SETTINGS, **own)
        self.machine = Machine(folder, self.stack.data_dir)
        self.stack.env |= {
            "PYTHONPATH": str(INJECT),
            FOLDER: str(self.triggers),
            MESSAGES_TWICE: str(TWICE),
            **self.machine.env,
        }
        found = deeds(self.triggers, self.machine.clock, self.machine.disk, self.rabbitmq)
        self.deeds = {deed.name: deed for deed in found if deed.possible}

    def __enter__(self) -> Harness:
        """Start the stack and wait until both sides are in step."""
        try:
            if self.rabbitmq:
                self.rabbitmq.start()
            self.stack.launch()
            self.stack.await_output(READY, START_SECONDS)
            limit = self.stack.igw("set", "pf_jira.writes_per_record", "10000")
            assert limit.returncode == 0, limit.stderr
            self.people = PeopleForceControl(self.stack.url("sandbox_peopleforce"))
            self.jira = JiraControl(self.stack.url("sandbox_jira"))
            self.people.ask("PUT", "/switches", {"rate_limit": None})
            self.observer = Observer(self.stack, self.machine, self.people, self.jira)
            self.actor = Actor(self.people, self.jira, self.rng)
            self._began = datetime.now(UTC)
            findings, _ = self.settle(SETTLE_SECONDS)
            assert not findings, f"the stack did not come into step: {findings[:5]}"
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stack.destroy()
        if self.rabbitmq:
            self.rabbitmq.stop()
        self.machine.remove()

    def run(self, deed: Deed, kills: int = 1, settle_seconds: float = SETTLE_SECONDS) -> Outcome:
        """Let a deed be done some times while people work, and judge what is left of it."""
        self.begin_round()
        changes = self.actor.changes
        dropping = self.rng.random() < DROPPING
        weather.worsen(self.people, self.jira, self.rng, dropping=dropping)
        done = sum(
            deed.do(self.stack, self.rng, lambda: self.work(self.actor.changes - changes))
            for _ in range(kills)
        )
        last = time.monotonic()
        weather.clear(self.people, self.jira)
        findings, at_rest = self.settle(settle_seconds)
        for finding in findings:
            self.actor.forget(finding.record)
        return Outcome(
            deed.name,
            done,
            findings,
            self._new_letters(),
            None if at_rest is None else at_rest - last,
            self.actor.changes - changes,
        )

    def begin_round(self) -> None:
        """Say anew which records are changed where; moves of issues are counted from now on."""
        self._began = datetime.now(UTC)
        self.actor.begin()

    def judge(self) -> list[Finding]:
        """Give what is wrong at this moment, much of which is only under way."""
        return judge(self.actor.expected, self.observer.world(self._began))

    def work(self, changes: int = 0) -> None:
        """Let people make one change; `changes` is how many they have made in this trial."""
        self.actor.act()
        pace = CHANGES_A_SECOND if changes < MANY_CHANGES else CHANGES_A_SECOND / 10
        time.sleep(self.rng.uniform(0, 2 / pace))

    def settle(self, seconds: float = SETTLE_SECONDS) -> tuple[list[Finding], float | None]:
        """Wait until everything is right and stays so; give what is not, and when it was."""
        deadline = time.monotonic() + seconds
        right: tuple[float, datetime] | None = None
        nights = _Nights(self.observer)
        while True:
            under_way = self.observer.webhooks_under_way()
            if not under_way:
                nights.fall()
            findings = self.judge()
            if under_way or not all(finding.final for finding in findings):
                right = None
            elif right is None:
                right = time.monotonic(), datetime.now(UTC)
            elif self.observer.ran_since(right[1], "pf_jira.poll") and nights.over:
                return findings, None if findings else right[0]
            if time.monotonic() > deadline:
                return findings, None
            time.sleep(REST_SECONDS)

    def _new_letters(self) -> int:
        letters = self.observer.world(self._began).letters
        new = len(set(letters) - self._letters)
        self._letters |= set(letters)
        return new


def _rabbitmq(folder: Path) -> RabbitServer:
    binary = rabbitmq_binary()
    if binary is None:
        message = "no RabbitMQ on this machine (Debian: apt-get install rabbitmq-server)"
        raise FileNotFoundError(message)
    folder.mkdir()
    return RabbitServer(folder, binary)


class _Nights:
    """Nights for the changes that Jira could not tell of: the work of a night finds them.

    A record that somebody works on is left to the next night, so there may have to be another.
    """

    def __init__(self, observer: Observer) -> None:
        self._observer = observer
        self._needed = False
        self._last: datetime | None = None

    def fall(self) -> None:
        """Let the first night fall when there is something untold, and more of them later."""
        self._needed = self._observer.needs_a_night() or self._needed
        if not self._needed:
            return
        if self._last is None:
            # Search has to know of the last change before it is asked for all of them.
            time.sleep(SWEEP_LAG.total_seconds())
        elif datetime.now(UTC) - self._last < BETWEEN_NIGHTS:
            return
        self._last = datetime.now(UTC)
        self._observer.let_night_fall()

    @property
    def over(self) -> bool:
        """Whether the last night, if one was needed, has found the changes; deletions show."""
        return self._last is None or self._observer.ran_since(self._last, SWEEP)
