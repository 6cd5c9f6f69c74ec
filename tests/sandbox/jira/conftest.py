"""A Jira stand-in on a free port, callers with and without credentials, a receiver of webhooks."""

import threading
import time
from collections import deque

import pytest
import requests
from flask import Flask, Response, request
from jira import JIRA

from sandbox.common.documents import Documents
from sandbox.common.server import running
from sandbox.jira.app import create_app
from sandbox.jira.model import Webhook
from sandbox.jira.site import JiraSite
from sandbox.jira.webhooks import Dispatcher

EMAIL, TOKEN = "gateway@acme.example", "a-token"
SECRET = "It's a Secret to Everybody"
PATIENCE_SECONDS = 10


class Clock:
    """Real time that can be moved on by hand, so that no test has to wait for the index."""

    def __init__(self):
        self.ahead = 0.0

    def __call__(self):
        return time.time() + self.ahead

    def advance(self, seconds):
        self.ahead += seconds


class Api:
    """Calls below one path, with the gateway's credentials unless told otherwise."""

    def __init__(self, base, path, auth=(EMAIL, TOKEN)):
        self.base, self.path = base, path
        self.session = requests.Session()
        self.session.auth = auth

    def __call__(self, method, path, json=None, **options):
        url = f"{self.base}{self.path}{path}"
        return self.session.request(method, url, json=json, timeout=10, **options)

    def get(self, path, **params):
        return self("GET", path, params=params)

    def post(self, path, json=None, **params):
        return self("POST", path, json=json, params=params)

    def put(self, path, json=None, **params):
        return self("PUT", path, json=json, params=params)

    def patch(self, path, json=None):
        return self("PATCH", path, json=json)

    def delete(self, path, **params):
        headers = {"Content-Type": "application/json"}
        return self("DELETE", path, params=params, headers=headers)

    def create(self, project="HR", type_id="10003", properties=(), **fields):
        body = {"project": {"key": project}, "issuetype": {"id": type_id}, "summary": "Anything"}
        answer = self.post("/issue", {"fields": body | fields, "properties": list(properties)})
        assert answer.status_code == 201, answer.text
        return answer.json()["key"]

    def keys(self, jql, **body):
        """Return the keys that one page of a search finds."""
        answer = self.post("/search/jql", {"jql": jql, "fields": ["summary"]} | body)
        assert answer.status_code == 200, answer.text
        return [issue["key"] for issue in answer.json()["issues"]]


class Receiver:
    """A server that takes webhooks and answers as it was told, 200 when it was told nothing."""

    def __init__(self):
        self.url = ""
        self.received = []
        self.answers = deque()
        self._arrived = threading.Condition()
        self.app = Flask("receiver")
        self.app.add_url_rule("/hooks/jira", view_func=self.receive, methods=["POST"])

    def receive(self):
        with self._arrived:
            self.received.append(
                {
                    "query": request.query_string.decode(),
                    "headers": dict(request.headers),
                    "raw": request.get_data(),
                    "body": request.get_json(silent=True),
                }
            )
            self._arrived.notify_all()
            status = self.answers.popleft() if self.answers else 200
        return Response(status=status)

    def wait_for(self, count):
        """Return the first `count` requests as soon as there are so many."""
        with self._arrived:
            enough = self._arrived.wait_for(
                lambda: len(self.received) >= count, timeout=PATIENCE_SECONDS
            )
        assert enough, f"{len(self.received)} of {count} webhooks came: {self.names()}"
        return self.received[:count]

    def names(self):
        return [(one["body"] or {}).get("webhookEvent") for one in self.received]


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def site(clock):
    return JiraSite(Documents(None), email=EMAIL, token=TOKEN, clock=clock)


@pytest.fixture
def dispatcher(site):
    dispatcher = Dispatcher(site, site.documents)
    dispatcher.configure({"retry_wait_seconds": 0.05})
    yield dispatcher
    dispatcher.stop()


@pytest.fixture
def base(site, dispatcher):
    with running(create_app(site, dispatcher=dispatcher)) as url:
        yield url


@pytest.fixture
def api(base):
    return Api(base, "/rest/api/3")


@pytest.fixture
def anonymous(base):
    return Api(base, "/rest/api/3", auth=None)


@pytest.fixture
def control(base):
    return Api(base, "/_control", auth=None)


@pytest.fixture
def at_once(site):
    """Let search know every change at once."""
    site.settings.index_lag_seconds = 0


@pytest.fixture
def client(base):
    return JIRA(base, basic_auth=(EMAIL, TOKEN), max_retries=0)


@pytest.fixture
def client_v3(base):
    options = {"rest_api_version": "3"}
    return JIRA(base, basic_auth=(EMAIL, TOKEN), options=options, max_retries=0)


@pytest.fixture
def receiver(site):
    """Take the webhooks of all issue and comment events."""
    receiver = Receiver()
    with running(receiver.app) as base:
        receiver.url = f"{base}/hooks/jira"
        site.save_webhook(
            Webhook(
                id=1,
                name="gateway",
                url=receiver.url,
                events=[
                    "jira:issue_created",
                    "jira:issue_updated",
                    "jira:issue_deleted",
                    "comment_created",
                ],
                secret=SECRET,
            )
        )
        yield receiver


@pytest.fixture
def document():
    """Make a document of one paragraph."""

    def make(text):
        paragraph = {"type": "paragraph", "content": [{"type": "text", "text": text}]}
        return {"type": "doc", "version": 1, "content": [paragraph]}

    return make
