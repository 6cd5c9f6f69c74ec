"""The whole gateway as real processes, started and stopped as its users do."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest

from cli.stack import Places
from cli.supervision import stack_processes
from core.settings import ROOT
from core.supervisord import Control

READY = "Everything answers"
START_SECONDS = 90
STOP_SECONDS = 60
PORTS = ("gateway", "flower", "redis", "sandbox_peopleforce", "sandbox_jira")


class Stack:
    """One gateway of its own: a data folder, free ports, and `igw up` in between.

    `env` may be changed before `start`; keyword arguments are settings, without the prefix and in
    small letters. What it printed is in `output`.
    """

    def __init__(self, folder: Path, **settings: object) -> None:
        self.data_dir = folder / "data"
        self.places = Places(self.data_dir)
        self.ports = dict(zip(PORTS, free_ports(len(PORTS)), strict=True))
        own = {
            "env_file": folder / "no.env",
            "data_dir": self.data_dir,
            **{f"{name}_port": port for name, port in self.ports.items()},
            **settings,
        }
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("IGW_", "SANDBOX_"))
        }
        self.env = {**inherited, **{f"IGW_{k.upper()}": str(v) for k, v in own.items()}}
        self._written = folder / "igw-up.out"
        self._up: psutil.Popen | None = None

    @property
    def up(self) -> psutil.Popen:
        """The process `igw up`."""
        assert self._up is not None, "the stack was not started"
        return self._up

    @property
    def output(self) -> str:
        """Everything that `igw up` has written since it was started last."""
        return self._written.read_text(encoding="utf-8")

    def launch(self) -> None:
        """Start `igw up` and return at once."""
        with self._written.open("wb") as stream:
            self._up = psutil.Popen(
                [sys.executable, "-m", "cli.main", "up"],
                cwd=ROOT,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def start(self) -> Stack:
        """Start everything and return when all of it answers."""
        self.launch()
        self.await_output(READY, START_SECONDS)
        return self

    def await_output(self, text: str, seconds: float) -> None:
        """Wait until `igw up` has written `text`; fail when it ends before, or takes too long."""
        deadline = time.monotonic() + seconds
        while text not in self.output:
            ended = self.up.poll() is not None
            if ended and text not in self.output:
                pytest.fail(f"igw up ended (exit {self.up.returncode}):\n{self.output}")
            if time.monotonic() > deadline:
                pytest.fail(f"no {text!r} within {seconds:.0f} s:\n{self.output}")
            time.sleep(0.1)

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        """Ask for an orderly stop, as Ctrl-C does, and give the exit code."""
        self.up.send_signal(number)
        return self.up.wait(STOP_SECONDS)

    def url(self, name: str) -> str:
        """Give the address of `gateway`, `flower`, `sandbox_peopleforce` or `sandbox_jira`."""
        return f"http://127.0.0.1:{self.ports[name]}"

    @property
    def redis_url(self) -> str:
        """The address of the stack's own Redis."""
        return f"redis://127.0.0.1:{self.ports['redis']}/0"

    def pids(self, name: str) -> list[int]:
        """Give a process and its children, the process itself first; nothing when it is down.

        Names are those of the log files: `redis`, `gateway`, `beat`, `flower`, `worker-pf_jira`,
        `worker-ops`, `sandbox-jira`, `sandbox-peopleforce`.
        """
        pid = Control(self.places.data).infos()[name].pid
        if not pid:
            return []
        try:
            children = psutil.Process(pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return []
        return [pid, *(child.pid for child in children)]

    def kill(self, name: str) -> None:
        """Kill a process and its children at once, as a lack of memory does."""
        for pid in self.pids(name):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue

    def log(self, name: str) -> str:
        """Give what a process has logged."""
        return self.places.log(name).read_text(encoding="utf-8", errors="replace")

    def processes(self) -> list[psutil.Process]:
        """Give every process of this stack that runs, supervised or not."""
        return stack_processes(self.places)

    def igw(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command of `igw` against this stack."""
        return subprocess.run(
            [sys.executable, "-m", "cli.main", *arguments],
            cwd=ROOT,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def destroy(self) -> None:
        """End whatever still runs, however the test ended."""
        if self._up is not None and self._up.poll() is None:
            self._up.terminate()
            try:
                self._up.wait(STOP_SECONDS)
            except psutil.TimeoutExpired:
                self._up.kill()
        for process in self.processes():
            try:
                process.kill()
            except psutil.NoSuchProcess:
                continue


def free_ports(count: int) -> list[int]:
    """Give ports that nobody listens on; all are held until all are found, so none comes twice."""
    with ExitStack() as held:
        probes = [held.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]
