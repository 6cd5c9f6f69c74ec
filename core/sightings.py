"""What polls saw of records, told in their stories: seen for the first time, or seen to differ.

Only what is new or changed is told: a poll that finds everything as it was writes nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from core.clock import now
from core.ledger import Sighting, chunks
from core.logs import current_request_id
from core.models import Activity, Link

SEEN, SEEN_CHANGED = "seen", "seen_changed"
"""The activity that tells of what a poll saw; nothing was written to a vendor."""

LONGEST_VALUE = 500
"""Characters of a value that the story keeps; descriptions can have thousands."""

Snapshots = Mapping[int, Mapping[str, Any]]


def known(session: Session, sightings: Sequence[Sighting]) -> Snapshots:
    """Give the snapshots that are about to be replaced, by their links' ids."""
    ids = sorted(it.link_id for it in sightings if it.link_id is not None)
    found: dict[int, Mapping[str, Any]] = {}
    for chunk in chunks(ids):
        rows = session.execute(select(Link.id, Link.snapshot).where(Link.id.in_(chunk)))
        found.update((row.id, row.snapshot) for row in rows)
    return found


def tell(
    session: Session,
    domain: str,
    sightings: Sequence[Sighting],
    before: Snapshots,
    noted: Collection[int],
) -> None:
    """Add to the stories what was seen; `noted` are the links whose sighting was written down."""
    shared = {"at": now(), "domain": domain, "request_id": current_request_id()}
    told = [it for it in sightings if it.link_id is None or it.link_id in set(noted)]
    rows = [{**shared, "record": it.source_id, **_words(it, before)} for it in told]
    if rows:
        session.execute(insert(Activity), rows)


def _words(sighting: Sighting, before: Snapshots) -> dict[str, Any]:
    if sighting.link_id is None:
        return {"action": SEEN, "summary": "A poll saw the task for the first time.", "changes": {}}
    old = before.get(sighting.link_id, {})
    changes = differences(old, sighting.snapshot)
    named = ", ".join(changes) or "nothing that is kept"
    return {
        "action": SEEN_CHANGED,
        "summary": f"A poll saw that the task had changed: {named}.",
        "changes": changes,
    }


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """Give the fields in which two snapshots differ, with both values."""
    return {
        name: {"from": _short(old.get(name)), "to": _short(new.get(name))}
        for name in dict.fromkeys([*old, *new])
        if old.get(name) != new.get(name)
    }


def _short(value: Any) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(value, str) and len(value) > LONGEST_VALUE:
        return f"{value[:LONGEST_VALUE]} ... ({len(value):,} characters)"
    return value
