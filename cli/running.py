"""One run of the stack: started in order, watched, stopped in reverse order."""

from __future__ import annotations

import os
import select
import signal
import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from types import FrameType

import psutil

from cli.output import say, show_facts
from cli.ready import Probe, StartError, WorkersAnswering, probes
from cli.stack import Places, Process, Stage, environment
from cli.supervision import Supervisor
from core.domains import Domain
from core.settings import Settings, VendorMode
from core.supervisord import Info, SupervisionError

READY_SECONDS = 60.0
_LOOK_SECONDS = 0.1
_WATCH_SECONDS = 2.0
_PATIENCE_SECONDS = 10.0
_LOG_LINES = 15
_FALLEN = {"BACKOFF", "EXITED", "FATAL", "UNKNOWN"}


class StopSignals:
    """Ctrl-C, SIGTERM and SIGHUP: each means that everything should stop in order.

    A pipe carries the news from the handler to the waiting code. The handler interrupts that code
    anywhere, so it must not touch a lock that the code may hold, as `threading.Event` would.
    """

    def __init__(self) -> None:
        self.count = 0
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._writer, False)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._note)

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        self.count += 1
        with suppress(BlockingIOError):  # A full pipe has news enough.
            os.write(self._writer, b"!")

    def wait(self, seconds: float) -> bool:
        """Sleep until the next signal, at most `seconds`; say whether one came."""
        readable, _, _ = select.select([self._reader], [], [], seconds)
        if readable:
            os.read(self._reader, 4096)
        return bool(readable)


class Run:
    """The stack from its first process to its last."""

    def __init__(
        self,
        settings: Settings,
        domains: Sequence[Domain],
        processes: Sequence[Process],
        places: Places,
    ) -> None:
        self._settings = settings
        self._domains = domains
        self._processes = processes
        self._places = places
        self._log_ends = {p.name: _size(places, p.name) for p in processes}
        self._seen: dict[str, Info] = {}

    def until_stopped(self, lock: int) -> int:
        """Start everything, watch it until a signal comes, stop it, and give the exit code.

        `lock` is the descriptor of the data folder's lock file. Raises `SupervisionError` when
        supervisord itself does not start.
        """
        self._signals = StopSignals()
        self._supervisor = Supervisor.start(
            self._processes, self._places, environment(self._settings), lock
        )
        code = 0
        try:
            if self._start():
                self._show_where()
                self._watch()
        except (StartError, SupervisionError) as error:
            say(str(error), "red")
            code = 1
        finally:
            self._stop()
        return code

    def _start(self) -> bool:
        """Start all and wait until all answer; False when told to stop before that."""
        say(f"Starting {len(self._processes)} processes ...")
        asked = probes(self._settings)
        first = [p for p in self._processes if p.stage is Stage.REDIS]
        rest = [p for p in self._processes if p.stage is not Stage.REDIS]
        # Redis may take a while to load its data, and answers everybody with an error until then.
        self._supervisor.launch(first)
        if not self._wait_for({p.name: asked[p.name] for p in first}):
            return False
        self._supervisor.launch(rest)
        with ExitStack() as stack:
            workers = stack.enter_context(WorkersAnswering(self._domains))
            asked |= dict.fromkeys(workers.names, workers)
            # Beat answers nobody: that it stays up is all that can be seen of it.
            asked["beat"] = lambda: self._seen["beat"].state == "RUNNING"
            return self._wait_for({p.name: asked[p.name] for p in rest})

    def _wait_for(self, asked: dict[str, Probe]) -> bool:
        pending = dict(asked)
        deadline = time.monotonic() + READY_SECONDS
        pids: dict[str, int] = {}
        while pending:
            self._seen = self._supervisor.control.infos()
            for name in asked:
                info = self._seen[name]
                if info.state in _FALLEN or pids.setdefault(name, info.pid) != info.pid:
                    raise StartError(self._failure(name, "did not start"))
            pending = {name: probe for name, probe in pending.items() if not probe()}
            if pending and time.monotonic() > deadline:
                name = next(iter(pending))
                raise StartError(
                    self._failure(name, f"does not answer after {READY_SECONDS:.0f} s")
                )
            if self._signals.count or (pending and self._signals.wait(_LOOK_SECONDS)):
                return False
        return True

    def _failure(self, name: str, what: str) -> str:
        log = self._places.log(name)
        with log.open("rb") as stream:
            stream.seek(self._log_ends[name])
            lines = stream.read().decode(errors="replace").splitlines()
        said = "\n".join(f"  {line}" for line in lines[-_LOG_LINES:]) or "  (nothing)"
        return f"{name} {what}. Its last lines in {log}:\n{said}"

    def _show_where(self) -> None:
        settings = self._settings
        sandbox = settings.mode is VendorMode.SANDBOX
        facts = [
            ("Dashboard", f"{settings.gateway_url}/"),
            ("Flower", f"{settings.gateway_url}/flower/"),
        ]
        if sandbox:
            page = f"http://127.0.0.1:{settings.sandbox_peopleforce_port}/"
            facts.append(("Sandbox", f"{page}  (PeopleForce and Jira side by side)"))
        facts += [
            ("Data", str(self._places.data)),
            ("Logs", str(self._places.logs)),
            ("Stop", "Ctrl-C"),
        ]
        vendors = "the sandbox vendors" if sandbox else "PeopleForce and Jira"
        say(f"Everything answers. The gateway works with {vendors}.\n", "green")
        show_facts(facts)
        say()

    def _watch(self) -> None:
        """Say what ends and what starts again, until a signal comes."""
        while not self._signals.wait(_WATCH_SECONDS):
            if not self._supervisor.alive:
                raise SupervisionError(
                    "supervisord itself ended, so nothing is supervised any more."
                )
            try:
                now = self._supervisor.control.infos()
            except SupervisionError:
                continue  # Busy, perhaps with a slow disk; as long as it lives, so does the rest.
            for name, info in now.items():
                for line in _change(self._seen[name], info):
                    say(f"{time.strftime('%H:%M:%S')} {name} {line}; log: {self._places.log(name)}")
            self._seen = now

    def _stop(self) -> None:
        say("Stopping ...")
        self._supervisor.ask_to_stop()
        started = time.monotonic()
        told = False
        while self._supervisor.alive:
            again = self._signals.wait(_LOOK_SECONDS)
            late = not told and time.monotonic() - started > _PATIENCE_SECONDS
            if again or late:
                told = True
                say(f"Still stopping: {self._still_running(time.monotonic() - started)}")
        stragglers = self._supervisor.kill_stragglers()
        if stragglers:
            say(f"Ended {len(stragglers)} processes that outlived supervisord.", "yellow")
        say("Stopped. The next start continues with the same data.")

    def _still_running(self, waited: float) -> str:
        running = [p for p in reversed(self._processes) if _runs(self._seen.get(p.name))]
        if not running:
            return "supervisord"
        # One stage stops after the other.
        now = [p for p in running if p.stage is running[0].stage]
        limit = max(p.stop_seconds for p in now)
        later = [p.name for p in running if p not in now]
        line = f"{', '.join(p.name for p in now)} (at most {limit} s)"
        if later:
            line += f", then {', '.join(later)}"
        return f"{line}; {waited:.0f} s so far"


def _runs(info: Info | None) -> bool:
    return info is not None and info.pid != 0 and psutil.pid_exists(info.pid)


def _size(places: Places, process: str) -> int:
    log = places.log(process)
    return log.stat().st_size if log.exists() else 0


def _change(before: Info, now: Info) -> list[str]:
    """Say in words what became of a process between two looks; nothing when all is well."""
    if now.state in {"STARTING", "RUNNING"}:
        if now.pid != before.pid:
            return [f"ended and was started again (pid {now.pid})"]
        return []
    if now.state == before.state:
        return []
    if now.state == "BACKOFF":
        return ["ended and does not start again; supervisord goes on trying"]
    if now.state == "FATAL":
        return ["does not start, and supervisord has given up"]
    return [f"is {now.state.lower()}"]
