"""Keep the processes of a stack running, through supervisord."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from itertools import groupby
from pathlib import Path
from typing import TypeVar

import psutil

from cli.stack import MARK, Places, Process
from core.settings import ROOT
from core.supervisord import Control, SupervisionError, socket_path

_START_SECONDS = 15.0
_REAP_SECONDS = 10.0

_T = TypeVar("_T")


def render_config(processes: Sequence[Process], places: Places) -> str:
    """Write supervisord's configuration; it holds no secrets, children inherit the environment.

    supervisord starts nothing by itself: `igw up` starts Redis first and the rest once it answers.
    From then on supervisord restarts whatever ends, waiting one second longer after each attempt.
    The stages are its groups, because it stops one group at a time and a group's members together.
    """
    lines = [
        "[supervisord]",
        f"logfile={_path(places.log('supervisord'))}",
        "logfile_maxbytes=5MB",
        "logfile_backups=1",
        f"pidfile={_path(places.run / 'supervisord.pid')}",
        f"directory={_path(ROOT)}",
        "silent=true",
        "nocleanup=true",
        "[unix_http_server]",
        f"file={_path(socket_path(places.data))}",
        "chmod=0700",
        "[rpcinterface:supervisor]",
        "supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface",
    ]
    for stage, members in groupby(processes, key=lambda process: process.stage):
        names = [process.name for process in members]
        lines += [
            f"[group:{stage.name.lower()}]",
            f"programs={','.join(names)}",
            f"priority={stage.value}",
        ]
    for process in processes:
        lines += [
            f"[program:{process.name}]",
            f"command={shlex.join(process.command).replace('%', '%%')}",
            "autostart=false",
            "autorestart=true",
            "startsecs=3",
            "startretries=60",
            f"stopwaitsecs={process.stop_seconds}",
            f"stopasgroup={str(process.signal_children).lower()}",
            "killasgroup=true",
            "redirect_stderr=true",
            f"stdout_logfile={_path(places.log(process.name))}",
            "stdout_logfile_maxbytes=10MB",
            "stdout_logfile_backups=3",
        ]
    return "\n".join([*lines, ""])


def _path(path: Path) -> str:
    text = str(path)
    if any(mark in text for mark in ("%", " ;", " #", "\n")):
        # supervisord would take the rest for a comment, or the % for a variable.
        raise SupervisionError(
            f"{text!r} holds '%', ' ;' or ' #', which supervisord's file cannot express. "
            "Remedy: choose another folder."
        )
    return text


class Supervisor:
    """A running supervisord, as a child of this process."""

    def __init__(self, child: subprocess.Popen[bytes], places: Places) -> None:
        self._child = child
        self._places = places
        self.control = Control(places.data)

    @classmethod
    def start(
        cls, processes: Sequence[Process], places: Places, environment: dict[str, str], lock: int
    ) -> Supervisor:
        """Write the configuration and start supervisord in a session of its own.

        A session of its own, so that Ctrl-C in the terminal reaches nobody but this process. `lock`
        is a locked file's descriptor that it keeps open: as long as it lives, and be it longer than
        this process, the data folder counts as in use.

        Raises `SupervisionError` with its words when it does not answer.
        """
        config = places.supervisor_config
        config.unlink(missing_ok=True)
        config.touch(mode=0o600)
        config.write_text(render_config(processes, places), encoding="utf-8")
        output = places.logs / "supervisord.out"
        with output.open("wb") as stream:
            child = subprocess.Popen(  # noqa: S603 - our own module and a file just written
                [sys.executable, "-m", "cli.supervisord", str(os.getpid()), str(config)],
                cwd=ROOT,
                env={**os.environ, **environment},
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=(lock,),
            )
        supervisor = cls(child, places)
        deadline = time.monotonic() + _START_SECONDS
        while supervisor.alive and time.monotonic() < deadline:
            if supervisor._answers():
                return supervisor
            time.sleep(0.02)
        child.kill()
        said = output.read_text(encoding="utf-8", errors="replace").strip()
        raise SupervisionError(f"supervisord did not start: {said or 'it said nothing'}")

    @property
    def alive(self) -> bool:
        """Whether supervisord still runs."""
        return self._child.poll() is None

    def _answers(self) -> bool:
        try:
            self.control.call("getState")
        except SupervisionError:
            return False
        return True

    def launch(self, processes: Sequence[Process]) -> None:
        """Start processes in the order given, without waiting for any of them."""
        for process in processes:
            self.control.call("startProcess", process.full_name, False)

    def ask_to_stop(self) -> None:
        """Tell supervisord to stop everything in reverse order and to end; returns at once."""
        if self.alive:
            self._child.terminate()

    def kill_stragglers(self) -> list[str]:
        """End whatever outlived supervisord, and give the names of what that was."""
        return end_all(stack_processes(self._places))


def stack_processes(places: Places) -> list[psutil.Process]:
    """Give every running process of the stack of a data folder, supervisord included.

    They carry the mark in their environment; Redis is known by its working folder, because it
    writes its title over its environment.
    """
    return [process for process in psutil.process_iter() if _belongs(process, places)]


def _belongs(process: psutil.Process, places: Places) -> bool:
    try:
        if process.environ().get(MARK) == str(places.data):
            return True
        return process.cwd() == str(places.redis)
    except (psutil.Error, OSError):
        return False


def end_all(processes: Sequence[psutil.Process]) -> list[str]:
    """End processes, at first politely, and give their names."""
    names = [_quietly(process.name, "?") for process in processes]
    for process in processes:
        _quietly(process.terminate, None)
    _, alive = psutil.wait_procs(processes, timeout=_REAP_SECONDS)
    for process in alive:
        _quietly(process.kill, None)
    psutil.wait_procs(alive, timeout=_REAP_SECONDS)
    return names


def _quietly(call: Callable[[], _T], otherwise: _T) -> _T:
    try:
        return call()
    except psutil.Error:
        return otherwise
