"""Whatever HTML comes in, the document is valid and every visible word is in it.

The rules are written down here once more, from the published schema and not from the code.
Source: https://go.atlassian.com/adf-json-schema
"""

from __future__ import annotations

import json
import re
from urllib.parse import urlsplit

from hypothesis import example, given, settings
from hypothesis import strategies as st

from connectors.jira.adf import adf_to_text, html_to_adf, text_to_adf

INLINE = {"text", "hardBreak"}
TEXT_BLOCKS = {"paragraph", "codeBlock"}
LISTS = {"bulletList", "orderedList"}
HOLDS = {
    "doc": TEXT_BLOCKS | LISTS | {"heading", "blockquote", "rule"},
    "paragraph": INLINE,
    "heading": INLINE,
    "codeBlock": {"text"},
    "blockquote": {"paragraph"},
    "bulletList": {"listItem"},
    "orderedList": {"listItem"},
    "listItem": TEXT_BLOCKS | LISTS,
}
MAY_BE_EMPTY = {"doc", "paragraph"}
MARKS = {"strong", "em", "underline", "strike", "code", "link"}


def check(node):
    kind = node["type"]
    allowed = {"type", "content", "attrs"}
    match kind:
        case "doc":
            assert node["version"] == 1
            allowed.add("version")
        case "text":
            assert isinstance(node["text"], str)
            assert node["text"]
            allowed = {"type", "text", "marks"}
            check_marks(node.get("marks", []))
        case "hardBreak" | "rule":
            allowed = {"type"}
        case "heading":
            assert node["attrs"].keys() == {"level"}
            assert node["attrs"]["level"] in range(1, 7)
        case "orderedList":
            assert node.get("attrs", {"order": 2}).keys() == {"order"}
            assert node.get("attrs", {"order": 2})["order"] >= 0
        case _:
            assert "attrs" not in node
    assert node.keys() <= allowed
    if kind not in HOLDS:
        return
    children = node["content"]
    assert children or kind in MAY_BE_EMPTY
    assert {child["type"] for child in children} <= HOLDS[kind]
    if kind == "listItem":
        assert children[0]["type"] in TEXT_BLOCKS
    if kind == "codeBlock":
        assert not any("marks" in child for child in children)
    for child in children:
        check(child)


def check_marks(marks):
    names = [mark["type"] for mark in marks]
    assert len(names) == len(set(names))
    assert set(names) <= MARKS
    if "code" in names:
        assert set(names) <= {"code", "link"}
    for mark in marks:
        if mark["type"] == "link":
            assert mark["attrs"].keys() == {"href"}
            assert urlsplit(mark["attrs"]["href"]).scheme in {"http", "https", "mailto"}
        else:
            assert mark.keys() == {"type"}


def depth(node):
    return 1 + max(map(depth, node.get("content", [])), default=0)


WORDS = st.text(alphabet="abcdeäß漢🙂", min_size=1, max_size=6)
TAG_NAMES = """
    p div span b strong i em u s code pre a ul ol li blockquote h1 h3 h6 table tr td th tbody
    section br hr img center font blink textarea select option button dl dt dd q sub
"""
TAGS = st.sampled_from(TAG_NAMES.split())
ATTRIBUTES = st.sampled_from(
    [
        "",
        ' href="https://a.example/x?y=1&z=2"',
        ' href="javascript:alert(1)"',
        ' href="http://["',
        ' href="/files/1" name="list.docx"',
        ' src="https://a.example/i.png" alt="plan"',
        ' start="7"',
        ' start="-1"',
        ' id="isPasted" style="display:block"',
    ]
)
OPEN = st.builds("<{}{}>".format, TAGS, ATTRIBUTES)
CLOSE = st.builds("</{}>".format, TAGS)
MARKUP = st.lists(
    st.one_of(WORDS, OPEN, CLOSE, st.sampled_from([" ", "\n", "&nbsp;", "&amp;", "<!-- x -->"])),
    max_size=40,
).map("".join)


@given(st.text() | MARKUP)
@settings(max_examples=400, deadline=None)
@example("<ul>" * 40 + "deep")
@example("<pre><ul><li>a<td>b")
@example("<blockquote><ul><li>a</blockquote>b")
@example("<table><li>a</table>")
@example("\ud83d")
def test_any_html_becomes_a_valid_document(html):
    document = html_to_adf(html)

    check(document)
    assert depth(document) <= 20
    json.dumps(document).encode("ascii")


def html_of_words():
    """HTML with numbered words, so that each is known and none is part of another."""
    pieces = st.lists(st.one_of(OPEN, CLOSE, st.just(None)), min_size=1, max_size=40)

    def number(parts):
        words = iter(f"w{count}w" for count in range(len(parts)))
        return "".join(next(words) if part is None else part for part in parts)

    return pieces.map(number)


@given(html_of_words())
@settings(max_examples=400, deadline=None)
def test_every_visible_word_survives_in_its_order(html):
    # None of the tags hides its text; a word outside of all tags is a word of the page.
    expected = re.findall(r"w\d+w", re.sub(r"<[^>]*>", " ", html))

    found = re.findall(r"w\d+w", adf_to_text(html_to_adf(html)))

    assert sorted(found) == sorted(expected)
    if "<t" not in html and "</t" not in html:  # A parser moves text out of broken tables.
        assert found == expected


@given(st.text())
@settings(deadline=None)
def test_any_plain_text_becomes_a_valid_document_with_all_its_words(plain):
    document = text_to_adf(plain)

    check(document)
    printable = re.sub("[\x00-\x08\x0e-\x1b\x7f]", "", plain)
    assert re.findall("[^\\W_]+", adf_to_text(document)) == re.findall("[^\\W_]+", printable)
