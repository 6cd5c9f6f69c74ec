"""Every error of the gateway, split by what to do next.

GatewayError
├── PayloadError                     what arrived cannot be read: asking again will not help
├── VendorError                      the other side did not do what was asked
│   ├── VendorUnavailableError       timeout, 5xx, unreadable answer: the vendor is down, work waits
│   │   └── VendorAmbiguousError     the write may have happened: look before asking again
│   ├── VendorRateLimitedError       429: refused before anything happened, ask again later
│   ├── VendorCredentialsError       401, 403 or a refused log-in: a person must act
│   ├── VendorNotFoundError          404: the record is not there, or not for us
│   ├── VendorConflictError          409: somebody was faster; read again, decide again
│   └── VendorRejectedError          any other 4xx: this record or this rule is wrong
└── VendorCallInTransactionError     a programming mistake: a call while a transaction is open
"""

from __future__ import annotations

from collections.abc import Mapping


class GatewayError(Exception):
    """The base of every error that the gateway raises on purpose."""


class PayloadError(GatewayError):
    """What arrived cannot be read; the message says where and why."""


class VendorCallInTransactionError(GatewayError):
    """A vendor was called while a database transaction was open.

    The call may take thirty seconds, and SQLite has one writer: everybody else would wait.
    """


class VendorError(GatewayError):
    """A vendor did not do what was asked.

    `operation` is our name for the call (`create_issue`), never a URL with ids or a body.
    """

    def __init__(
        self, vendor: str, operation: str, status: int | None = None, detail: str = ""
    ) -> None:
        # Exceptions are rebuilt from their args when they cross a process, so args mirror this.
        super().__init__(vendor, operation, status, detail)
        self.vendor, self.operation, self.status, self.detail = vendor, operation, status, detail

    def __str__(self) -> str:
        status = f" (status {self.status})" if self.status else ""
        detail = f": {self.detail}" if self.detail else ""
        return f"{self.vendor} did not {self.operation.replace('_', ' ')}{status}{detail}"


class VendorUnavailableError(VendorError):
    """A timeout, a 5xx or an answer that is not the API's: the same call may work later."""


class VendorBreakerOpenError(VendorUnavailableError):
    """The vendor was not called: it failed so often that all wait; `retry_after` is in seconds."""

    def __init__(
        self,
        vendor: str,
        operation: str,
        status: int | None = None,
        detail: str = "",
        retry_after: float = 0.0,
    ) -> None:
        super().__init__(vendor, operation, status, detail)
        self.args = (vendor, operation, status, detail, retry_after)
        self.retry_after = retry_after


class VendorAmbiguousError(VendorUnavailableError):
    """A write was sent and its answer never came: it may or may not have happened."""


class VendorRateLimitedError(VendorError):
    """A 429: nothing happened; `retry_after` says how many seconds to wait."""

    def __init__(
        self,
        vendor: str,
        operation: str,
        status: int | None = 429,
        detail: str = "",
        retry_after: float | None = None,
    ) -> None:
        super().__init__(vendor, operation, status, detail)
        self.args = (vendor, operation, status, detail, retry_after)
        self.retry_after = retry_after


class VendorCredentialsError(VendorError):
    """The vendor did not accept who we are, or what we may do."""


class VendorNotFoundError(VendorError):
    """The record does not exist, or this account may not see it."""


class VendorConflictError(VendorError):
    """The record was changed by somebody else at the same time."""


class VendorRejectedError(VendorError):
    """The vendor read the request and refused it.

    `field_errors` maps the vendor's field id to its message; it is empty where the refusal is of
    the whole request.
    """

    def __init__(
        self,
        vendor: str,
        operation: str,
        status: int | None = 400,
        detail: str = "",
        field_errors: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(vendor, operation, status, detail)
        self.field_errors = dict(field_errors or {})
        self.args = (vendor, operation, status, detail, self.field_errors)
