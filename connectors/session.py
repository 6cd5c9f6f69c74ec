"""The one way in which vendors are called: timeouts, pacing, logging, and one set of errors."""

from __future__ import annotations

import codecs
import logging
import random
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import Enum
from http.cookiejar import DefaultCookiePolicy
from importlib.metadata import version
from typing import Any
from urllib.parse import urlsplit

import requests
from redis.exceptions import RedisError
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase

from connectors import answers, transport
from core import calls, database
from core.breaker import Breaker
from core.errors import (
    VendorAmbiguousError,
    VendorBreakerOpenError,
    VendorCallInTransactionError,
    VendorConflictError,
    VendorCredentialsError,
    VendorError,
    VendorNotFoundError,
    VendorRateLimitedError,
    VendorUnavailableError,
)
from core.metrics import counters
from core.rate_limit import RateLimit, RateLimitBusyError
from core.settings import is_loopback

log = logging.getLogger(__name__)

# The library's own debug lines hold whole URLs, and with them people's e-mails.
logging.getLogger("urllib3").setLevel(logging.INFO)
# So does its warning about an answer's malformed headers, and the URL may be the secret.
logging.getLogger("urllib3.connection").setLevel(logging.ERROR)

USER_AGENT = f"integration-gateway/{version('integration-gateway')}"

PAUSE_WITHOUT_RETRY_AFTER = 2.0
"""Seconds that all calls pause after a 429 that names no time.

Source: https://developer.atlassian.com/cloud/jira/platform/rate-limiting/
"""

_REQUEST_TIMEOUT = 408
_TOO_MANY_REQUESTS = 429
_SERVICE_UNAVAILABLE = 503
_RETRY_READS_ON = frozenset({502, 503, 504})
_REQUEST_ID_HEADERS = ("X-Arequestid", "Atl-Traceid", "X-Request-Id")


class Effect(Enum):
    """What a call does at the vendor, and so what follows when its answer is lost."""

    READ = "read"
    """Changes nothing: may be tried again at once."""

    REPEATABLE = "repeatable"
    """Sets a state: doing it twice is as good as once, so the caller may try again later."""

    ONCE = "once"
    """Makes something new each time: after a lost answer, look before asking again."""

    @classmethod
    def of_method(cls, method: str) -> Effect:
        """Give what RFC 9110, section 9.2.2, promises of a method."""
        return {"GET": cls.READ, "PUT": cls.REPEATABLE, "DELETE": cls.REPEATABLE}.get(
            method, cls.ONCE
        )


@dataclass(frozen=True)
class _Call:
    operation: str
    method: str
    url: str
    effect: Effect
    params: Mapping[str, str | int] | None
    json: Any


class _TransportError(Exception):
    """An attempt that brought no answer."""

    def __init__(self, reason: str, *, sent: bool, reset: bool) -> None:
        super().__init__(reason)
        self.reason, self.sent, self.reset = reason, sent, reset


class NoAuth(AuthBase):
    """Adds nothing, for vendors whose URL says who we are; without it `~/.netrc` would be read."""

    def __call__(self, r: requests.PreparedRequest) -> requests.PreparedRequest:
        """Give the request as it is."""
        return r


class VendorSession:
    """Calls to one vendor over connections that stay open.

    Vendors with habits of their own override `check_answer` and `concerns_everybody`. A session
    is for the process that made it; make it after a fork.
    """

    url_is_secret = False
    """Whether whoever sees a URL could use it; the causes of errors, which hold it, are dropped."""

    def __init__(
        self,
        vendor: str,
        base_url: str,
        *,
        auth: AuthBase,
        rate_limit: RateLimit,
        breaker: Breaker | None = None,
        connect_timeout: float = 5.0,
        read_timeout: float = 30.0,
        pool_size: int = 8,
    ) -> None:
        """Prepare a session; nothing is sent yet.

        `base_url` is without a final slash. Without a `breaker` a vendor that is down is asked all
        the same, as suits one that is asked seldom. `read_timeout` bounds the silence between two
        parts of an answer, in seconds.
        """
        self.vendor = vendor
        self._base_url = base_url
        self._rate_limit = rate_limit
        self._breaker = breaker
        self._timeouts = (connect_timeout, read_timeout)
        self._session = requests.Session()
        self._session.auth = auth
        self._session.headers.update({"User-Agent": USER_AGENT, "Accept": "application/json"})
        # Each call proves who we are by itself; a cookie could outlive a change of credentials.
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        # The company's proxy cannot reach a stand-in on this machine.
        self._session.trust_env = not is_loopback(urlsplit(base_url).hostname or "")
        adapter: HTTPAdapter = transport.LiteralBracketsAdapter(
            pool_connections=1, pool_maxsize=pool_size
        )
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)

    def call(
        self,
        operation: str,
        method: str,
        path: str,
        *,
        params: Mapping[str, str | int] | None = None,
        query: str | None = None,
        json: Any = None,  # noqa: ANN401
        effect: Effect | None = None,
        expect_json: bool = True,
        also_accept: Collection[int] = (),
    ) -> Any:  # noqa: ANN401 - a vendor's JSON; models read it at once
        """Call the vendor once and give the parsed JSON of its answer.

        `operation` is our name for the call, for logs and errors. `query` is a query string that
        is sent with its brackets as they are, instead of `params`. `effect` follows from the method
        unless given. With `expect_json` off, an empty or plain answer is good too and gives None.
        A status in `also_accept` is an answer like 2xx when its body is JSON.

        Raises the errors of `core.errors`, by what to do next; `VendorAmbiguousError` only for
        calls of `Effect.ONCE` that may have been carried out. A read is tried a second time after
        a reset connection, a 502, a 503 or a 504; everything else is the caller's policy.
        """
        if database.transaction_open():
            message = f"{self.vendor}: {operation} was called while a transaction is open"
            raise VendorCallInTransactionError(message)
        url = f"{self._base_url}{path}" + (f"?{query}" if query else "")
        effect = effect or Effect.of_method(method)
        call = _Call(operation, method, url, effect, params, json)
        self._ask_breaker(operation)
        try:
            answer = self._exchange(call, expect_json=expect_json, also_accept=also_accept)
        except VendorError as error:
            self._tell_breaker(well=not isinstance(error, VendorUnavailableError))
            raise
        self._tell_breaker(well=True)
        return answer

    def _ask_breaker(self, operation: str) -> None:
        wait = self._breaker.seconds_to_wait() if self._breaker else 0
        if wait > 0:
            raise VendorBreakerOpenError(
                self.vendor, operation, None, "it failed so often that all calls wait", wait
            )

    def _tell_breaker(self, *, well: bool) -> None:
        if self._breaker is None:
            return
        try:
            if well:
                self._breaker.succeeded()
            else:
                self._breaker.failed()
        except RedisError:
            # What became of the call matters more than what others learn from it.
            log.warning("breaker_not_told", extra={"vendor": self.vendor})

    def _exchange(self, call: _Call, *, expect_json: bool, also_accept: Collection[int]) -> Any:  # noqa: ANN401 - as above
        response = self._send(call)
        operation, status = call.operation, response.status_code
        self.check_answer(operation, response)
        if status in also_accept:
            payload = answers.json_or_none(response)
            if payload is not None:
                return payload
        self._raise_for_status(call, response)
        return self._read(call, response, expect_json=expect_json)

    def check_answer(self, operation: str, response: requests.Response) -> None:
        """Raise a `VendorError` for an answer that means something else than its status says."""

    def concerns_everybody(self, response: requests.Response) -> bool:  # noqa: ARG002 - for subclasses
        """Say whether a 429 is about all our calls, so that all of them pause."""
        return True

    def _send(self, call: _Call) -> requests.Response:
        attempts = 2 if call.effect is Effect.READ else 1
        for attempt in range(1, attempts + 1):
            last = attempt == attempts
            try:
                response = self._attempt(call, attempt)
            except _TransportError as error:
                if last or not error.reset:
                    cause = None if self.url_is_secret else error.__cause__
                    raise self._lost(call, error) from cause
            else:
                transient = response.status_code in _RETRY_READS_ON
                if last or not transient or "Retry-After" in response.headers:
                    return response
            time.sleep(random.uniform(0.1, 0.4))  # noqa: S311 - spreads calls, guards nothing
        raise AssertionError  # The last attempt returned or raised.

    def _attempt(self, call: _Call, attempt: int) -> requests.Response:
        try:
            waited = self._rate_limit.wait()
        except RateLimitBusyError as error:
            raise VendorRateLimitedError(
                self.vendor, call.operation, None, "our own rate limit is booked up", error.seconds
            ) from error
        started = time.monotonic()
        status: int | None = None
        outcome = "answered"
        request_id = None
        try:
            response = self._session.request(
                call.method,
                call.url,
                params=call.params,
                json=call.json,
                timeout=self._timeouts,
                allow_redirects=False,
            )
            status = response.status_code
            request_id = _request_id(response)
        except requests.RequestException as error:
            outcome = transport.reason(error)
            raise _TransportError(
                outcome, sent=not transport.surely_unsent(error), reset=transport.was_reset(error)
            ) from error
        finally:
            took = round((time.monotonic() - started) * 1000)
            calls.note(
                calls.Call(
                    vendor=self.vendor,
                    operation=call.operation,
                    method=call.method,
                    status=status,
                    outcome=outcome,
                    ms=took,
                )
            )
            counters.count_call(
                self.vendor,
                call.operation,
                effect=call.effect.value,
                status=status,
                seconds=took / 1000,
                waited=waited,
            )
            log.info(
                "vendor_call",
                extra={
                    "vendor": self.vendor,
                    "operation": call.operation,
                    "method": call.method,
                    "status": status,
                    "outcome": outcome,
                    "attempt": attempt,
                    "waited_ms": round(waited * 1000),
                    "duration_ms": took,
                    "vendor_request_id": request_id,
                },
            )
        return response

    def _lost(self, call: _Call, error: _TransportError) -> VendorError:
        kind = VendorUnavailableError
        if call.effect is Effect.ONCE and error.sent:
            kind = VendorAmbiguousError
        return kind(self.vendor, call.operation, None, error.reason)

    def _raise_for_status(self, call: _Call, response: requests.Response) -> None:
        status = response.status_code
        if 200 <= status < 300:  # noqa: PLR2004 - HTTP's own classes
            return
        payload = answers.json_or_none(response)
        detail = answers.detail_of(payload)
        where = (self.vendor, call.operation, status)
        match status:
            case 429:
                raise VendorRateLimitedError(*where, detail, self._pause(response))
            case 401 | 403:
                raise VendorCredentialsError(*where, detail or _first_line(response))
            case 404:
                raise VendorNotFoundError(*where, detail)
            case 409:
                raise VendorConflictError(*where, detail)
            case _ if status == _REQUEST_TIMEOUT or status >= 500:  # noqa: PLR2004
                if status == _SERVICE_UNAVAILABLE and "Retry-After" in response.headers:
                    self._pause(response)
                raise self._unreadable(call, status, detail)
            case _ if status < 400:  # noqa: PLR2004
                host = urlsplit(response.headers.get("Location", "")).hostname
                raise VendorUnavailableError(*where, f"redirects to {host or 'itself'}")
            case _:
                raise answers.refusal(*where, payload)

    def _pause(self, response: requests.Response) -> float | None:
        seconds = answers.retry_after(response.headers.get("Retry-After"))
        if self.concerns_everybody(response):
            try:
                self._rate_limit.penalise(seconds or PAUSE_WITHOUT_RETRY_AFTER)
            except RedisError:
                # What became of this call matters more than the pause of the others.
                log.warning("vendor_pause_not_shared", extra={"vendor": self.vendor})
        return seconds

    def _unreadable(self, call: _Call, status: int, detail: str) -> VendorError:
        kind = VendorAmbiguousError if call.effect is Effect.ONCE else VendorUnavailableError
        return kind(self.vendor, call.operation, status, detail)

    def _read(self, call: _Call, response: requests.Response, *, expect_json: bool) -> object:
        payload = answers.json_or_none(response)
        if payload is not None:
            return payload
        if expect_json:
            # A maintenance page comes with 200, too. Read as an empty list it would be believed.
            raise self._unreadable(call, response.status_code, "the answer is not JSON")
        if _looks_like_a_page(response):
            raise self._unreadable(call, response.status_code, "the answer is a web page")
        return None


def _request_id(response: requests.Response) -> str | None:
    for name in _REQUEST_ID_HEADERS:
        if value := response.headers.get(name):
            return value[:100]
    return None


def _first_line(response: requests.Response) -> str:
    """Give a plain-text refusal, such as Jira's for a wrong token; "" for a web page."""
    if not response.headers.get("Content-Type", "").startswith("text/plain"):
        return ""
    return response.text.strip().partition("\n")[0][:200]


def _looks_like_a_page(response: requests.Response) -> bool:
    # Not by Content-Type: frameworks put text/html on an empty answer, too.
    return response.content.removeprefix(codecs.BOM_UTF8).lstrip().startswith(b"<")
