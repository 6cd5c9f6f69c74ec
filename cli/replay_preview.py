"""`igw replay --preview`: what would come of it, record by record; nothing is changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict

from cli.output import say, show_json, show_table
from core import dead_letters, ledger
from core.database import reading
from core.dead_letters import Letters
from core.errors import VendorError
from core.models import Delivery, Link
from tasks.pf_jira.foreseeing import Effect, Foreseen, foresee_delivery, foresee_links
from tasks.pf_jira.foreseeing_letters import foresee_letters

SHOWN = 50
"""Records in the table; the rest are counted."""

_STYLES = {Effect.REFUSED: "red", Effect.HELD: "yellow", Effect.UNKNOWN: "yellow"}


def preview_link(link: Link, *, as_json: bool) -> bool:
    """Show what trying one task again would change; `False` when a vendor did not answer."""
    return _show(foresee_links([link]), 1, as_json=as_json)


def preview_delivery(delivery: Delivery, *, as_json: bool) -> bool:
    """Show what working on one webhook again would change."""
    return _show(iter(foresee_delivery(row) for row in [delivery]), 1, as_json=as_json)


def preview_letters(wanted: Letters, limit: int | None, *, as_json: bool) -> bool:
    """Show what trying these dead letters again would change."""
    with reading() as session:
        count = dead_letters.count_open(session, wanted)
    count = count if limit is None else min(limit, count)
    return _show(_foresee_letters(wanted, count), count, as_json=as_json)


def _foresee_letters(wanted: Letters, count: int) -> Iterator[Foreseen]:
    after = 0
    while count > 0:
        with reading() as session:
            letters = dead_letters.open_letters(
                session, min(count, ledger.CHUNK), wanted, after=after
            )
        if not letters:
            return
        after, count = letters[-1].id, count - len(letters)
        yield from foresee_letters(letters)


def _show(foreseen: Iterator[Foreseen], count: int, *, as_json: bool) -> bool:
    found: list[Foreseen] = []
    problem = ""
    try:
        found.extend(foreseen)
    except VendorError as error:
        problem = f"{error}. See what is wrong with: igw doctor"
    effects = Counter(it.effect.value for it in found)
    if as_json:
        left = count - len(found)
        shown = [asdict(it) for it in found[:SHOWN]]
        document = {"records": shown, "counts": dict(effects), "not_looked_at": left}
        show_json({**document, "problem": problem})
        return not problem
    if found:
        show_table(
            ("RECORD", "A REPLAY WOULD"),
            [(it.record, it.words) for it in found[:SHOWN]],
            styles=[_STYLES.get(it.effect, "") for it in found[:SHOWN]],
        )
        say()
    rest = Counter(it.effect.value for it in found[SHOWN:])
    if rest:
        told = ", ".join(f"{number:,} {effect}" for effect, number in rest.most_common())
        say(f"And {rest.total():,} more: {told}.")
    if problem:
        say(f"{count - len(found):,} of {count:,} could not be looked at: {problem}", "red")
    elif not count:
        say("There is nothing to try again.")
    say("Nothing was changed.")
    return not problem
