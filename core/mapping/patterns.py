"""Regular expressions and globs in time linear in the text, whatever the pattern."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Protocol

import re2

from core.mapping.errors import RuleError

MAX_PATTERN_LENGTH = 500
"""Characters."""


class Pattern(Protocol):
    """A compiled pattern, as far as the engine uses it."""

    def search(self, text: str, /) -> object:
        """Give a match anywhere in the text, or None."""

    def fullmatch(self, text: str, /) -> object:
        """Give a match of the whole text, or None."""


@lru_cache(maxsize=1024)
def compile_pattern(pattern: str) -> Pattern:
    """Give a regular expression in RE2's syntax, compiled.

    RE2 has no look-around and no back-references, and for that it never takes more than linear
    time (https://github.com/google/re2/wiki/WhyRE2).

    Raises RuleError where it is not a regular expression, or too large a one.
    """
    if len(pattern) > MAX_PATTERN_LENGTH:
        raise RuleError(
            f"the pattern is {len(pattern):,} characters long, {MAX_PATTERN_LENGTH} are allowed",
            "write several conditions, or several rules",
        )
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(pattern, options)
    except (re2.error, UnicodeEncodeError) as error:
        raise RuleError(
            f"{pattern!r} is not a regular expression: {_text(error)}",
            "mend it; look-around and back-references such as (?=a) and \\1 do not exist here",
        ) from error


def compile_glob(glob: str) -> Callable[[str], bool]:
    """Give the test of a glob: `*` is any text, `?` is one character, all else is itself.

    Most globs are a beginning, an end or a part of the text, and those need no pattern.

    Raises RuleError where the glob is too long.
    """
    head, star, tail = glob.partition("*")
    if "?" not in glob and "*" not in tail:
        least = len(head) + len(tail)
        if not star:
            return lambda text: text == glob
        return lambda text: len(text) >= least and text.startswith(head) and text.endswith(tail)
    parts = {"?": ".", "*": ".*"}
    pattern = "".join(parts.get(part, re.escape(part)) for part in re.split(r"([*?])", glob))
    fullmatch = compile_pattern(f"(?s){pattern}").fullmatch
    return lambda text: fullmatch(text) is not None


def _text(error: Exception) -> str:
    # The binding hands the engine's message through as bytes.
    first = error.args[0] if error.args else ""
    return first.decode(errors="replace") if isinstance(first, bytes) else str(error)
