"""API keys: made once, shown once, known afterwards by their hash alone."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core import audit
from core.clock import now
from core.errors import GatewayError
from core.models import ApiCredential, Role

PREFIX = "igw_"
"""What every key begins with, so that scanners for leaked secrets can know ours."""

USE_NOTED_EVERY = timedelta(minutes=1)
"""How exact `last_used_at` is: a write for each call would cost more than the call."""

_KEY = re.compile(rf"{PREFIX}[A-Za-z0-9_-]{{43}}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._@-]{0,99}")


class CredentialError(GatewayError):
    """The key cannot be made or revoked; the message says why and what to do."""


def create(session: Session, name: str, role: Role, author: str) -> str:
    """Make a key and give it; it cannot be shown again.

    Raises `CredentialError` for a name that is taken, by a revoked key, too: the audit must not
    mean two keys by one name.
    """
    if not _NAME.fullmatch(name):
        raise CredentialError(
            f"{name!r} is no name for a key: take up to 100 letters, digits, blanks and . _ @ -, "
            "beginning with a letter or a digit"
        )
    taken = find(session, name)
    if taken is not None:
        was = "a revoked key" if taken.revoked_at else "another key"
        raise CredentialError(f"the name {name!r} belongs to {was}: choose a new one")
    key = PREFIX + secrets.token_urlsafe(32)
    session.add(ApiCredential(name=name, key_hash=_hash(key), role=role, created_by=author))
    audit.note(session, author, "created", _subject(name), after={"role": role.value})
    return key


def revoke(session: Session, name: str, author: str) -> bool:
    """Make a key useless from the next call on; `False` where it was already.

    Raises `CredentialError` where there is no such key.
    """
    row = find(session, name)
    if row is None:
        raise CredentialError(f"there is no key {name!r}: see them all with `igw keys list`")
    if row.revoked_at is not None:
        return False
    row.revoked_at = now()
    audit.note(session, author, "revoked", _subject(name), before={"role": row.role.value})
    return True


def find(session: Session, name: str) -> ApiCredential | None:
    """Give the key of a name, revoked or not."""
    return session.scalar(select(ApiCredential).where(ApiCredential.name == name))


def all_credentials(session: Session) -> list[ApiCredential]:
    """Give all keys, in the order in which they were made."""
    return list(session.scalars(select(ApiCredential).order_by(ApiCredential.id)))


def verify(session: Session, key: str) -> ApiCredential | None:
    """Give the credential whose key this is; None for a wrong or a revoked one.

    The row is found by the hash, so the time that this takes tells nothing of the key itself; what
    cannot be one of ours costs no query.
    """
    if not _KEY.fullmatch(key):
        return None
    wanted = _hash(key)
    row = session.scalar(select(ApiCredential).where(ApiCredential.key_hash == wanted))
    known = row.key_hash if row is not None else "0" * len(wanted)
    if not hmac.compare_digest(known, wanted) or row is None or row.revoked_at is not None:
        return None
    return row


def use_is_worth_noting(credential: ApiCredential) -> bool:
    """Say whether the last noted use is so long ago that this one should be noted."""
    used = credential.last_used_at
    return used is None or used < now() - USE_NOTED_EVERY


def note_use(session: Session, credential_id: int) -> None:
    """Note that a key was used just now."""
    session.execute(
        update(ApiCredential).where(ApiCredential.id == credential_id).values(last_used_at=now())
    )


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def _subject(name: str) -> str:
    return f"API key {name}"
