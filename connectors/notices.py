"""Fit a notice into what a messenger takes. Pure: no I/O."""

from __future__ import annotations

from collections.abc import Callable

from core.alert_text import Notice

CUT = "… (cut; the page has the rest)"


def fitted(
    notice: Notice,
    limit: int,
    *,
    escape: Callable[[str], str] = str,
    length: Callable[[str], int] = len,
    heading: Callable[[str], str] = str,
) -> str:
    """Give a notice as one text of at most `limit`, counted by `length`.

    Title, body and link, each on a line. `escape` makes a text harmless where the messenger gives
    some characters a meaning, and `heading` marks the escaped title as one; the body is cut before
    it is escaped, so that no escape is cut in two.
    """

    def whole(body: str) -> str:
        lines = (heading(escape(notice.title)), escape(body), notice.link)
        return "\n".join(line for line in lines if line)

    text = whole(notice.body)
    if length(text) <= limit:
        return text
    # Escaping makes texts of one length differ, so the longest that fits is looked for.
    shortest, longest = 0, len(notice.body)
    while shortest < longest:
        middle = (shortest + longest + 1) // 2
        if length(whole(notice.body[:middle] + CUT)) <= limit:
            shortest = middle
        else:
            longest = middle - 1
    return whole(notice.body[:shortest] + CUT)


def utf16_length(text: str) -> int:
    """Count as Telegram does: a character outside the basic plane is two."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
