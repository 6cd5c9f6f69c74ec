"""A replay that is asked for twice, by a script that did not hear the answer, is done once."""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from core.clock import now
from core.errors import GatewayError
from core.models import Replay


class NonceTakenError(GatewayError):
    """The nonce belongs to a replay of something else; the message says of what."""


def begin(session: Session, nonce: str, what: str, author: str, up_to: int = 0) -> Replay:
    """Write down that a replay begins, and give its row; the one that is there where it is known.

    `up_to` is the newest dead letter that is meant. A known replay is done where `finished_at` says
    so; otherwise the process that began it was cut off, and it is to be gone on with. Raises
    `NonceTakenError` where the nonce was used for something else.
    """
    dialect = session.get_bind().dialect.name
    insert = (postgresql if dialect == "postgresql" else sqlite).insert
    session.execute(
        insert(Replay)
        .values(nonce=nonce, what=what, asked_by=author, up_to=up_to)
        .on_conflict_do_nothing(index_elements=["nonce"])
    )
    replay = session.scalars(select(Replay).where(Replay.nonce == nonce).with_for_update()).one()
    if replay.what != what:
        raise NonceTakenError(
            f"The nonce {nonce!r} was used at {replay.at:%Y-%m-%d %H:%M:%S} UTC to replay "
            f"{replay.what}. Take another one: nothing was done."
        )
    return replay


def finish(session: Session, replay_id: int) -> None:
    """Write down that all of a replay was made due."""
    session.execute(update(Replay).where(Replay.id == replay_id).values(finished_at=now()))
