"""Asking the supervisord of a data folder what it keeps running."""

from __future__ import annotations

import os
import socket
import tempfile
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any, cast
from xmlrpc.client import Error as XmlRpcError
from xmlrpc.client import ServerProxy, Transport

from core.errors import GatewayError

_LONGEST_SOCKET_PATH = 90
"""A unix socket's path has 107 bytes; supervisord binds it under a longer, temporary name first."""

ANSWER_SECONDS = 10.0


class SupervisionError(GatewayError):
    """supervisord did not start, or does not answer; the message says what it wrote."""


@dataclass(frozen=True)
class Info:
    """What supervisord says of one process; `state` is its word, such as RUNNING or BACKOFF."""

    name: str
    state: str
    pid: int


def socket_path(data: Path) -> Path:
    """Give the path of supervisord's control socket.

    It lies in the data folder; where that path is too long for a socket, in a folder of its own in
    the system's temporary folder, which only this user can enter.
    """
    path = data / "run" / "supervisor.sock"
    if len(os.fsencode(path)) <= _LONGEST_SOCKET_PATH:
        return path
    folder = Path(tempfile.gettempdir()) / f"igw-{os.getuid()}-{data.stat().st_ino}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_uid != os.getuid():
        raise SupervisionError(f"{folder} belongs to somebody else. Remedy: a shorter data folder.")
    folder.chmod(0o700)
    return folder / "supervisor.sock"


class _UnixConnection(HTTPConnection):
    def __init__(self, path: Path, seconds: float) -> None:
        super().__init__("supervisord", timeout=seconds)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


class _UnixTransport(Transport):
    """As supervisor's own transport, but with a timeout: it may hang, and Ctrl-C has to work."""

    def __init__(self, path: Path, seconds: float) -> None:
        super().__init__()
        self._path, self._seconds = path, seconds

    def make_connection(self, host: Any) -> HTTPConnection:  # noqa: ANN401 - Transport's type
        connection = _UnixConnection(self._path, self._seconds)
        self._connection = (host, connection)  # So that `close` finds it.
        return connection


class Control:
    """The control socket of the supervisord of a data folder."""

    def __init__(self, data: Path, seconds: float = ANSWER_SECONDS) -> None:
        self._transport = _UnixTransport(socket_path(data), seconds)
        # ServerProxy insists on an http URL; the transport is what decides where the call goes.
        self._proxy = ServerProxy("http://supervisord/RPC2", transport=self._transport)

    def call(self, method: str, *arguments: str | bool) -> object:
        """Call a method of supervisord's; `SupervisionError` when it does not answer or refuses."""
        try:
            return getattr(self._proxy.supervisor, method)(*arguments)
        except (OSError, HTTPException, XmlRpcError) as error:
            raise SupervisionError(f"supervisord does not answer: {error}") from error
        finally:
            self._transport.close()

    def infos(self) -> dict[str, Info]:
        """Give what supervisord knows of each process, by name.

        Raises `SupervisionError` when it does not answer, as while it stops.
        """
        rows = cast("list[dict[str, Any]]", self.call("getAllProcessInfo"))
        return {row["name"]: Info(row["name"], row["statename"], row["pid"]) for row in rows}
