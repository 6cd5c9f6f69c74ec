"""Every way in which a call can go wrong becomes the error that says what to do next."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError
from requests.auth import HTTPBasicAuth

from connectors.session import Effect, VendorSession
from core.database import reading
from core.errors import (
    VendorAmbiguousError,
    VendorCallInTransactionError,
    VendorConflictError,
    VendorCredentialsError,
    VendorError,
    VendorNotFoundError,
    VendorRateLimitedError,
    VendorRejectedError,
    VendorUnavailableError,
)
from core.rate_limit import RateLimit

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


@contextmanager
def speaking(*answers: bytes | None) -> Generator[tuple[str, list[bytes]]]:
    """A server for the answers that no well-behaved one gives, one per connection.

    None: hang up without a word. Yields the base URL and the requests as they came.
    """
    requests: list[bytes] = []
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        for answer in answers:
            try:
                connection, _ = server.accept()
            except OSError:
                return  # The test is over.
            with connection:
                requests.append(connection.recv(65_536))
                if answer is not None:
                    connection.sendall(answer)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.getsockname()[1]}", requests
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join(5)


def response(status: str, body: str = "", **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body.encode())}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", body]).encode()


def json_response(status: str, body: str = "{}", **headers: str) -> bytes:
    return response(status, body, Content_Type="application/json", **headers)


@pytest.fixture
def session_to(rate_limit):
    def build(url, read_timeout=10.0):
        auth = HTTPBasicAuth("me", "a-secret-token")
        return VendorSession(
            "acme", url, auth=auth, rate_limit=rate_limit, read_timeout=read_timeout
        )

    return build


def call(session, method="GET", **settings):
    return session.call("do_it", method, "/thing", **settings)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        ("302 Found", VendorUnavailableError),
        ("400 Bad Request", VendorRejectedError),
        ("401 Unauthorized", VendorCredentialsError),
        ("403 Forbidden", VendorCredentialsError),
        ("404 Not Found", VendorNotFoundError),
        ("408 Request Timeout", VendorUnavailableError),
        ("409 Conflict", VendorConflictError),
        ("410 Gone", VendorRejectedError),
        ("422 Unprocessable Content", VendorRejectedError),
        ("429 Too Many Requests", VendorRateLimitedError),
        ("500 Internal Server Error", VendorUnavailableError),
    ],
)
@pytest.mark.parametrize("body", ["", "{}", "<html>Oops</html>"])
def test_a_status_becomes_an_error(session_to, status, error, body):
    with speaking(response(status, body)) as (url, _), pytest.raises(VendorError) as caught:
        call(session_to(url), "PUT")

    assert type(caught.value) is error
    assert (caught.value.vendor, caught.value.operation) == ("acme", "do_it")
    assert caught.value.status == int(status[:3])


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(None, id="hangs up"),
        pytest.param(b"HTTP/1.1 201 Created\r\nContent-Length: 90\r\n\r\n{}", id="stops half-way"),
        pytest.param(b"HTTP/1.1 201 Created\r\n", id="stops in the head"),
        pytest.param(json_response("201 Created", '{"id": '), id="sends half a JSON"),
        pytest.param(response("200 OK", "<html>Soon back</html>"), id="sends a page"),
        pytest.param(response("500 Internal Server Error"), id="fails"),
        pytest.param(response("504 Gateway Timeout"), id="fails at the gateway"),
    ],
)
@pytest.mark.parametrize(
    ("method", "error"), [("POST", VendorAmbiguousError), ("PUT", VendorUnavailableError)]
)
def test_a_lost_answer_is_ambiguous_only_where_asking_again_would_do_it_twice(
    session_to, answer, method, error
):
    with speaking(answer) as (url, _), pytest.raises(VendorError) as caught:
        call(session_to(url), method, json={})

    assert type(caught.value) is error


def test_a_slow_answer_is_a_lost_answer(session_to):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        session = session_to(f"http://127.0.0.1:{silent.getsockname()[1]}", read_timeout=0.2)

        with pytest.raises(VendorAmbiguousError, match="read timeout"):
            call(session, "POST", json={})


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "https://127.0.0.1:1"])
def test_a_call_that_never_left_is_not_ambiguous(session_to, url):
    with pytest.raises(VendorUnavailableError, match="no connection") as caught:
        call(session_to(url), "POST", json={})

    assert type(caught.value) is VendorUnavailableError
    assert "127.0.0.1" not in str(caught.value)


def test_an_older_failure_that_is_being_handled_does_not_count(session_to):
    def after_a_failure(url):
        try:
            call(session_to("http://127.0.0.1:1"), "POST", json={})
        except VendorUnavailableError:
            call(session_to(url), "POST", json={})

    with speaking(None) as (url, _), pytest.raises(VendorAmbiguousError):
        after_a_failure(url)


@pytest.mark.parametrize("first", [None, response("502 Bad Gateway"), response("503 Down")])
def test_a_read_is_tried_once_more(session_to, first):
    with speaking(first, OK) as (url, requests):
        assert call(session_to(url)) == {}

    assert len(requests) == 2


@pytest.mark.parametrize(
    ("settings", "first"),
    [
        ({"method": "GET"}, response("500 Internal Server Error")),
        ({"method": "GET"}, response("503 Down", Retry_After="1")),
        ({"method": "PUT"}, response("503 Down")),
        ({"method": "POST"}, None),
        ({"method": "POST", "effect": Effect.REPEATABLE}, None),
    ],
)
def test_nothing_else_is_tried_again(session_to, settings, first):
    with speaking(first, OK) as (url, requests), pytest.raises(VendorUnavailableError):
        call(session_to(url), **settings)

    assert len(requests) == 1


def test_a_read_is_given_up_after_the_second_try(session_to):
    with speaking(None, None, OK) as (url, requests), pytest.raises(VendorUnavailableError):
        call(session_to(url))

    assert len(requests) == 2


def test_a_post_that_only_reads_is_tried_again(session_to):
    with speaking(None, OK) as (url, _):
        assert call(session_to(url), "POST", effect=Effect.READ, json={}) == {}


@pytest.mark.parametrize("body", ["", "done", '{"id": 1}'])
def test_an_answer_that_nobody_reads_may_be_anything_but_a_page(session_to, body):
    with speaking(response("200 OK", body)) as (url, _):
        call(session_to(url), "PUT", expect_json=False)


def test_a_page_is_never_the_answer_to_a_write(session_to):
    page = response("200 OK", "\n<!DOCTYPE html>")
    with speaking(page) as (url, _), pytest.raises(VendorUnavailableError, match="web page"):
        call(session_to(url), "PUT", expect_json=False)


def test_a_status_can_be_an_answer(session_to):
    with speaking(json_response("400 Bad Request", '{"errors": []}')) as (url, _):
        assert call(session_to(url), "POST", also_accept=(400,)) == {"errors": []}


def test_a_redirect_is_not_followed_and_the_secret_goes_nowhere(session_to):
    with speaking(OK) as (elsewhere, requests):
        redirect = response("307 Temporary Redirect", Location=f"{elsewhere}/login?user=me")
        with speaking(redirect) as (url, _), pytest.raises(VendorUnavailableError) as caught:
            call(session_to(url), "POST", json={})

    assert requests == []
    assert caught.value.detail == "redirects to 127.0.0.1"


def test_a_429_says_how_long_to_wait_and_pauses_all_calls(session_to, redis_client):
    with speaking(response("429 Too Many Requests", Retry_After="7")) as (url, _):
        session = session_to(url)
        with pytest.raises(VendorRateLimitedError) as caught:
            call(session)
        assert caught.value.retry_after == 7

    assert 6 <= redis_client.pttl("igw:rate:{test}:paused") / 1000 <= 7


def test_a_429_without_a_time_leaves_the_wait_to_the_caller_and_pauses_shortly(
    session_to, redis_client
):
    answer = response("429 Too Many Requests")
    with speaking(answer) as (url, _), pytest.raises(VendorRateLimitedError) as caught:
        call(session_to(url))

    assert caught.value.retry_after is None
    assert 1 <= redis_client.pttl("igw:rate:{test}:paused") / 1000 <= 2


def test_an_ambiguous_answer_stays_one_when_the_pause_cannot_be_shared(
    session_to, rate_limit, monkeypatch
):
    def unreachable(_):
        raise RedisConnectionError

    monkeypatch.setattr(rate_limit, "penalise", unreachable)
    answer = response("503 Down", Retry_After="5")
    with speaking(answer) as (url, _), pytest.raises(VendorAmbiguousError):
        call(session_to(url), "POST", json={})


def test_neither_proxy_nor_netrc_of_the_machine_comes_between_us_and_a_stand_in(
    session_to, monkeypatch, tmp_path
):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    with speaking(OK) as (url, requests):
        call(session_to(url))

    assert b"Authorization: Basic bWU6YS1zZWNyZXQtdG9rZW4=" in requests[0]


def test_our_own_limit_refuses_like_the_vendors(redis_client):
    limit = RateLimit(redis_client, "own", per_second=0.1, burst=1, longest_wait=1)
    limit.wait()
    session = VendorSession("acme", "http://127.0.0.1:1", auth=HTTPBasicAuth("", ""),
                            rate_limit=limit)  # fmt: skip

    with pytest.raises(VendorRateLimitedError, match="our own") as caught:
        call(session, "POST")

    assert caught.value.retry_after == pytest.approx(9, abs=1)


def test_no_vendor_is_called_inside_a_transaction(session_to, database):
    with speaking(OK) as (url, requests), reading(), pytest.raises(VendorCallInTransactionError):
        call(session_to(url))

    assert requests == []


def test_brackets_of_a_literal_query_travel_as_they_are(session_to):
    with speaking(OK) as (url, requests):
        call(session_to(url), query="emails[]=a%2Bb@acme.example&page=1")

    assert requests[0].startswith(b"GET /thing?emails[]=a%2Bb@acme.example&page=1 HTTP/1.1\r\n")


def test_a_call_says_who_is_calling_and_brings_no_cookie_back(session_to):
    answer = json_response("200 OK", Set_Cookie="session=1; Path=/")
    with speaking(answer, OK) as (url, requests):
        session = session_to(url)
        call(session)
        call(session)

    assert b"User-Agent: integration-gateway/" in requests[0]
    assert b"Cookie" not in requests[1]


def test_connections_are_used_again(session_to):
    with socket.create_server(("127.0.0.1", 0)) as server:
        session = session_to(f"http://127.0.0.1:{server.getsockname()[1]}")

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                for _ in range(3):
                    connection.recv(65_536)
                    connection.sendall(OK)

        thread = threading.Thread(target=serve)
        thread.start()
        assert [call(session) for _ in range(3)] == [{}, {}, {}]
        thread.join(5)


def test_each_attempt_is_one_line_of_log_without_secrets_addresses_or_bodies(session_to, caplog):
    answer = json_response("200 OK", '{"email": "ann@acme.example"}', X_Arequestid="abc-1")
    with caplog.at_level(logging.DEBUG), speaking(None, answer) as (url, _):
        call(session_to(url), query="emails[]=ann@acme.example", json={"name": "Ann"})

    lines = [record for record in caplog.records if record.getMessage() == "vendor_call"]
    assert [(line.attempt, line.status, line.outcome) for line in lines] == [
        (1, None, "connection lost"),
        (2, 200, "answered"),
    ]
    last = lines[-1]
    assert (last.vendor, last.operation, last.method) == ("acme", "do_it", "GET")
    assert last.vendor_request_id == "abc-1"
    assert last.duration_ms >= 0
    everything = " ".join(str(vars(record)) for record in caplog.records)
    assert not [word for word in ("ann@", "secret", "Ann", "email") if word in everything]
