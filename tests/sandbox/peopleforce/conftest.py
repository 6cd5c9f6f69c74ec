"""A PeopleForce stand-in on a free port, with a client that speaks as the gateway does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest
import requests

from sandbox.common.server import running
from sandbox.peopleforce.app import create_app

KEY = "pf-test-key"
BASE = "/api/public/v3"


class Vendor:
    """Calls against a running stand-in; paths of the API are relative to its base."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.session = requests.Session()
        self.session.headers["X-API-KEY"] = KEY

    def call(self, method: str, path: str, **options) -> requests.Response:
        return self.session.request(method, self.url + BASE + path, timeout=10, **options)

    def get(self, path: str) -> requests.Response:
        return self.call("GET", path)

    def data(self, path: str):
        answer = self.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    def everything(self, path: str) -> list[dict]:
        """Read all pages of a list, as a client would."""
        rows, page = [], 1
        while True:
            separator = "&" if "?" in path else "?"
            answer = self.get(f"{path}{separator}page={page}").json()
            rows += answer["data"]
            if page >= answer["metadata"]["pagination"]["pages"]:
                return rows
            page += 1

    def data_as_written(self, path: str):
        """Read a list by a path that is sent as it stands; urllib3 would encode its brackets."""
        connection = HTTPConnection(urlsplit(self.url).netloc, timeout=10)
        with closing(connection):
            connection.request("GET", BASE + path, headers={"X-API-KEY": KEY})
            return json.load(connection.getresponse())["data"]

    def control(self, method: str, path: str, body=None) -> requests.Response:
        return self.session.request(method, f"{self.url}/_control{path}", json=body, timeout=10)

    def switch(self, **changes) -> None:
        self.control("PUT", "/switches", changes).raise_for_status()


@pytest.fixture(scope="module")
def served() -> Iterator[Vendor]:
    with running(create_app(api_key=KEY)) as url:
        yield Vendor(url)


@pytest.fixture
def vendor(served) -> Vendor:
    """The stand-in as on its first day: 150 open and 60 completed tasks."""
    served.control("POST", "/reset").raise_for_status()
    return served
