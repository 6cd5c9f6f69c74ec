"""Atlassian Document Format: accept only what Jira accepts, and turn it to plain text and back.

Source: https://developer.atlassian.com/cloud/jira/platform/apis/document/structure/
"""

from __future__ import annotations

from sandbox.jira.model import Json

_INLINE = frozenset(
    {"text", "hardBreak", "mention", "emoji", "date", "status", "inlineCard", "placeholder"}
)
_BLOCKS = frozenset(
    {
        "paragraph", "heading", "bulletList", "orderedList", "codeBlock", "blockquote", "rule",
        "panel", "table", "expand", "mediaSingle", "mediaGroup", "taskList", "decisionList",
        "blockCard",
    }
)  # fmt: skip
_QUOTABLE = frozenset(
    {"paragraph", "bulletList", "orderedList", "codeBlock", "mediaSingle", "mediaGroup"}
)
_IN_CELL = _BLOCKS - {"table", "expand"} | {"nestedExpand"}

# Node type -> what it may hold. A node that is missing here is not a node of the format.
_CHILDREN: dict[str, frozenset[str]] = {
    "doc": _BLOCKS,
    "paragraph": _INLINE,
    "heading": _INLINE,
    "codeBlock": frozenset({"text"}),
    "bulletList": frozenset({"listItem"}),
    "orderedList": frozenset({"listItem"}),
    "listItem": frozenset(
        {"paragraph", "bulletList", "orderedList", "codeBlock", "mediaSingle", "taskList"}
    ),
    "blockquote": _QUOTABLE,
    "panel": frozenset(
        {"paragraph", "heading", "bulletList", "orderedList", "codeBlock", "rule", "taskList"}
    ),
    "expand": _BLOCKS - {"table", "expand"} | {"table", "nestedExpand"},
    "nestedExpand": frozenset({"paragraph", "heading", "bulletList", "orderedList", "codeBlock"}),
    "table": frozenset({"tableRow"}),
    "tableRow": frozenset({"tableCell", "tableHeader"}),
    "tableCell": _IN_CELL,
    "tableHeader": _IN_CELL,
    "mediaSingle": frozenset({"media", "caption"}),
    "mediaGroup": frozenset({"media"}),
    "caption": _INLINE,
    "taskList": frozenset({"taskItem", "taskList"}),
    "taskItem": _INLINE,
    "decisionList": frozenset({"decisionItem"}),
    "decisionItem": _INLINE,
    **dict.fromkeys(
        (
            "rule", "text", "hardBreak", "mention", "emoji", "date", "status", "inlineCard",
            "placeholder", "media", "blockCard",
        ),
        frozenset(),
    ),
}  # fmt: skip
_NEVER_EMPTY = frozenset(
    {"bulletList", "orderedList", "listItem", "blockquote", "panel", "table", "taskList",
     "decisionList", "mediaSingle", "mediaGroup", "tableRow"}
)  # fmt: skip

_ATTRIBUTES: dict[str, frozenset[str]] = {
    "paragraph": frozenset({"localId"}),
    "heading": frozenset({"level", "localId"}),
    "codeBlock": frozenset({"language", "uniqueId", "localId"}),
    "orderedList": frozenset({"order", "localId"}),
    "bulletList": frozenset({"localId"}),
    "listItem": frozenset({"localId"}),
    "blockquote": frozenset({"localId"}),
    "rule": frozenset({"localId"}),
    "panel": frozenset(
        {"panelType", "panelIcon", "panelIconId", "panelIconText", "panelColor", "localId"}
    ),
    "expand": frozenset({"title", "localId"}),
    "nestedExpand": frozenset({"title", "localId"}),
    "table": frozenset({"isNumberColumnEnabled", "layout", "width", "displayMode", "localId"}),
    "tableRow": frozenset({"localId"}),
    "tableCell": frozenset({"colspan", "rowspan", "colwidth", "background", "localId"}),
    "tableHeader": frozenset({"colspan", "rowspan", "colwidth", "background", "localId"}),
    "mention": frozenset({"id", "text", "accessLevel", "userType", "localId"}),
    "emoji": frozenset({"shortName", "id", "text", "localId"}),
    "date": frozenset({"timestamp", "localId"}),
    "status": frozenset({"text", "color", "style", "localId"}),
    "inlineCard": frozenset({"url", "data", "localId"}),
    "blockCard": frozenset({"url", "data", "localId", "datasource", "width", "layout"}),
    "placeholder": frozenset({"text", "localId"}),
    "hardBreak": frozenset({"text", "localId"}),
    "media": frozenset(
        {"id", "type", "collection", "occurrenceKey", "alt", "width", "height", "url", "localId"}
    ),
    "mediaSingle": frozenset({"layout", "width", "widthType", "localId"}),
    "caption": frozenset({"localId"}),
    "taskList": frozenset({"localId"}),
    "taskItem": frozenset({"localId", "state"}),
    "decisionList": frozenset({"localId"}),
    "decisionItem": frozenset({"localId", "state"}),
}
_REQUIRED_ATTRIBUTES: dict[str, frozenset[str]] = {
    "heading": frozenset({"level"}),
    "panel": frozenset({"panelType"}),
    "mention": frozenset({"id"}),
    "emoji": frozenset({"shortName"}),
    "date": frozenset({"timestamp"}),
    "status": frozenset({"text", "color"}),
    "placeholder": frozenset({"text"}),
    "taskItem": frozenset({"localId", "state"}),
    "decisionItem": frozenset({"localId", "state"}),
}
_MARKS: dict[str, frozenset[str]] = {
    "strong": frozenset(),
    "em": frozenset(),
    "strike": frozenset(),
    "underline": frozenset(),
    "code": frozenset(),
    "link": frozenset({"href", "title", "id", "collection", "occurrenceKey"}),
    "subsup": frozenset({"type"}),
    "textColor": frozenset({"color"}),
    "backgroundColor": frozenset({"color"}),
    "annotation": frozenset({"id", "annotationType"}),
}
_REQUIRED_MARK_ATTRIBUTES = {
    "link": "href",
    "subsup": "type",
    "textColor": "color",
    "backgroundColor": "color",
}
_BLOCK_MARKS = frozenset({"alignment", "indentation", "breakout", "border", "dataConsumer"})
_NODE_KEYS = frozenset({"type", "content", "attrs", "marks", "text", "version"})
_BEGIN_ITEM = frozenset({"paragraph", "codeBlock", "mediaSingle"})
_HEADING_LEVELS = range(1, 7)


class InvalidDocumentError(ValueError):
    """The value looks like a document and breaks a rule of the format."""


def looks_like_document(value: object) -> bool:
    """Say whether a value claims to be a document; anything else is refused with another text."""
    return isinstance(value, dict) and value.get("type") == "doc"


def check(document: dict[str, Json]) -> None:
    """Raise `InvalidDocumentError` unless Jira would take the document."""
    if document.get("version") != 1 or not isinstance(document.get("content"), list):
        raise InvalidDocumentError("a document has version 1 and a list of content")
    _check_node(document)


def _check_node(node: object) -> None:
    if not isinstance(node, dict) or node.keys() - _NODE_KEYS:
        raise InvalidDocumentError(f"not a node: {node!r}")
    kind = node.get("type")
    if kind not in _CHILDREN:
        raise InvalidDocumentError(f"unknown node {kind!r}")
    _check_text(kind, node)
    _check_attributes(kind, node.get("attrs", {}))
    _check_marks(kind, node.get("marks", []))
    content = node.get("content", [])
    if not isinstance(content, list) or (kind in _NEVER_EMPTY and not content):
        raise InvalidDocumentError(f"{kind} without content")
    for child in content:
        if not isinstance(child, dict) or child.get("type") not in _CHILDREN[kind]:
            raise InvalidDocumentError(f"{kind} cannot hold {child!r}")
        if kind == "codeBlock" and child.get("marks"):
            raise InvalidDocumentError("text in a code block has no marks")
        _check_node(child)
    if kind == "listItem" and content[0]["type"] not in _BEGIN_ITEM:
        raise InvalidDocumentError("a list item begins with a block of text")


def _check_text(kind: str, node: dict[str, Json]) -> None:
    if kind == "text":
        if not isinstance(node.get("text"), str) or not node["text"]:
            raise InvalidDocumentError("a text node without text")
    elif "text" in node:
        raise InvalidDocumentError(f"{kind} has no text of its own")


def _check_attributes(kind: str, attributes: object) -> None:
    if not isinstance(attributes, dict) or attributes.keys() - _ATTRIBUTES.get(kind, frozenset()):
        raise InvalidDocumentError(f"{kind} does not have all of the attributes {attributes!r}")
    if _REQUIRED_ATTRIBUTES.get(kind, frozenset()) - attributes.keys():
        raise InvalidDocumentError(f"{kind} lacks an attribute")
    if kind == "heading" and attributes["level"] not in _HEADING_LEVELS:
        raise InvalidDocumentError("a heading has level 1 to 6")


def _check_marks(kind: str, marks: object) -> None:
    if not isinstance(marks, list):
        raise InvalidDocumentError("marks are a list")
    names = set()
    for mark in marks:
        if not isinstance(mark, dict):
            raise InvalidDocumentError(f"not a mark: {mark!r}")
        name = mark.get("type")
        names.add(name)
        if kind != "text":
            if name not in _BLOCK_MARKS and name != "link":
                raise InvalidDocumentError(f"{kind} does not take the mark {name!r}")
            continue
        attributes = mark.get("attrs", {})
        if name not in _MARKS or attributes.keys() - _MARKS[name]:
            raise InvalidDocumentError(f"unknown mark {mark!r}")
        needed = _REQUIRED_MARK_ATTRIBUTES.get(name)
        if needed and not attributes.get(needed):
            raise InvalidDocumentError(f"the mark {name} needs {needed}")
    if "code" in names and names - {"code", "link", "annotation"}:
        raise InvalidDocumentError("code combines with nothing but a link")


def to_text(document: dict[str, Json] | None) -> str | None:
    """Return a document as plain text, as API v2 and webhooks show it; None for none.

    Jira writes its wiki markup there. Plain text with bullets is enough for a receiver that, as it
    should, never reads meaning out of markup.
    """
    if document is None:
        return None
    return "\n\n".join(filter(None, (_block(node) for node in document["content"])))


def _block(node: dict[str, Json]) -> str:
    kind = node["type"]
    content = node.get("content", [])
    if kind in ("bulletList", "orderedList"):
        mark = "*" if kind == "bulletList" else "#"
        return "\n".join(f"{mark} {_block(item)}" for item in content)
    if kind == "tableRow":
        return "|" + "|".join(_block(cell) for cell in content) + "|"
    if kind == "rule":
        return "----"
    if content and content[0]["type"] not in _INLINE:
        return "\n".join(_block(child) for child in content)
    return "".join(_inline(child) for child in content)


def _inline(node: dict[str, Json]) -> str:
    attributes = node.get("attrs", {})
    match node["type"]:
        case "text":
            return node["text"]
        case "hardBreak":
            return "\n"
        case "inlineCard":
            return attributes.get("url", "")
        case "emoji":
            return attributes.get("text") or attributes["shortName"]
        case _:
            return str(attributes.get("text", ""))


def from_text(text: str) -> dict[str, Json]:
    """Return plain text as a document: a blank line parts paragraphs, a newline breaks the line."""
    paragraphs = []
    for part in text.replace("\r\n", "\n").split("\n\n"):
        nodes: list[dict[str, Json]] = []
        for line in part.split("\n"):
            if nodes:
                nodes.append({"type": "hardBreak"})
            if line:
                nodes.append({"type": "text", "text": line})
        paragraphs.append({"type": "paragraph", "content": nodes})
    return {"type": "doc", "version": 1, "content": paragraphs}


def text_length(document: dict[str, Json]) -> int:
    """Return how many characters a document shows, which is what Jira's limit is taken to count."""
    return len(to_text(document) or "")
