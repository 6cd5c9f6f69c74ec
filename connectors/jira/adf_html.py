"""Feed a document from HTML, as rich-text editors write it: pasted, nested, half-closed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from connectors.jira.adf_document import PLAIN, Document, Style

_MARKS = {
    "b": "strong", "strong": "strong", "i": "em", "em": "em", "cite": "em", "var": "em",
    "dfn": "em", "u": "underline", "ins": "underline", "s": "strike", "strike": "strike",
    "del": "strike", "code": "code", "kbd": "code", "samp": "code", "tt": "code",
}  # fmt: skip
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_LISTS = {"ul": "bulletList", "menu": "bulletList", "dir": "bulletList", "ol": "orderedList"}
_CELLS = frozenset({"td", "th"})
_PREFORMATTED = frozenset({"pre", "listing", "xmp", "plaintext"})
_MEDIA = frozenset({"img", "iframe", "video", "audio", "embed"})
_BLOCKS = frozenset(
    {
        "address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "details",
        "dialog", "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "header",
        "hgroup", "html", "legend", "li", "main", "nav", "optgroup", "option", "p", "search",
        "section", "select", "summary", "table", "tbody", "textarea", "tfoot", "thead", "tr",
        *_HEADINGS, *_LISTS, *_PREFORMATTED,
    }
)  # fmt: skip
_INVISIBLE = frozenset(
    {"datalist", "head", "iframe", "noembed", "noframes", "script", "style", "template", "title"}
)
_LINK_SCHEMES = frozenset({"http", "https", "mailto"})
_CELL_SEPARATOR = " | "


@dataclass(frozen=True)
class _State:
    """What holds for the nodes inside an element.

    `list_depth` is where the innermost list is open in the document, 0 outside of lists;
    `in_cell` is on in table cells, where blocks do not begin new lines.
    """

    style: Style = PLAIN
    list_depth: int = 0
    in_pre: bool = False
    in_cell: bool = False


@dataclass
class _Frame:
    """An element that is being read: how to leave it again."""

    before: _State
    text_seen: int


def feed(document: Document, html: str) -> None:
    """Read HTML into a document. Any text is HTML of some kind; nothing is refused."""
    # Half of a character pair, as a cut JSON string may hold, cannot be parsed.
    _Feeder(document).read(LexborHTMLParser(html.encode("utf-8", errors="replace")))


class _Feeder:
    """One walk through a tree; a loop, because pasted HTML nests deeper than Python calls do."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._state = _State()
        self._frames: list[_Frame] = []
        self._code: list[str] = []
        self._text_seen = 0
        self._cells = 0

    def read(self, tree: LexborHTMLParser) -> None:
        for node, entering in _walk(tree.root):
            if node.is_text_node:
                self._text(node.text_content or "")
            elif entering:
                self._enter(node, node.tag or "")
            else:
                self._leave(node, node.tag or "")

    def _text(self, text: str) -> None:
        if text.strip():
            self._text_seen += 1
        if self._state.in_pre:
            self._code.append(text)
        else:
            self._document.text(text, self._state.style)

    def _enter(self, node: LexborNode, tag: str) -> None:
        self._frames.append(_Frame(self._state, self._text_seen))
        if self._state.in_pre:
            self._enter_in_pre(node, tag)
            return
        self._begin_block(tag)
        self._state = replace(self._state, style=self._style_in(node, tag))
        if tag in _LISTS:
            self._open_list(node, tag)
        elif tag in _PREFORMATTED:
            self._code = []
            self._state = replace(self._state, in_pre=True)
        elif tag == "br":
            self._document.line_break(self._state.style)
        elif tag == "hr":
            self._document.rule()
        elif tag in _MEDIA:
            self._media(node)

    def _style_in(self, node: LexborNode, tag: str) -> Style:
        style = self._state.style
        if tag in _MARKS:
            return replace(style, marks=style.marks | {_MARKS[tag]})
        if tag in _HEADINGS and not self._state.in_cell:
            return replace(style, heading=_HEADINGS[tag])
        if tag == "blockquote":
            return replace(style, quoted=True)
        if tag == "a":
            return replace(style, href=_link(node.attributes.get("href")) or style.href)
        return style

    def _enter_in_pre(self, node: LexborNode, tag: str) -> None:
        if tag == "br" or (tag in _BLOCKS | _CELLS and self._code):
            self._code.append("\n")
        elif tag in _MEDIA:
            self._code.append(_name_of(node))

    def _begin_block(self, tag: str) -> None:
        if tag == "tr":
            self._cells = 0
        if tag in _CELLS:
            if self._cells and self._document.in_block:
                self._document.text(_CELL_SEPARATOR, self._state.style)
            self._cells += 1
            self._state = replace(self._state, in_cell=True)
        elif tag == "li" and self._state.list_depth:
            self._document.open_item(self._state.list_depth)
        elif tag in _BLOCKS:
            self._boundary(tag)

    def _boundary(self, tag: str) -> None:
        """Part a block from what is beside it; in a table's cell, a space has to do."""
        if self._state.in_cell and tag not in _LISTS and tag not in _PREFORMATTED | {"table", "tr"}:
            self._document.text(" ", self._state.style)
        else:
            self._document.end_block()

    def _open_list(self, node: LexborNode, tag: str) -> None:
        order = node.attributes.get("start") or ""
        number = int(order) if order.isascii() and order.isdigit() and len(order) < 10 else 1  # noqa: PLR2004
        depth = self._document.open_list(_LISTS[tag], number)
        # Without a list of its own, too deep inside others, an item is but a line.
        self._state = replace(self._state, list_depth=depth, in_cell=False)

    def _leave(self, node: LexborNode, tag: str) -> None:
        frame = self._frames.pop()
        if tag == "a" and frame.text_seen == self._text_seen:
            target = _link(node.attributes.get("href"))
            self._text((node.attributes.get("name") or target or "") if target else "")
        ends_pre = self._state.in_pre and not frame.before.in_pre
        inside = self._state
        self._state = frame.before
        if ends_pre:
            self._document.code_block("".join(self._code))
        elif inside.in_pre:
            if tag in _BLOCKS:
                self._code.append("\n")
        elif tag in _LISTS and inside.list_depth:
            self._document.close_to(inside.list_depth - 1)
        elif tag == "li" and inside.list_depth:
            self._document.close_to(inside.list_depth)
        elif tag in _BLOCKS:
            self._boundary(tag)

    def _media(self, node: LexborNode) -> None:
        source = _link(node.attributes.get("src"))
        name = _name_of(node) or source or ("[image]" if node.tag == "img" else "")
        if name:
            self._text_seen += 1
            style = self._state.style
            self._document.text(" ", style)
            self._document.text(name, replace(style, href=style.href or source))
            self._document.text(" ", style)


def _walk(root: LexborNode | None) -> Iterator[tuple[LexborNode, bool]]:
    """Give every visible node in order: elements twice, entering and leaving, texts once."""
    node = root
    while node is not None:
        skip = not (node.is_element_node or node.is_text_node) or (
            node.tag in _INVISIBLE and node.tag not in _MEDIA
        )
        if not skip:
            yield node, True
            if node.is_element_node and node.child is not None and node.tag not in _INVISIBLE:
                node = node.child
                continue
            if node.is_element_node:
                yield node, False
        while node is not None and node.next is None:
            node = node.parent
            if node is None or node.is_document_node:
                return
            yield node, False
        node = node.next if node is not None else None


def _name_of(node: LexborNode) -> str:
    """Give what an image or a file is called; the end of its address as a last resort."""
    for attribute in ("alt", "name", "title"):
        name = node.attributes.get(attribute)
        if name and name.strip():
            return name.strip()
    source = _link(node.attributes.get("src"))
    return source.rpartition("/")[2] if source else ""


def _link(href: str | None) -> str | None:
    """Give an address that Jira accepts and a person may follow, else None."""
    href = (href or "").strip()
    try:
        parts = urlsplit(href)
    except ValueError:
        return None
    if parts.scheme not in _LINK_SCHEMES or any(ord(char) <= ord(" ") for char in href):
        return None
    return href if parts.netloc or (parts.scheme == "mailto" and parts.path) else None
