"""Taking several dead letters out of the way at once."""

from __future__ import annotations

from core import dead_letters
from core.database import reading, writing
from core.dead_letters import Letters
from core.models import Delivery, Link
from core.skipping import NotSkippedError, Request, skip_delivery, skip_record
from core.story import WEBHOOKS


def skip_letters(wanted: Letters, author: str, note: str) -> tuple[int, list[str]]:
    """Skip what some letters are about; give how many were, and why others were not.

    Each in a transaction of its own: one that a worker holds must not keep the others.
    """
    with reading() as session:
        letters = dead_letters.open_letters(session, wanted=wanted)
    done, problems = 0, []
    for letter in letters:
        asked = Request(letter.domain, author, note)
        try:
            with writing() as session:
                if letter.unit == "link" and (link := session.get(Link, letter.unit_id)):
                    skip_record(session, link, WEBHOOKS, asked)
                elif letter.unit == "delivery" and (row := session.get(Delivery, letter.unit_id)):
                    skip_delivery(session, row, asked)
        except NotSkippedError as error:
            problems.append(str(error))
        else:
            done += 1
    return done, problems
