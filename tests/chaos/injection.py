"""What a process of the stack does to itself: dies at an armed step, or is built to be broken.

It happens from outside: a module of the product is changed right after its import, in processes
whose environment asks for it. A step is armed by a file of its name; whoever removes the file is
the one process that dies.
"""

from __future__ import annotations

import functools
import os
import random
import signal
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

from tests.chaos.breaks import BREAKS, Switch
from tests.chaos.steps import STEPS, Step

FOLDER = "CHAOS_FOLDER"
"""Environment variable: where armed steps and the switches of breaks lie."""

MESSAGES_TWICE = "CHAOS_MESSAGES_TWICE"
"""Environment variable: the share of messages that the broker hands out twice."""

START_SECONDS = 280.0

Change = Callable[[Any], None]


class Trigger:
    """One step's file, seen from both sides: the harness arms it, one process is struck by it."""

    def __init__(self, folder: Path, step: str) -> None:
        name = "".join(letter if letter.isalnum() else "-" for letter in step)
        self._armed = folder / f"{name}.armed"
        self._struck = folder / f"{name}.struck"

    def arm(self) -> None:
        """Let the next process that comes by die."""
        self._struck.unlink(missing_ok=True)
        self._armed.touch()

    def disarm(self) -> bool:
        """Take the trigger back, and say whether it was still there; true for one caller only."""
        try:
            self._armed.unlink()
        except FileNotFoundError:
            return False
        return True

    @property
    def struck(self) -> bool:
        """Whether a process has died of it since it was armed."""
        return self._struck.exists()

    def strike(self) -> None:
        """Die at once, if armed and if no other process was faster."""
        if self.disarm():
            self._struck.write_text(f"{os.getpid()} {time.time()}")
            os.kill(os.getpid(), signal.SIGKILL)


def switch_of(folder: Path, name: str) -> Path:
    """Give the file that switches a break on, in all processes at once, by being there."""
    return folder / f"{name}.broken"


def install() -> None:
    """Change the modules of the product as they are imported from now on."""
    changes: dict[str, list[Change]] = {}
    folder = Path(os.environ[FOLDER])
    for name, parts in BREAKS.items():
        for module, change in parts.items():
            changes.setdefault(module, []).append(_broken_by(change, switch_of(folder, name)))
    share = float(os.environ.get(MESSAGES_TWICE, "0"))
    if share:
        changes.setdefault("core.dispatch", []).append(functools.partial(_send_twice, share))
    process = os.environ.get("SUPERVISOR_PROCESS_NAME", "")
    for step in STEPS:
        if step.process == process:
            trigger = Trigger(folder, step.name)
            changes.setdefault(step.module, []).append(functools.partial(_set, step, trigger))
    changes["cli.running"] = [_be_patient]
    sys.meta_path.insert(0, _Finder(changes))


def _be_patient(module: Any) -> None:
    """Let a start take its time: several stacks share a machine."""
    module.READY_SECONDS = START_SECONDS


def _broken_by(change: Callable[[Any, Switch], None], switch: Path) -> Change:
    return lambda module: change(module, switch.exists)


class _Finder(MetaPathFinder):
    """Finds modules as always, and changes some right after they were executed."""

    def __init__(self, changes: dict[str, list[Change]]) -> None:
        self._changes = changes

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname not in self._changes:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is None or spec.loader is None:
            return spec
        loader: Any = spec.loader
        execute = loader.exec_module

        def execute_and_change(module: ModuleType) -> None:
            execute(module)
            for change in self._changes[fullname]:
                change(module)

        loader.exec_module = execute_and_change
        return spec


def _set(step: Step, trigger: Trigger, module: ModuleType) -> None:
    """Wrap a step's function, so that its process may die there."""
    *owners, name = step.target.split(".")
    owner: Any = functools.reduce(getattr, owners, module)
    function = getattr(owner, name)
    wrap = _closing if step.moment == "closed" else _calling
    setattr(owner, name, wrap(function, trigger, before=step.moment == "before"))


def _calling(function: Callable[..., Any], trigger: Trigger, *, before: bool) -> Callable[..., Any]:
    @functools.wraps(function)
    def call(*args: object, **kwargs: object) -> object:
        if before:
            trigger.strike()
        result = function(*args, **kwargs)
        if not before:
            trigger.strike()
        return result

    return call


def _closing(manager: Callable[..., Any], trigger: Trigger, **_: object) -> Callable[..., Any]:
    @functools.wraps(manager)
    @contextmanager
    def manage(*args: object, **kwargs: object) -> Any:
        with manager(*args, **kwargs) as value:
            yield value
        trigger.strike()

    return manage


def _send_twice(share: float, module: Any) -> None:
    """Let some messages arrive twice, as brokers that promise "at least once" do."""
    publish = module.publish

    @functools.wraps(publish)
    def publish_maybe_twice(*args: object, **kwargs: object) -> bool:
        if random.random() < share:
            publish(*args, **kwargs)
        return publish(*args, **kwargs)

    module.publish = publish_maybe_twice
