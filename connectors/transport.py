"""Two things the HTTP library lacks: how far a failed call came, and literal brackets."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError, ProtocolError, ProxyError


class _LiteralBrackets:
    """Sends `emails[]=x`, where urllib3 would send `emails%5B%5D=x`."""

    def putrequest(self, method: str, url: str, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        path, mark, query = url.partition("?")
        literal = query.replace("%5B", "[").replace("%5D", "]")
        super().putrequest(method, f"{path}{mark}{literal}", *args, **kwargs)  # ty: ignore[missing-attribute]


class _Connection(_LiteralBrackets, HTTPConnection):
    pass


class _TLSConnection(_LiteralBrackets, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection  # ty: ignore[invalid-assignment]


class _TLSPool(HTTPSConnectionPool):
    ConnectionCls = _TLSConnection  # ty: ignore[invalid-assignment]


class LiteralBracketsAdapter(HTTPAdapter):
    """An adapter that leaves `[` and `]` in query strings as they are.

    PeopleForce documents its filters with literal brackets, and ignores what it does not
    understand: an encoded filter that is not understood would answer with everybody.
    Source: https://developer.peopleforce.io/reference/get-employees
    """

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        """Use connections that do not encode brackets."""
        super().init_poolmanager(*args, **kwargs)
        pools: dict[str, Any] = {"http": _Pool, "https": _TLSPool}
        self.poolmanager.pool_classes_by_scheme = pools


def surely_unsent(error: requests.RequestException) -> bool:
    """Say whether the request cannot have reached the vendor: no connection was ever made."""
    if isinstance(error, requests.ConnectTimeout):
        return True
    return any(
        isinstance(
            cause,
            ConnectTimeoutError | NewConnectionError | ProxyError | ssl.SSLCertVerificationError,
        )
        for cause in _causes(error)
    )


def was_reset(error: requests.RequestException) -> bool:
    """Say whether an open connection was closed by the other side, which asking again mends."""
    return any(isinstance(cause, ProtocolError | ConnectionError) for cause in _causes(error))


def reason(error: requests.RequestException) -> str:
    """Give the failure in a few words that hold no URL and no address."""
    if isinstance(error, requests.Timeout):
        return "connect timeout" if surely_unsent(error) else "read timeout"
    if any(isinstance(cause, ssl.SSLError) for cause in _causes(error)):
        return "TLS failed"
    if surely_unsent(error):
        return "no connection"
    return "connection lost" if was_reset(error) else type(error).__name__


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Walk what the libraries wrapped: in `args`, in `reason`, in `__cause__`.

    Not in `__context__`: that may be an older failure, which the caller was handling.
    """
    seen: set[int] = set()
    waiting: list[BaseException] = [error]
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        inner = [*one.args, getattr(one, "reason", None), one.__cause__]
        waiting += [item for item in inner if isinstance(item, BaseException)]
