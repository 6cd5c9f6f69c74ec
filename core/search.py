"""Finding tasks by words of their titles and by their people, in an index of the database's own.

SQLite has it in the table `links_search` (FTS5), PostgreSQL in an index over `links.search_text`;
both keep it in step by themselves. Texts are cut into words here, so that both find the same.
"""

from __future__ import annotations

import re
import unicodedata

from sqlalchemy import column, func, select, table, text
from sqlalchemy.orm import Session

from core.models import Link

MOST = 1_000
"""Tasks that one search gives: who finds more has to say more."""

LONGEST = 200
"""Characters of a search that are looked at."""

_WORD = re.compile(r"[^\W_]+")
_MARKS = "Mn"

_FTS = table("links_search", column("rowid"))


def words(content: str) -> list[str]:
    """Cut a text into words as they are kept and looked for: `Iryna.Koval` -> `iryna`, `koval`.

    Case and accents are left out, so that who types `Zoe` finds `Zoë`.
    """
    # Taken apart before and after: what is one sign for a letter is folded as that letter.
    folded = unicodedata.normalize("NFKD", content).casefold()
    plain = unicodedata.normalize("NFKD", folded)
    kept = "".join(char for char in plain if unicodedata.category(char) != _MARKS)
    return _WORD.findall(kept)


def search_text(*parts: str | None) -> str:
    """Give what a link's `search_text` holds, each word once."""
    return " ".join(dict.fromkeys(word for part in parts if part for word in words(part)))


def link_ids(session: Session, content: str, limit: int = MOST) -> list[int]:
    """Give the links with all words of a text, the newest first.

    The last word may be a beginning, as of somebody who still types; where that finds nothing, each
    of them may. To let all be beginnings at once would cost ten times as much.
    """
    wanted = words(content[:LONGEST])
    if not wanted:
        return []
    found = _matching(session, [*wanted[:-1], f"{wanted[-1]}*"], limit)
    if not found and len(wanted) > 1:
        found = _matching(session, [f"{word}*" for word in wanted], limit)
    return found


def _matching(session: Session, terms: list[str], limit: int) -> list[int]:
    """Give the links with all of some words; a `*` at the end makes one a beginning."""
    if session.get_bind().dialect.name == "sqlite":
        query = " AND ".join(f'"{term.rstrip("*")}"{"*" * term.endswith("*")}' for term in terms)
        found = (
            select(_FTS.c.rowid)
            .where(text("links_search MATCH :query").bindparams(query=query))
            .order_by(_FTS.c.rowid.desc())
        )
    else:
        query = " & ".join(term.replace("*", ":*") for term in terms)
        vector = func.to_tsvector(text("'simple'"), Link.search_text)
        found = (
            select(Link.id)
            .where(vector.op("@@")(func.to_tsquery(text("'simple'"), query)))
            .order_by(Link.id.desc())
        )
    return list(session.scalars(found.limit(limit)))
