"""Atlassian Document Format: Jira's rich text as JSON, built from HTML or plain text, and read.

What is built here is valid whatever came in, because Jira refuses a whole issue for one malformed
node. So everything goes through `Document`, which knows what may stand where.
Source: https://developer.atlassian.com/cloud/jira/platform/apis/document/structure/
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from connectors.jira.adf_document import Document

Adf = dict[str, Any]

_BLOCKS = frozenset(
    {
        "paragraph", "heading", "codeBlock", "listItem", "blockquote", "panel", "rule", "tableCell",
        "tableHeader", "mediaSingle", "mediaGroup", "taskItem", "decisionItem", "expand",
        "nestedExpand", "caption", "blockCard",
    }
)  # fmt: skip


def html_to_adf(html: str | None) -> Adf:
    """Turn rich text of PeopleForce into a document; every visible word is kept.

    What the format cannot say degrades to its text: a table becomes one line per row, an image its
    name with a link. A text that is too long for Jira is cut, and a note says so.
    """
    # The parser takes a while to load, and the processes that only read documents do without.
    from connectors.jira.adf_html import feed  # noqa: PLC0415

    document = Document()
    feed(document, html or "")
    return document.finish()


def text_to_adf(text: str | None) -> Adf:
    """Turn plain text into a document: an empty line parts paragraphs, a line end breaks a line."""
    document = Document()
    lines = (text or "").replace("\r\n", "\n").replace("\r", "\n")
    for paragraph in re.split(r"\n[ \t]*\n", lines):
        for number, line in enumerate(paragraph.strip("\n").split("\n")):
            if number:
                document.line_break()
            document.text(line)
        document.end_block()
    return document.finish()


def adf_to_text(document: object) -> str:
    """Give the plain text of a document, one line per block; "" for anything else.

    Reads what Jira sends, also nodes that this gateway never writes.
    """
    pieces: list[str] = []
    _collect(document, pieces)
    lines = "".join(pieces).split("\n")
    return "\n".join(line.rstrip() for line in lines if line.strip())


def _collect(node: object, pieces: list[str]) -> None:
    if not isinstance(node, Mapping):
        return
    kind = node.get("type")
    attributes = node.get("attrs")
    attributes = attributes if isinstance(attributes, Mapping) else {}
    match kind:
        case "text":
            pieces.append(str(node.get("text") or ""))
        case "hardBreak":
            pieces.append("\n")
        case "mention" | "status" | "placeholder":
            pieces.append(str(attributes.get("text") or ""))
        case "emoji":
            pieces.append(str(attributes.get("text") or attributes.get("shortName") or ""))
        case "inlineCard" | "blockCard":
            pieces.append(str(attributes.get("url") or ""))
        case "media":
            pieces.append(str(attributes.get("alt") or ""))
    content = node.get("content")
    for child in content if isinstance(content, list) else ():
        _collect(child, pieces)
    if kind in _BLOCKS:
        pieces.append("\n")
