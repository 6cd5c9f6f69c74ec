"""What a replay of dead letters would change: of links and of webhooks, letter by letter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from core.database import reading
from core.models import DeadLetter, Delivery, Link
from tasks.pf_jira.foreseeing import Effect, Foreseen, foresee_delivery, foresee_links


def foresee_letters(letters: Sequence[DeadLetter]) -> Iterator[Foreseen]:
    """Give what trying each letter again would change; those of links come first.

    Raises the `VendorError` that the next one would meet, too.
    """
    with reading() as session:
        links = [session.get(Link, it.unit_id) for it in letters if it.unit == "link"]
        rows = [session.get(Delivery, it.unit_id) for it in letters if it.unit == "delivery"]
    yield from foresee_links([link for link in links if link is not None])
    yield from (foresee_delivery(row) for row in rows if row is not None)
    present = {("link", link.id) for link in links if link is not None}
    present |= {("delivery", row.id) for row in rows if row is not None}
    for letter in letters:
        if (letter.unit, letter.unit_id) not in present:
            yield Foreseen(letter.record, Effect.NOTHING, "nothing: it was cleared out by age")


def preview_replay(arguments: Mapping[str, Any]) -> list[dict[str, str]]:
    """Answer the command: the letters are named by their ids, `12,13`."""
    ids = [int(part) for part in arguments["letters"].split(",")]
    with reading() as session:
        found = [session.get(DeadLetter, one) for one in ids]
    letters = [letter for letter in found if letter is not None]
    return [
        {"record": it.record, "effect": it.effect.value, "words": it.words}
        for it in foresee_letters(letters)
    ]
