"""Documents: which Jira takes, which it refuses, and what remains of one in plain text."""

import pytest

from sandbox.jira import adf


def doc(*nodes):
    return {"type": "doc", "version": 1, "content": list(nodes)}


def paragraph(*nodes):
    return {"type": "paragraph", "content": list(nodes)}


def text(words, *marks, **more):
    return {"type": "text", "text": words, **({"marks": list(marks)} if marks else {}), **more}


def bullets(*items):
    content = [{"type": "listItem", "content": [item]} for item in items]
    return {"type": "bulletList", "content": content}


BOLD, CODE = {"type": "strong"}, {"type": "code"}
LINK = {"type": "link", "attrs": {"href": "https://hr.example"}}


@pytest.mark.parametrize(
    "document",
    [
        doc(),
        doc({"type": "paragraph"}),
        doc(paragraph(text("a", BOLD), {"type": "hardBreak"}, text("b", CODE, LINK))),
        doc(bullets(paragraph(text("a")), paragraph())),
        doc(
            {
                "type": "orderedList",
                "attrs": {"order": 3},
                "content": bullets(paragraph())["content"],
            }
        ),
        doc({"type": "heading", "attrs": {"level": 6}, "content": [text("a")]}),
        doc({"type": "codeBlock", "attrs": {"language": "python"}, "content": [text("a\nb")]}),
        doc({"type": "blockquote", "content": [paragraph(text("a"))]}),
        doc({"type": "rule"}),
        doc(paragraph({"type": "mention", "attrs": {"id": "1", "text": "@A", "accessLevel": ""}})),
        doc({"type": "panel", "attrs": {"panelType": "info"}, "content": [paragraph()]}),
    ],
)
def test_a_good_document_is_taken(document):
    adf.check(document)


@pytest.mark.parametrize(
    "document",
    [
        {"type": "doc", "version": 2, "content": []},
        {"type": "doc", "version": 1},
        doc(text("loose")),
        doc({"type": "marquee", "content": []}),
        doc(paragraph(text(""))),
        doc(paragraph({"type": "text"})),
        doc(paragraph(text("a", {"type": "blink"}))),
        doc(paragraph(text("a", CODE, BOLD))),
        doc(paragraph(text("a", {"type": "link"}))),
        doc(paragraph(text("a", colour="red"))),
        doc(paragraph(paragraph())),
        doc({"type": "paragraph", "attrs": {"align": "left"}}),
        doc({"type": "bulletList", "content": []}),
        doc({"type": "bulletList", "content": [paragraph()]}),
        doc(bullets(bullets(paragraph()))),
        doc({"type": "heading", "content": [text("a")]}),
        doc({"type": "heading", "attrs": {"level": 7}, "content": [text("a")]}),
        doc({"type": "blockquote", "content": [{"type": "heading", "attrs": {"level": 1}}]}),
        doc({"type": "codeBlock", "content": [text("a", BOLD)]}),
        doc({"type": "mediaSingle", "content": []}),
        doc("text"),
    ],
)
def test_a_broken_document_is_refused(document):
    with pytest.raises(adf.InvalidDocumentError):
        adf.check(document)


def test_plain_text_goes_to_a_document_and_back():
    words = "First line\nsecond line\n\nNext paragraph"
    document = adf.from_text(words)
    adf.check(document)
    assert adf.to_text(document) == words


def test_lists_and_links_remain_readable_as_text():
    document = doc(
        paragraph(text("See "), text("this", LINK)),
        bullets(paragraph(text("a")), paragraph(text("b"))),
    )
    assert adf.to_text(document) == "See this\n\n* a\n* b"
