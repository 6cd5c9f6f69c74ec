"""`docker-compose.yml` without containers: what it says of each service, and its processes as such.

The commands, the environment, the order and the health checks are those of the file; what only a
container has (names of hosts, fixed ports, mounts) is replaced by what there is on this machine.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from core.settings import ROOT

FILE = ROOT / "docker-compose.yml"
DOCKERFILE = ROOT / "Dockerfile"

Service = dict[str, Any]


def compose() -> dict[str, Any]:
    """Read the file, anchors and merges resolved."""
    return yaml.safe_load(FILE.read_text(encoding="utf-8"))


def ours() -> dict[str, Service]:
    """Give the services that run the gateway's own image."""
    return {name: service for name, service in compose()["services"].items() if "build" in service}


def command(service: Service) -> list[str]:
    """Give a service's command: its own, else the image's."""
    return service.get("command") or _instruction("CMD")


def health_check(service: Service) -> list[str]:
    """Give the command that tells whether a service is healthy: its own, else the image's."""
    check = service.get("healthcheck")
    return check["test"][1:] if check else _instruction("HEALTHCHECK[^[]*CMD")


def seconds(duration: str) -> float:
    """Read a duration of compose's: `1m30s`."""
    units = {"h": 3600, "m": 60, "s": 1}
    return sum(int(count) * units[unit] for count, unit in re.findall(r"(\d+)([hms])", duration))


def _instruction(pattern: str) -> list[str]:
    text = DOCKERFILE.read_text(encoding="utf-8").replace("\\\n", "")
    [found] = re.findall(rf"^{pattern} (\[.*\])$", text, re.MULTILINE)
    return json.loads(found)


class Composed:
    """The gateway's services as processes of this machine."""

    def __init__(self, folder: Path, instead: Mapping[str, str], ports: Mapping[str, int]) -> None:
        """Prepare; `instead` says what stands for what only containers have."""
        self.services = ours()
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self._folder = folder
        self._instead = instead
        self._ports = ports

    def environment(self, name: str) -> dict[str, str]:
        """Give what the processes of a service have in their environment, and nothing of ours."""
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("IGW_", "SANDBOX_"))}
        given = {
            key: self._here(re.sub(r"\$\{\w+:?-([^}]*)\}", r"\1", str(value)))
            for key, value in self.services[name]["environment"].items()
        }
        ports = {f"IGW_{it.upper()}_PORT": str(number) for it, number in self._ports.items()}
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        return {**inherited, **given, **ports, "PATH": path, "PYTHONDONTWRITEBYTECODE": "1"}

    def start(self, name: str) -> None:
        """Start a service once all that it depends on is as it should be."""
        for other, condition in self.services[name].get("depends_on", {}).items():
            if other in self.services:
                self._await(other, condition["condition"])
        with (self._folder / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(
                [self._here(word) for word in command(self.services[name])],
                cwd=ROOT,
                env=self.environment(name),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def await_health(self, name: str, within: float = 90.0) -> None:
        """Ask as the engine does until the service is healthy; fail with its log if it never is."""
        deadline = time.monotonic() + within
        while True:
            asked = self.run(name, *health_check(self.services[name]))
            if asked.returncode == 0:
                return
            ended = self.running[name].poll() is not None
            if ended or time.monotonic() > deadline:
                raise AssertionError(f"{name}: {asked.stdout}{asked.stderr}\n{self.log(name)}")
            time.sleep(0.5)

    def run(self, name: str, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command as `docker compose exec` does in a service's container."""
        return subprocess.run(
            words,
            cwd=ROOT,
            env=self.environment(name),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def log(self, name: str) -> str:
        """Give what a service has written."""
        return (self._folder / f"{name}.log").read_text(encoding="utf-8", errors="replace")

    def stop(self, name: str) -> int:
        """Stop a service within its time, and give its exit code."""
        process = self.running.pop(name)
        process.terminate()
        return process.wait(seconds(self.services[name]["stop_grace_period"]))

    def kill_all(self) -> None:
        """End what still runs, however the test ended."""
        for process in self.running.values():
            process.kill()
            process.wait()

    def _await(self, name: str, condition: str) -> None:
        if condition == "service_completed_successfully":
            assert self.running[name].wait(60) == 0, self.log(name)
        else:
            self.await_health(name)

    def _here(self, text: str) -> str:
        for there, here in self._instead.items():
            text = text.replace(there, here)
        return text
