"""Who somebody is by Google's word, and whether that is enough to come in.

Pure: claims in, an identity or a refusal out. That a token is genuine, fresh and meant for us was
checked before.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from core.access import e_mail
from core.errors import GatewayError

_LONGEST_NAME = 200


class LoginRefusedError(GatewayError):
    """Somebody may not come in; the message is for them, and says what they can do."""

    def __init__(self, message: str, email: str = "") -> None:
        super().__init__(message, email)
        self.message, self.email = message, email

    def __str__(self) -> str:
        return self.message


@dataclass(frozen=True)
class Identity:
    """A person as Google knows them; `google_id` alone never passes to somebody else."""

    google_id: str
    email: str
    name: str


def identity_of(claims: Mapping[str, object], domains: Collection[str]) -> Identity:
    """Read a person from the claims of a genuine ID token of Google's.

    Raises `LoginRefusedError` for an account outside `domains`, for a private one, which has no
    `hd`, and for an address that was not verified. The domain in the address itself proves
    nothing: anybody can open a Google account under any address.
    Source: https://developers.google.com/identity/openid-connect/openid-connect
    """
    google_id, given = claims.get("sub"), claims.get("email")
    if not isinstance(google_id, str) or not google_id or not isinstance(given, str):
        raise LoginRefusedError("Google did not say who you are. Try again.")
    try:
        email = e_mail(given)
    except ValueError:
        raise LoginRefusedError("Google named an address for you that is none.") from None
    if claims.get("email_verified") is not True:
        raise LoginRefusedError(
            f"Google has not verified the address {email}. Verify it in your Google account, then "
            "log in again.",
            email,
        )
    domain = claims.get("hd")
    if not isinstance(domain, str) or domain.lower() not in domains:
        raise LoginRefusedError(
            f"{email} is not an account of this company ({', '.join(domains)}). Log in with your "
            "work account.",
            email,
        )
    name = claims.get("name")
    return Identity(google_id, email, name[:_LONGEST_NAME] if isinstance(name, str) else "")
