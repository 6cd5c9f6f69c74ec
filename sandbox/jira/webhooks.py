"""Send webhooks as Jira does: signed, at least once, with few retries, and in no promised order.

Not modelled: Jira makes a single attempt at a host that has failed for half an hour.

Source: https://developer.atlassian.com/cloud/jira/platform/webhooks/
"""

from __future__ import annotations

import hashlib
import heapq
import hmac
import json
import random
import re
import threading
import time
import uuid
from collections import OrderedDict
from dataclasses import asdict, dataclass, replace

import requests
from pydantic import BaseModel, ConfigDict, Field

from sandbox.common.documents import Documents
from sandbox.jira import jql
from sandbox.jira.errors import JiraError
from sandbox.jira.events import Event, payload
from sandbox.jira.model import Json, Webhook
from sandbox.jira.query import Asker, compile_where
from sandbox.jira.site import JiraSite
from sandbox.jira.view import View

RETRIES = 5
_WORKERS = 4
_CONNECT_SECONDS = 5.0
_LOG_LENGTH = 500
_RETRIED = frozenset({408, 409, 425, 429})
_SERVER_ERROR = 500
_REDIRECT = 300
_WINDOW_SECONDS = 1.0
_IDLE_SECONDS = 3600.0
_STOP_SECONDS = 3.0


class Controls(BaseModel):
    """How webhooks are made to misbehave, and how fast time passes for them.

    Jira waits 5 to 15 minutes between attempts; `retry_wait_seconds` stands for that.
    """

    model_config = ConfigDict(extra="forbid", validate_assignment=True)

    paused: bool = False
    drop_probability: float = Field(0.0, ge=0, le=1)
    drop_next: int = Field(0, ge=0)
    delay_seconds: float = Field(0.0, ge=0)
    duplicate_probability: float = Field(0.0, ge=0, le=1)
    duplicate_next: int = Field(0, ge=0)
    reorder_window: int = Field(0, ge=0, description="this many are collected, then shuffled")
    retry_wait_seconds: float = Field(2.0, ge=0)
    read_timeout_seconds: float = Field(20.0, gt=0)


@dataclass(frozen=True)
class Delivery:
    """One webhook on its way; `identifier` is the same for every attempt."""

    number: int
    identifier: str
    url: str
    event: str
    issue: str
    flow: str
    body: str
    signature: str | None
    attempt: int = 0


def signature(secret: str, body: bytes) -> str:
    """Return the value of `X-Hub-Signature` for a body."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


class Dispatcher:
    """The queue of webhooks and the threads that send them."""

    def __init__(self, site: JiraSite, documents: Documents) -> None:
        self.controls = Controls()
        self._site = site
        self._documents = documents
        self._wake = threading.Condition()
        self._queue: list[tuple[float, int, Delivery]] = []
        self._window: list[Delivery] = []
        self._window_due = 0.0
        self._log: OrderedDict[str, dict[str, Json]] = OrderedDict()
        self._under_way = 0
        self._stopped = False
        self._threads: list[threading.Thread] = []
        for value in documents.load("delivery").values():
            delivery = Delivery(**value)
            self._note(delivery, "queued")
            heapq.heappush(self._queue, (0.0, delivery.number, delivery))
        self._numbers = max((number for _, number, _ in self._queue), default=0)
        if self._queue:
            self._start()

    def _start(self) -> None:
        self._threads = [
            threading.Thread(target=self._work, name=f"jira-webhooks-{n}", daemon=True)
            for n in range(_WORKERS)
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End the threads, but wait a few seconds at most for attempts under way.

        What is not delivered stays in the queue for the next start.
        """
        with self._wake:
            self._stopped = True
            self._wake.notify_all()
        for thread in self._threads:
            thread.join(_STOP_SECONDS)

    def announce(self, event: Event, base: str) -> None:
        """Queue an event for every webhook that asked for it; call it under the site's lock."""
        site = self._site
        view = View(site, base, "2", site.settings.time_zone)
        body = None
        for webhook in list(site.webhooks.values()):
            if not webhook.enabled or event.name not in webhook.events:
                continue
            if not self._fits(webhook, event):
                continue
            if body is None:
                body = json.dumps(payload(event, view, site.now()), ensure_ascii=False)
            self._enqueue(event, webhook, "" if webhook.exclude_body else body)

    def _fits(self, webhook: Webhook, event: Event) -> bool:
        if not webhook.jql:
            return True
        asker = Asker(self._site, "", self._site.settings.time_zone, self._site.now())
        try:
            where = jql.parse(webhook.jql).where
            return where is None or compile_where(where, asker)(event.issue)
        except JiraError:
            # Jira does not check the filter when a webhook is saved; a broken one finds nothing.
            return False

    def _enqueue(self, event: Event, webhook: Webhook, body: str) -> None:
        secret = webhook.secret
        with self._wake:
            if not self._threads:
                self._start()
            self._numbers += 1
            delivery = Delivery(
                number=self._numbers,
                identifier=str(uuid.uuid4()),
                url=_fill_in(webhook.url, event),
                event=event.name,
                issue=event.issue.key,
                flow=event.flow,
                body=body,
                signature=signature(secret, body.encode()) if secret else None,
            )
            if self._strikes("drop_next", self.controls.drop_probability):
                self._note(delivery, "dropped")
                return
            self._keep(delivery)
            self._arrange(delivery)
            if self._strikes("duplicate_next", self.controls.duplicate_probability):
                self._numbers += 1
                twin = replace(delivery, number=self._numbers)
                self._keep(twin)
                self._arrange(twin)
            self._wake.notify_all()

    def _strikes(self, counter: str, probability: float) -> bool:
        left = getattr(self.controls, counter)
        if left > 0:
            setattr(self.controls, counter, left - 1)
            return True
        return random.random() < probability

    def _keep(self, delivery: Delivery) -> None:
        self._documents.put("delivery", str(delivery.number), asdict(delivery))
        self._note(delivery, "queued")

    def _arrange(self, delivery: Delivery) -> None:
        """Put a delivery where its time comes; while reordering, collect a window first."""
        if self.controls.reorder_window > 1:
            if not self._window:
                self._window_due = time.monotonic() + _WINDOW_SECONDS
            self._window.append(delivery)
            if len(self._window) >= self.controls.reorder_window:
                self._release_window()
            return
        self._push(delivery, self.controls.delay_seconds)

    def _release_window(self) -> None:
        first = self._window[0]
        random.shuffle(self._window)
        if self._window[0] is first:
            self._window.reverse()  # A shuffle may by chance change nothing.
        for place, delivery in enumerate(self._window):
            # The steps keep the threads from undoing the new order by chance.
            self._push(delivery, self.controls.delay_seconds + place / 20)
        self._window = []

    def _push(self, delivery: Delivery, wait: float) -> None:
        heapq.heappush(self._queue, (time.monotonic() + wait, delivery.number, delivery))

    def _work(self) -> None:
        session = requests.Session()
        session.trust_env = False  # No proxy, no .netrc: the receiver is on this machine.
        while True:
            with self._wake:
                delivery = self._next()
                if delivery is None:
                    return
                self._under_way += 1
            try:
                self._attempt(session, delivery)
            finally:
                with self._wake:
                    self._under_way -= 1
                    self._wake.notify_all()

    def _next(self) -> Delivery | None:
        """Wait for the next delivery that is due; None when the dispatcher has stopped."""
        while not self._stopped:
            now = time.monotonic()
            if self._window and self._window_due <= now:
                self._release_window()
            if self.controls.paused:
                self._wake.wait(_IDLE_SECONDS)
                continue
            if self._queue and self._queue[0][0] <= now:
                return heapq.heappop(self._queue)[2]
            dues = [self._queue[0][0]] if self._queue else []
            dues += [self._window_due] if self._window else []
            self._wake.wait(min(dues, default=now + _IDLE_SECONDS) - now)
        return None

    def _attempt(self, session: requests.Session, delivery: Delivery) -> None:
        try:
            answer: int | str = session.post(
                delivery.url,
                data=delivery.body.encode(),
                headers=_headers(delivery),
                timeout=(_CONNECT_SECONDS, self.controls.read_timeout_seconds),
                allow_redirects=False,
            ).status_code
        except (requests.RequestException, ValueError) as error:  # A URL can be nonsense.
            answer = type(error).__name__
        retried = isinstance(answer, str) or answer in _RETRIED or answer >= _SERVER_ERROR
        with self._wake:
            if retried and delivery.attempt < RETRIES:
                self._note(delivery, "waiting", answer)
                again = replace(delivery, attempt=delivery.attempt + 1)
                self._documents.put("delivery", str(again.number), asdict(again))
                self._push(again, self.controls.retry_wait_seconds)
            else:
                delivered = isinstance(answer, int) and answer < _REDIRECT
                self._note(delivery, "delivered" if delivered else "lost", answer)
                self._documents.delete("delivery", str(delivery.number))

    def _note(self, delivery: Delivery, state: str, answer: int | str | None = None) -> None:
        entry = self._log.setdefault(
            delivery.identifier,
            {
                "identifier": delivery.identifier,
                "event": delivery.event,
                "issue": delivery.issue,
                "flow": delivery.flow,
                "url": delivery.url,
                "answers": [],
            },
        )
        entry["state"] = state
        if answer is not None:
            entry["answers"].append(answer)
        while len(self._log) > _LOG_LENGTH:
            self._log.popitem(last=False)

    def configure(self, changes: dict[str, Json]) -> Controls:
        """Change some controls; raises pydantic's `ValidationError` and then changes nothing."""
        with self._wake:
            self.controls = Controls.model_validate(self.controls.model_dump() | changes)
            self._wake.notify_all()
            return self.controls

    def log(self) -> list[dict[str, Json]]:
        """Return the latest deliveries, newest first: what became of each, and every answer."""
        with self._wake:
            return [
                dict(entry, answers=list(entry["answers"]))
                for entry in reversed(self._log.values())
            ]

    def waiting(self) -> int:
        """Return how many deliveries are queued, collected or under way."""
        with self._wake:
            return len(self._queue) + len(self._window) + self._under_way

    def forget(self) -> None:
        """Drop everything that is queued, and the log."""
        with self._wake:
            for _, number, _ in self._queue:
                self._documents.delete("delivery", str(number))
            self._queue.clear()
            self._window.clear()
            self._log.clear()


def _headers(delivery: Delivery) -> dict[str, str]:
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "Atlassian Webhook HTTP Client",
        "X-Atlassian-Webhook-Identifier": delivery.identifier,
        "X-Atlassian-Webhook-Flow": delivery.flow,
        "X-Atlassian-Webhook-Trace": uuid.uuid5(uuid.NAMESPACE_OID, delivery.identifier).hex,
    }
    if delivery.signature:
        headers["X-Hub-Signature"] = delivery.signature
    if delivery.attempt:
        headers["X-Atlassian-Webhook-Retry"] = str(delivery.attempt)
    return headers


def _fill_in(url: str, event: Event) -> str:
    """Put the event's values into the variables of a webhook's URL, such as `${issue.key}`."""
    issue = event.issue
    values = {
        "issue.id": issue.id,
        "issue.key": issue.key,
        "project.id": issue.project_id,
        "project.key": issue.key.rpartition("-")[0],
        "modifiedUser.accountId": event.user.account_id,
        "comment.id": event.comment.id if event.comment else "",
    }
    return re.sub(r"\$?\{([\w.]+)\}", lambda name: values.get(name[1], name[0]), url)
