"""What must not stand in a log: secrets, and what is personal.

Callers log ids and counts in the first place; this catches what slips through: a field with a
telling name, a value of a secret setting, an e-mail address or a token within a text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any
from urllib.parse import quote

SECRET = "[secret]"  # noqa: S105 - what stands in its place
PERSONAL = "[personal]"
VENDORS_WORDS = "[the vendor's words]"

SHORTEST_SECRET = 6
"""A shorter value of a setting would be found within ordinary words."""

_SECRET_NAMES = re.compile(
    r"passw|secret|token|authori[sz]ation|api_?key|cookie|credential(?!s?_)|signature|session_id",
    re.IGNORECASE,
)
_PERSONAL_NAMES = re.compile(
    r"^(e_?mails?|(full|first|last|display|person|user|employee)_?names?|titles?|summary|body"
    r"|description|payload|snapshot|headers|phone|address|birth\w*|people|persons?)$",
    re.IGNORECASE,
)

_OWN_WORDS = "the answer is not JSON|the answer is a web page|redirects to "
_KEYS = r"passw\w{0,9}|secret|token|api[_-]?key|cookie"
# Each is tried once for a run of characters, not at each of them: strangers choose the texts.
_TEXTS = (
    # How `core.errors.VendorError` reads. Refusals of vendors name people, in words of their own;
    # dead letters and the activity have them in full.
    (rf"(\(status \d+\): )(?!{_OWN_WORDS}).*", rf"\1{VENDORS_WORDS}"),
    (
        r"(authorization[\"']?\s{0,3}[:=]\s{0,3}[\"']?)(?:[a-z]{1,12}\s{1,3})?[^\s\"',;]+",
        rf"\1{SECRET}",
    ),
    (r"\b(bearer|basic)\s{1,3}[a-z0-9+/=._~-]{6,}", rf"\1 {SECRET}"),
    (
        rf"(?<![\w-])([\w-]*(?:{_KEYS})[\"']?\s{{0,3}}[:=]\s{{0,3}}[\"']?)[^\s\"',;&}}]+",
        rf"\1{SECRET}",
    ),
    (r"(://)[^/\s@]+@", rf"\1{SECRET}@"),
    (r"(?<![\w-])eyJ[\w-]{5,}\.[\w-]+\.[\w-]*", SECRET),
    (r"\b(igw_|xox[a-z]-|AT[AC]TT|gh[a-z]_|ya29\.|GOCSPX-)[\w=./-]{6,}", SECRET),
    (r"(hooks\.slack\.com/services/)[\w/-]+", rf"\1{SECRET}"),
    (r"(?<!\d)\d{6,}:[\w-]{30,}", SECRET),
    (r"(?<![\w.+'-])[\w.+'-]+(?:@|%40)[\w-]+(?:\.[\w-]+)+", PERSONAL),
)
_PATTERNS = tuple(
    (re.compile(pattern, re.IGNORECASE | re.DOTALL), instead) for pattern, instead in _TEXTS
)
_MAY_MATTER = re.compile(
    r"[@:=%]|bearer|basic|igw_|xox|AT[AC]TT|gh[a-z]_|ya29|GOCSPX|eyJ|slack", re.IGNORECASE
)
_DEPTH = 6


@lru_cache(maxsize=1000)
def _instead_of(name: str) -> str | None:
    """Give what stands in the place of a field of this name; None where its value may stand."""
    if _SECRET_NAMES.search(name):
        return SECRET
    return PERSONAL if _PERSONAL_NAMES.search(name) else None


class Redact:
    """Takes out secrets and what is personal; `secrets` are the values of secret settings."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = {form for one in secrets for form in (one, quote(one, safe=""))}
        longest_first = sorted((s for s in known if len(s) >= SHORTEST_SECRET), key=len)[::-1]
        self._known = re.compile("|".join(map(re.escape, longest_first))) if known else None

    def field(self, name: str, value: Any) -> Any:  # noqa: ANN401 - whatever was logged
        """Give the value of a field as it may be logged."""
        return self._within(name, value, _DEPTH)

    def _within(self, name: str, value: Any, depth: int) -> Any:  # noqa: ANN401 - as above
        if value is None or isinstance(value, bool):
            return value
        instead = _instead_of(name)
        if instead is not None:
            return instead
        if isinstance(value, dict):
            inner = value.items() if depth else ()
            return {
                self.text(str(key)): self._within(str(key), item, depth - 1) for key, item in inner
            }
        if isinstance(value, list):
            return [self._within("", item, depth - 1) for item in value] if depth else []
        return self.text(value) if isinstance(value, str) else value

    def text(self, text: str) -> str:
        """Give a text without what looks like a secret or like an address of a person."""
        if self._known is not None:
            text = self._known.sub(SECRET, text)
        if not _MAY_MATTER.search(text):
            return text
        for pattern, instead in _PATTERNS:
            text = pattern.sub(instead, text)
        return text
