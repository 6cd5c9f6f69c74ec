"""The wire to a vendor: what went over it, and something else happening at a chosen moment."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from flask import Flask


@dataclass
class Wire:
    """Sees every request to a stand-in. What is to happen happens once, in the server's thread."""

    bodies: list[tuple[str, str, Any]] = field(default_factory=list)
    """Method, path and JSON of every request that had a body, the stand-in's own control apart."""
    _before: list[tuple[str, str, Callable[[], object]]] = field(default_factory=list)
    _after: list[tuple[str, str, Callable[[], object]]] = field(default_factory=list)

    def tap(self, app: Flask) -> None:
        """Stand between the server and an app."""
        inner = app.wsgi_app

        def tapped(environ: dict[str, Any], start_response: Callable) -> Iterable[bytes]:
            method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
            body = environ["wsgi.input"].read()
            environ["wsgi.input"] = io.BytesIO(body)
            if body and not path.startswith("/_"):
                self.bodies.append((method, path, json.loads(body)))
            self._strike(self._before, method, path)
            answer = list(inner(environ, start_response))
            self._strike(self._after, method, path)
            return answer

        app.wsgi_app = tapped

    def forget(self) -> None:
        """Forget what went over the wire, and what was to happen."""
        for noted in (self.bodies, self._before, self._after):
            noted.clear()

    def before(self, method: str, path: str, act: Callable[[], object]) -> None:
        """Do something before the next request to a path (a glob) is worked on."""
        self._before.append((method, path, act))

    def after(self, method: str, path: str, act: Callable[[], object]) -> None:
        """Do something when the next request to a path was worked on, before it is answered."""
        self._after.append((method, path, act))

    def sent(self, method: str) -> list[Any]:
        """Give the bodies of all requests with a method."""
        return [body for one, _, body in self.bodies if one == method]

    @staticmethod
    def _strike(
        waiting: list[tuple[str, str, Callable[[], object]]], method: str, path: str
    ) -> None:
        for entry in list(waiting):
            if entry[0] == method and fnmatchcase(path, entry[1]):
                waiting.remove(entry)
                entry[2]()
