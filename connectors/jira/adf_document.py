"""Build one Atlassian document step by step, so that it is valid after every step.

The caller says what comes next: text, a line break, a list, a quote. `Document` decides where it
may stand: text in a list gets an item, a list in a quote ends the quote, a heading in an item
becomes bold.
Source: https://developer.atlassian.com/cloud/jira/platform/apis/document/structure/
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

Node = dict[str, Any]

TEXT_LIMIT = 32_767
"""Characters that a rich field of Jira holds, in UTF-16 units, with links and formatting counted.

Jira counts the text in a form of its own; counting the links here errs on the safe side.
"""

CUT_NOTE = "[The text is longer than Jira allows and is cut here.]"

MAX_DEPTH = 13
"""Containers inside one another: the document and six lists with their items."""

_LISTS = frozenset({"bulletList", "orderedList"})
_MARK_ORDER = ("link", "code", "strong", "em", "strike", "underline")
# Control characters have no place in a text; those that part words become spaces.
_UNPRINTABLE = re.compile("[\x00-\x08\x0e-\x1b\x7f\ud800-\udfff\ufffe\uffff]")
_ODD_SPACE = re.compile("[\x0b\x0c\x1c-\x1f]")
_MARKUP_COST = 4


@dataclass(frozen=True)
class Style:
    """How text looks. `heading` is its level, 0 for none; `href` an accepted link or None."""

    marks: frozenset[str] = frozenset()
    href: str | None = None
    heading: int = 0
    quoted: bool = False


PLAIN = Style()


class Document:
    """A document in the making. Call `finish` once, at the end."""

    def __init__(self) -> None:
        self._root: Node = {"type": "doc", "version": 1, "content": []}
        self._open: list[Node] = [self._root]
        self._inline: list[Node] | None = None
        self._left = TEXT_LIMIT - len(CUT_NOTE) - _MARKUP_COST
        self._cut = False

    @property
    def depth(self) -> int:
        """Say how many containers are open, the document included."""
        return len(self._open)

    @property
    def in_block(self) -> bool:
        """Say whether a paragraph or a heading is being written."""
        return self._inline is not None

    def text(self, text: str, style: Style = PLAIN) -> None:
        """Add text to the current block, or begin one; white space is one space, and none leads."""
        text = re.sub(r"[\s\xa0]+", " ", _UNPRINTABLE.sub("", text))
        if self._at_line_start():
            text = text.lstrip()
        elif self._ends_with_space():
            text = text.removeprefix(" ")
        if not text:
            return
        inline = self._block(style)
        marks = self._marks(style)
        text = self._afford(text, len(style.href or "") + _MARKUP_COST * len(marks))
        if not text:
            return
        if inline and inline[-1]["type"] == "text" and inline[-1].get("marks", []) == marks:
            inline[-1]["text"] += text
        else:
            inline.append({"type": "text", "text": text} | ({"marks": marks} if marks else {}))

    def line_break(self, style: Style = PLAIN) -> None:
        """Begin a new line inside the current block; at the beginning of a block it is nothing."""
        if self._inline and self._afford("\n", 0):
            self._trim_space()
            self._block(style).append({"type": "hardBreak"})

    def end_block(self) -> None:
        """End the current paragraph or heading; one without text disappears."""
        if self._inline is None:
            return
        while self._inline and self._inline[-1]["type"] == "hardBreak":
            self._inline.pop()
            self._trim_space()
        self._trim_space()
        if not self._inline:
            self._open[-1]["content"].pop()
        self._inline = None

    def open_list(self, kind: str, order: int = 1) -> int:
        """Begin a `bulletList` or an `orderedList` and give the depth to begin its items at.

        Too deep inside other lists none begins, and the result is 0.
        """
        self.end_block()
        if self.depth + 2 > MAX_DEPTH:
            return 0
        self._leave_quote()
        self._enter_item()
        node: Node = {"type": kind, "content": []}
        if kind == "orderedList" and order != 1:
            node["attrs"] = {"order": order}
        self._push(node)
        return self.depth

    def open_item(self, list_depth: int) -> None:
        """Begin an item of the list that was opened at a depth."""
        self.close_to(list_depth)
        if self._open[-1]["type"] in _LISTS:
            self._push({"type": "listItem", "content": []})

    def close_to(self, depth: int) -> None:
        """Close what was opened inside; what stayed empty disappears."""
        self.end_block()
        while self.depth > max(depth, 1):
            node = self._open.pop()
            content = node["content"]
            if not content:
                self._open[-1]["content"].pop()
            elif node["type"] == "listItem" and content[0]["type"] in _LISTS:
                content.insert(0, {"type": "paragraph", "content": []})

    def code_block(self, code: str) -> None:
        """Add preformatted text, with its lines and spaces as they are."""
        self.end_block()
        code = _UNPRINTABLE.sub("", code.replace("\r\n", "\n").replace("\r", "\n"))
        code = _ODD_SPACE.sub(" ", code).strip("\n")
        if not code.strip():
            return
        code = self._afford(code, _MARKUP_COST)
        if not code:
            return
        self._leave_quote()
        self._enter_item()
        self._add({"type": "codeBlock", "content": [{"type": "text", "text": code}]})

    def rule(self) -> None:
        """Add a horizontal line where one may stand, which is outside of lists and quotes."""
        self.end_block()
        self._leave_quote()
        if self.depth == 1 and self._left > 0:
            self._add({"type": "rule"})

    def finish(self) -> Node:
        """Close everything and give the document."""
        self.close_to(1)
        if self._cut:
            self._root["content"].append(
                {"type": "paragraph", "content": [{"type": "text", "text": CUT_NOTE}]}
            )
        return self._root

    def _block(self, style: Style) -> list[Node]:
        """Give the inline nodes of the current block; begin the block that the style asks for."""
        if self._inline is not None:
            return self._inline
        if style.quoted and self.depth == 1:
            self._push({"type": "blockquote", "content": []})
        elif not style.quoted:
            self._leave_quote()
        self._enter_item()
        node: Node = {"type": "paragraph", "content": []}
        if style.heading and self.depth == 1:
            node = {"type": "heading", "attrs": {"level": style.heading}, "content": []}
        self._add(node)
        self._inline = node["content"]
        return self._inline

    def _marks(self, style: Style) -> list[Node]:
        """Give the marks that may stand together: code goes with nothing but a link."""
        names = set(style.marks)
        if style.heading and self.depth > 1:
            names.add("strong")
        if "code" in names:
            names = {"code"}
        if style.href:
            names.add("link")
        return [
            {"type": "link", "attrs": {"href": style.href}} if name == "link" else {"type": name}
            for name in _MARK_ORDER
            if name in names
        ]

    def _afford(self, text: str, cost: int) -> str:
        """Give as much of a text as still fits."""
        if self._cut:
            return ""
        size = _utf16_length(text) + cost
        if size <= self._left:
            self._left -= size
            return text
        self._cut = True
        room = max(self._left - cost, 0)
        return text.encode("utf-16-le")[: room * 2].decode("utf-16-le", errors="ignore")

    def _push(self, node: Node) -> None:
        self._add(node)
        self._open.append(node)

    def _add(self, node: Node) -> None:
        self._open[-1]["content"].append(node)
        self._left -= _MARKUP_COST

    def _leave_quote(self) -> None:
        if self._open[-1]["type"] == "blockquote":
            self.close_to(self.depth - 1)

    def _enter_item(self) -> None:
        """Directly in a list only items may stand: go on in the last one, or begin one."""
        if self._open[-1]["type"] in _LISTS:
            items = self._open[-1]["content"]
            if items:
                self._open.append(items[-1])
            else:
                self._push({"type": "listItem", "content": []})

    def _at_line_start(self) -> bool:
        return not self._inline or self._inline[-1]["type"] == "hardBreak"

    def _ends_with_space(self) -> bool:
        return bool(self._inline) and self._inline[-1].get("text", "").endswith(" ")

    def _trim_space(self) -> None:
        """Take the space from the end of the line that ends here."""
        if self._inline and self._inline[-1]["type"] == "text":
            trimmed = self._inline[-1]["text"].rstrip(" ")
            if trimmed:
                self._inline[-1]["text"] = trimmed
            else:
                self._inline.pop()


def _utf16_length(text: str) -> int:
    return len(text) + sum(character > "\uffff" for character in text)
