"""Rows to begin with, and threads that do one thing at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from core import inbox, ledger
from core.clock import now
from core.database import reading, writing
from core.ledger import Sighting
from core.models import Base, Link

SOURCE = "peopleforce"


def sighting(source_id: str, link_id: int | None = None, *, seen_hash: str = "a") -> Sighting:
    return Sighting(
        link_id=link_id,
        source_id=source_id,
        snapshot={"title": f"Task {source_id}", "completed": False},
        seen_hash=seen_hash * 64,
        search_text=f"task {source_id}",
    )


def see(*sightings: Sighting) -> list[int]:
    """Note sightings as a poll does."""
    with writing() as session:
        return ledger.note_sightings(session, SOURCE, sightings)


def set_values(table: type[Base], row_id: int | None, **values: Any) -> None:
    with writing() as session:
        session.execute(update(table).where(table.id == row_id).values(**values))  # ty: ignore[missing-attribute]


def row(table: type[Base], row_id: int | None) -> Any:
    with reading() as session:
        return session.get_one(table, row_id)


def ago(**time: float):
    return now() - timedelta(**time)


def at_once(work: Callable[[int], Any], count: int) -> list[Any]:
    """Do something in many threads that begin together; give the results, or raise an error."""
    ready = threading.Barrier(count)
    results: list[Any] = [None] * count
    errors: list[Exception] = []

    def run(number: int) -> None:
        ready.wait()
        try:
            results[number] = work(number)
        except Exception as error:  # noqa: BLE001 - it is raised below, in the test's own thread
            errors.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return results


@pytest.fixture
def links(database) -> list[int]:
    """Three links with work waiting."""
    return see(*map(sighting, ("11", "12", "13")))


def claim(ids: Sequence[int], owner: str, seconds: float = 60) -> list[Link]:
    with writing() as session:
        return ledger.claim(session, ids, owner, timedelta(seconds=seconds))


def arrival(external_id: str | None = "delivery-1", **values: Any) -> inbox.Arrival:
    usual = inbox.Arrival(
        source="jira",
        topic="jira:issue_updated",
        external_id=external_id,
        record_id="10001",
        task="pf_jira.handle_deliveries",
        request_id="r-1",
        headers={"Content-Type": "application/json"},
        body=b'{"any": "bytes"}',
    )
    return replace(usual, **values)


def arrive(*args: Any, **values: Any) -> Any:
    """Write a delivery down as the gateway does; its row's id, or None where it is known."""
    with writing() as session:
        [delivery_id] = inbox.record_all(session, [arrival(*args, **values)])
    return delivery_id
