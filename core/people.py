"""What is known of the people whom records are about, so that it need not be asked each time.

That is personal, so it is kept in the database. Redis is also the broker: whoever may look into the
queues would see it there.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import or_, select, true
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from core.clock import now
from core.ledger import chunks
from core.models import Person

Known = Mapping[str, Any]
"""What is known of a person; empty where the source does not show them to us."""


def known(
    session: Session,
    source: str,
    person_ids: Collection[str],
    *,
    max_age: timedelta,
    complete: bool = False,
) -> dict[str, Known]:
    """Give what is known of people and was read within `max_age`, by their ids.

    Who is not in the result has to be asked for; with `complete`, also whoever is known from a list
    alone.
    """
    enough = Person.complete if complete else true()
    found: dict[str, Known] = {}
    for chunk in chunks(sorted(person_ids)):
        rows = session.execute(
            select(Person.person_id, Person.record).where(
                Person.source == source,
                Person.person_id.in_(chunk),
                Person.read_at > now() - max_age,
                enough,
            )
        )
        found.update((person_id, record) for person_id, record in rows)
    return found


def save(
    session: Session,
    source: str,
    records: Mapping[str, Known],
    *,
    max_age: timedelta,
    complete: bool,
) -> None:
    """Keep what was just read of people, by their ids; an empty record is of one who is not shown.

    `complete` says that no more can be read of them. Such a record is not replaced by one from a
    list before it is older than `max_age`: it has all that the list says, and cost a call.
    """
    dialect = session.get_bind().dialect.name
    insert = (postgresql if dialect == "postgresql" else sqlite).insert
    moment = now()
    # In one order everywhere: two processes that save the same people must not lock each other out.
    for chunk in chunks(sorted(records)):
        statement = insert(Person).values(
            [
                {
                    "source": source,
                    "person_id": person_id,
                    "record": dict(records[person_id]),
                    "complete": complete,
                    "read_at": moment,
                }
                for person_id in chunk
            ]
        )
        new = statement.excluded
        session.execute(
            statement.on_conflict_do_update(
                index_elements=[Person.source, Person.person_id],
                set_={"record": new.record, "complete": new.complete, "read_at": new.read_at},
                where=or_(
                    new.complete, Person.complete.is_(False), Person.read_at <= moment - max_age
                ),
            )
        )
