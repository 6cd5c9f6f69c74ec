"""How far a failed call came, told from what the libraries raise."""

import socket
import ssl

import pytest
import requests
from urllib3 import HTTPConnectionPool
from urllib3.connection import HTTPConnection
from urllib3.exceptions import (
    ConnectTimeoutError,
    MaxRetryError,
    NameResolutionError,
    NewConnectionError,
    ProtocolError,
    ProxyError,
    ReadTimeoutError,
    SSLError,
)

from connectors.transport import reason, surely_unsent, was_reset

POOL = HTTPConnectionPool("vendor.example")
CONNECTION = HTTPConnection("vendor.example")


def given_up(cause):
    return MaxRetryError(POOL, "/rest?email=ann@acme.example", cause)


NO_NAME = NameResolutionError("vendor.example", CONNECTION, socket.gaierror(-2, "unknown"))
REFUSED = NewConnectionError(CONNECTION, "refused by vendor.example")
BAD_CERTIFICATE = SSLError(ssl.SSLCertVerificationError(1, "self-signed"))
BROKEN_TLS = SSLError(ssl.SSLEOFError(8, "EOF"))
RESET = ProtocolError("Connection aborted.", ConnectionResetError(104, "reset"))
SILENT = ReadTimeoutError(POOL, "/rest?email=ann@acme.example", "timed out")


@pytest.mark.parametrize(
    ("error", "unsent", "reset", "words"),
    [
        (requests.ConnectionError(given_up(NO_NAME)), True, False, "no connection"),
        (requests.ConnectionError(given_up(REFUSED)), True, False, "no connection"),
        (requests.ConnectTimeout(given_up(ConnectTimeoutError())), True, False, "connect timeout"),
        (requests.exceptions.ProxyError(given_up(ProxyError("p", REFUSED))), True, False,
         "no connection"),
        (requests.exceptions.SSLError(given_up(BAD_CERTIFICATE)), True, False, "TLS failed"),
        (requests.exceptions.SSLError(given_up(BROKEN_TLS)), False, False, "TLS failed"),
        (requests.ConnectionError(RESET), False, True, "connection lost"),
        (requests.exceptions.ChunkedEncodingError(RESET), False, True, "connection lost"),
        (requests.ReadTimeout(SILENT), False, False, "read timeout"),
        (requests.ConnectionError(SILENT), False, False, "ConnectionError"),
    ],
)  # fmt: skip
def test_a_failure_tells_how_far_it_came(error, unsent, reset, words):
    assert (surely_unsent(error), was_reset(error), reason(error)) == (unsent, reset, words)
