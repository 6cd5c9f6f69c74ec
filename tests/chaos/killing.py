"""What goes wrong: a death at a named step or from outside, a stepped clock, a full disk."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from tests.chaos.injection import Trigger
from tests.chaos.machine import Clock, Disk
from tests.chaos.steps import STEPS, Step
from tests.chaos.weather import API
from tests.support.rabbitmq import RabbitServer
from tests.support.stack import Stack
from tests.support.vendors import Control, JiraControl, PeopleForceControl

REACH_SECONDS = 45.0
"""How long a step may take to be reached while people change things."""

BETWEEN = (1.0, 4.0)
"""Seconds of work before a process is killed from outside."""

HOUR = 3600
STILL_SECONDS = 30.0
FULL_SECONDS = 20.0

PATIENCE_SECONDS = 8.0
"""Between Jira's attempts while the disk is full: it gives up after the fifth, and a real one waits
for minutes."""


@dataclass(frozen=True)
class Deed:
    """Something that goes wrong: `do` returns when it has, and says whether it has.

    It is given the stack, the seeded randomness, and what to call while it waits.
    """

    name: str
    do: Callable[[Stack, random.Random, Callable[[], None]], bool]
    slow: bool = False
    """Whether recovery takes up to two minutes, because a lease has to run out."""
    possible: bool = True
    """Whether this machine can do it."""


def deeds(
    folder: Path, clock: Clock | None, disk: Disk | None, rabbitmq: RabbitServer | None = None
) -> list[Deed]:
    """Give everything that can go wrong, in the order of the table."""
    return [
        Deed("nothing but bad weather", _nothing),
        *(Deed(step.name, _at(step, Trigger(folder, step.name)), step.slow) for step in STEPS),
        Deed("worker: a child", _child("worker-pf_jira")),
        Deed("worker: the parent alone", _parent("worker-pf_jira"), slow=True),
        Deed("worker: all its processes", _whole("worker-pf_jira"), slow=True),
        Deed("gateway: a worker", _child("gateway")),
        Deed("gateway: the master alone", _parent("gateway")),
        Deed("gateway: all its processes", _whole("gateway")),
        Deed("beat", _whole("beat")),
        Deed("redis: killed", _whole("redis"), slow=True),
        Deed(f"redis: stands still for {STILL_SECONDS:.0f} s", _still(STILL_SECONDS), slow=True),
        Deed(
            "rabbitmq: killed",
            _kill_broker(rabbitmq),
            slow=True,
            possible=rabbitmq is not None,
        ),
        Deed(
            f"rabbitmq: stands still for {STILL_SECONDS:.0f} s",
            _still_broker(rabbitmq),
            slow=True,
            possible=rabbitmq is not None,
        ),
        Deed("clock: set an hour forward", _step_clock(clock, HOUR), possible=clock is not None),
        Deed("clock: set an hour back", _step_clock(clock, -HOUR), possible=clock is not None),
        Deed(
            f"disk: full for {FULL_SECONDS:.0f} s",
            _fill(disk),
            slow=True,
            possible=disk is not None,
        ),
    ]


def _at(step: Step, trigger: Trigger) -> Callable[..., bool]:
    def do(stack: Stack, _rng: random.Random, meanwhile: Callable[[], None]) -> bool:
        vendors: dict[str, type[Control]] = {"jira": JiraControl, "peopleforce": PeopleForceControl}
        if step.outage:
            vendor = vendors[step.outage](stack.url(f"sandbox_{step.outage}"))
            for method in ("PUT", "POST"):
                vendor.fail("status", method=method, path=API[step.outage], status=503)
        trigger.arm()
        deadline = time.monotonic() + REACH_SECONDS
        while not trigger.struck and time.monotonic() < deadline:
            meanwhile()
        return not trigger.disarm()

    return do


def _nothing(_stack: Stack, rng: random.Random, meanwhile: Callable[[], None]) -> bool:
    _work(rng, meanwhile)
    return True


def _child(name: str) -> Callable[..., bool]:
    def do(stack: Stack, rng: random.Random, meanwhile: Callable[[], None]) -> bool:
        _work(rng, meanwhile)
        children = stack.pids(name)[1:]
        return _kill([rng.choice(children)] if children else [])

    return do


def _parent(name: str) -> Callable[..., bool]:
    def do(stack: Stack, rng: random.Random, meanwhile: Callable[[], None]) -> bool:
        _work(rng, meanwhile)
        return _kill(stack.pids(name)[:1])

    return do


def _whole(name: str) -> Callable[..., bool]:
    def do(stack: Stack, rng: random.Random, meanwhile: Callable[[], None]) -> bool:
        _work(rng, meanwhile)
        return _kill(stack.pids(name))

    return do


def _still(seconds: float) -> Callable[..., bool]:
    def do(stack: Stack, rng: random.Random, meanwhile: Callable[[], None]) -> bool:
        _work(rng, meanwhile)
        pids = stack.pids("redis")
        if not _kill(pids, signal.SIGSTOP):
            return False
        try:
            deadline = time.monotonic() + seconds
            while time.monotonic() < deadline:
                meanwhile()
        finally:
            _kill(pids, signal.SIGCONT)
        return True

    return do


def _kill_broker(rabbitmq: RabbitServer | None) -> Callable[..., bool]:
    def do(_stack: Stack, rng: random.Random, meanwhile: Callable[[], None]) -> bool:
        assert rabbitmq is not None
        _work(rng, meanwhile)
        rabbitmq.stop()
        _work(rng, meanwhile)
        rabbitmq.start()
        return True

    return do


def _still_broker(rabbitmq: RabbitServer | None) -> Callable[..., bool]:
    def do(_stack: Stack, rng: random.Random, meanwhile: Callable[[], None]) -> bool:
        assert rabbitmq is not None
        _work(rng, meanwhile)
        rabbitmq.send(signal.SIGSTOP)
        try:
            deadline = time.monotonic() + STILL_SECONDS
            while time.monotonic() < deadline:
                meanwhile()
        finally:
            rabbitmq.send(signal.SIGCONT)
        return True

    return do


def _step_clock(clock: Clock | None, seconds: int) -> Callable[..., bool]:
    def do(_stack: Stack, rng: random.Random, meanwhile: Callable[[], None]) -> bool:
        assert clock
        _work(rng, meanwhile)
        clock.step(seconds)
        _work(rng, meanwhile)
        return True

    return do


def _fill(disk: Disk | None) -> Callable[..., bool]:
    def do(stack: Stack, rng: random.Random, meanwhile: Callable[[], None]) -> bool:
        assert disk
        jira = JiraControl(stack.url("sandbox_jira"))
        jira.set_webhooks(retry_wait_seconds=PATIENCE_SECONDS)
        _work(rng, meanwhile)
        disk.fill()
        try:
            deadline = time.monotonic() + FULL_SECONDS
            while time.monotonic() < deadline:
                meanwhile()
        finally:
            disk.free()
        return True

    return do


def _work(rng: random.Random, meanwhile: Callable[[], None]) -> None:
    deadline = time.monotonic() + rng.uniform(*BETWEEN)
    while time.monotonic() < deadline:
        meanwhile()


def _kill(pids: Iterable[int], number: signal.Signals = signal.SIGKILL) -> bool:
    hit = False
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue
        hit = True
    return hit
