"""The documentation as pages: `docs/*.md`, with links between them, contents and a search.

Raw HTML in them is shown as text. A heading can be linked to by its words, as on a forge; so can a
paragraph that begins in bold, since such paragraphs are the sections of many pages.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from core.settings import ROOT

FOLDER = ROOT / "docs"

ORDER = (
    "dashboard",
    "how-it-works",
    "rules",
    "operations",
    "security",
    "deployment",
    "metrics",
    "commands",
    "reliability",
    "performance",
    "sandbox",
    "new-domain",
)
"""What people look for first; the others follow by name."""

SNIPPET = 160
"""Characters of a section that a search shows."""

AddressOf = Callable[[str, str], str]
"""Gives a page's address from its name and an anchor; both may be empty."""

_MARKDOWN = MarkdownIt("commonmark", {"html": False, "xhtmlOut": False}).enable("table")
_NOT_IN_SLUG = re.compile(r"[^\w\- ]")


@dataclass(frozen=True)
class Section:
    """What can be linked to: a heading, or a paragraph that begins in bold (`level` 0)."""

    anchor: str
    title: str
    level: int
    text: str
    """The words below it, up to the next one."""


@dataclass(frozen=True)
class Document:
    """One page of the documentation."""

    name: str
    title: str
    sections: tuple[Section, ...]
    tokens: tuple[Token, ...]

    @property
    def contents(self) -> list[Section]:
        """The headings below the title."""
        return [one for one in self.sections if one.level > 1]

    @property
    def anchors(self) -> set[str]:
        """Everything in it that can be linked to."""
        return {section.anchor for section in self.sections}


@dataclass(frozen=True)
class Hit:
    """A section that a search found."""

    document: Document
    section: Section
    snippet: str


@cache
def documents(folder: Path = FOLDER) -> Mapping[str, Document]:
    """Read all pages, once in this process, in the order in which they are listed."""
    found = {path.stem: read(path.stem, path.read_text("utf-8")) for path in folder.glob("*.md")}

    def place(name: str) -> tuple[int, str]:
        return (ORDER.index(name) if name in ORDER else len(ORDER), name)

    return {name: found[name] for name in sorted(found, key=place)}


def read(name: str, text: str) -> Document:
    """Read one page from its Markdown."""
    tokens = _MARKDOWN.parse(text)
    sections = tuple(_sections(tokens))
    title = next((one.title for one in sections if one.level == 1), name)
    return Document(name, title, sections, tuple(tokens))


def _sections(tokens: Sequence[Token]) -> Iterator[Section]:
    """Find the sections, and give their tokens the ids by which they are linked to."""
    taken: dict[str, int] = {}
    begun: tuple[str, str, int] | None = None
    words: list[str] = []
    for number, token in enumerate(tokens):
        head = _head(tokens, number)
        if head is not None:
            if begun is not None:
                yield Section(*begun, " ".join(words))
            title, level = head
            begun, words = (_anchor(title, taken), title, level), []
            token.attrSet("id", begun[0])
        elif token.type in {"inline", "fence", "code_block"} and not _is_heading(tokens, number):
            words.append(_plain(token))
    if begun is not None:
        yield Section(*begun, " ".join(words))


def _is_heading(tokens: Sequence[Token], number: int) -> bool:
    return number > 0 and tokens[number - 1].type == "heading_open"


def _head(tokens: Sequence[Token], number: int) -> tuple[str, int] | None:
    token = tokens[number]
    if token.type == "heading_open":
        return _plain(tokens[number + 1]), int(token.tag[1])
    if token.type != "paragraph_open" or token.level > 0:
        return None
    parts = tokens[number + 1].children or []
    # An empty text comes first where a paragraph begins in bold.
    bold = next((n for n, part in enumerate(parts[:2]) if part.type == "strong_open"), None)
    if bold is None or any(part.content for part in parts[:bold]):
        return None
    inside = parts[bold + 1 :]
    end = next(n for n, part in enumerate(inside) if part.type == "strong_close")
    return "".join(part.content for part in inside[:end]).rstrip(".:,"), 0


def _plain(token: Token) -> str:
    if not token.children:
        return token.content.strip()
    return "".join(
        " " if part.type in {"softbreak", "hardbreak"} else part.content for part in token.children
    )


def _anchor(title: str, taken: dict[str, int]) -> str:
    slug = _NOT_IN_SLUG.sub("", title.lower()).strip().replace(" ", "-")
    taken[slug] = count = taken.get(slug, -1) + 1
    return f"{slug}-{count}" if count else slug


def render(document: Document, address_of: AddressOf, picture_of: Callable[[str], str]) -> Markup:
    """Give a page as HTML, its links and pictures at the addresses that the two functions give."""
    tokens = [_placed(token, document, address_of, picture_of) for token in document.tokens]
    # What the renderer is given is text and the tokens of Markdown; it escapes the first.
    return Markup(_MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {}))  # noqa: S704


def _placed(
    token: Token, document: Document, address_of: AddressOf, picture_of: Callable[[str], str]
) -> Token:
    if token.type == "link_open":
        target = link_target(str(token.attrGet("href")), document.name)
        attrs = {**token.attrs}
        if target is not None:
            attrs["href"] = address_of(*target)
        elif "://" in str(attrs["href"]):
            attrs["rel"] = "noreferrer"
        return token.copy(attrs=attrs)
    if token.type in {"fence", "code_block", "table_open"}:
        # It may be scrolled, and not everybody has a mouse.
        return token.copy(attrs={**token.attrs, "tabindex": "0"})
    if token.type == "image":
        return token.copy(attrs={**token.attrs, "src": picture_of(str(token.attrGet("src")))})
    if token.children:
        children = [_placed(one, document, address_of, picture_of) for one in token.children]
        return token.copy(children=children)
    return token


def link_target(href: str, here: str) -> tuple[str, str] | None:
    """Give page and anchor of a link to a page of the documentation; None for any other link."""
    path, _, anchor = href.partition("#")
    if not path:
        return here, anchor
    match = re.fullmatch(r"(?:\./|docs/)?([\w-]+)\.md", path)
    return (match[1], anchor) if match else None


def search(found: Mapping[str, Document], query: str, limit: int = 30) -> list[Hit]:
    """Give the sections with all words of a query: first those whose title has them."""
    words = query.lower().split()
    if not words:
        return []
    titled, others = [], []
    for document in found.values():
        for section in document.sections:
            title = f"{document.title} {section.title}".lower()
            if all(word in title for word in words):
                titled.append(Hit(document, section, _snippet(section.text, words)))
            elif all(word in f"{title} {section.text}".lower() for word in words):
                others.append(Hit(document, section, _snippet(section.text, words)))
    # The headings themselves before all that stands below a title that fits.
    titled.sort(key=lambda hit: not all(word in hit.section.title.lower() for word in words))
    return [*titled, *others][:limit]


def _snippet(text: str, words: Sequence[str]) -> str:
    low = text.lower()
    first = min((at for word in words if (at := low.find(word)) >= 0), default=0)
    start = max(0, first - SNIPPET // 3)
    cut = " ".join(text[start : start + SNIPPET].split())
    return f"{'… ' if start else ''}{cut}{' …' if start + SNIPPET < len(text) else ''}"
