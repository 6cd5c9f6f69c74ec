"""HTML becomes the document that a person would expect, and plain text does."""

import pytest

from connectors.jira.adf import adf_to_text, html_to_adf, text_to_adf
from connectors.jira.adf_document import CUT_NOTE, TEXT_LIMIT


def text(content, *marks, href=None):
    node = {"type": "text", "text": content}
    found = [{"type": "link", "attrs": {"href": href}}] if href else []
    found += [{"type": mark} for mark in marks]
    return node | ({"marks": found} if found else {})


def paragraph(*content):
    return {"type": "paragraph", "content": list(content)}


def item(*content):
    return {"type": "listItem", "content": list(content)}


def bullets(*content):
    return {"type": "bulletList", "content": list(content)}


def quote(*content):
    return {"type": "blockquote", "content": list(content)}


def code_block(code):
    return {"type": "codeBlock", "content": [text(code)]}


BREAK = {"type": "hardBreak"}
FILE = "https://acme.peopleforce.io/files/1"


@pytest.mark.parametrize(
    ("html", "content"),
    [
        ("", []),
        (None, []),
        ("<p> </p><ul><li></li></ul>&nbsp;<br>", []),
        ("plain", [paragraph(text("plain"))]),
        ("<p>a</p><div>b</div>", [paragraph(text("a")), paragraph(text("b"))]),
        ("one<br>two", [paragraph(text("one"), BREAK, text("two"))]),
        ("a <b>b</b><i>c</i>", [paragraph(text("a "), text("b", "strong"), text("c", "em"))]),
        ("<b><p>a</p>b</b>", [paragraph(text("a", "strong")), paragraph(text("b", "strong"))]),
        ("<u>a</u><s>b</s>", [paragraph(text("a", "underline"), text("b", "strike"))]),
        ("<b>a <code>b</code></b>", [paragraph(text("a ", "strong"), text("b", "code"))]),
        ("a&nbsp;&nbsp; \n b", [paragraph(text("a b"))]),
        ("<h2>T</h2>", [{"type": "heading", "attrs": {"level": 2}, "content": [text("T")]}]),
        ("a<hr>b", [paragraph(text("a")), {"type": "rule"}, paragraph(text("b"))]),
        ("<pre>a\n  b<br>c</pre>", [code_block("a\n  b\nc")]),
        ("<blockquote>a<h2>b</h2></blockquote>c",
         [quote(paragraph(text("a")), paragraph(text("b", "strong"))), paragraph(text("c"))]),
        ("<blockquote>a<ul><li>b</li></ul></blockquote>",
         [quote(paragraph(text("a"))), bullets(item(paragraph(text("b"))))]),
        ("<ul><li>a<ul><li>b</li></ul></li><li>c</li></ul>",
         [bullets(item(paragraph(text("a")), bullets(item(paragraph(text("b"))))),
                  item(paragraph(text("c"))))]),
        ("<ul><li><ul><li>a</li></ul></li></ul>",
         [bullets(item(paragraph(), bullets(item(paragraph(text("a"))))))]),
        ("<ul>a<li>b</li></ul>", [bullets(item(paragraph(text("a"))), item(paragraph(text("b"))))]),
        ("<ol start=3><li>a</li></ol>",
         [{"type": "orderedList", "attrs": {"order": 3}, "content": [item(paragraph(text("a")))]}]),
        ("<ul><li><h1>a</h1></li></ul>", [bullets(item(paragraph(text("a", "strong"))))]),
        ("<table><tr><th>a<th>b</tr><tr><td><p>1</p><td>2</table>",
         [paragraph(text("a | b")), paragraph(text("1 | 2"))]),
        (f'<a class="fr-file" href="{FILE}" name="x.docx">x.docx</a>',
         [paragraph(text("x.docx", href=FILE))]),
        (f'<a class="fr-file" href="{FILE}" name="x.docx"></a>',
         [paragraph(text("x.docx", href=FILE))]),
        ('<a href="mailto:a@b.example">write</a>',
         [paragraph(text("write", href="mailto:a@b.example"))]),
        ('<a href="javascript:alert(1)">press</a>', [paragraph(text("press"))]),
        ('<a href="https://[">broken</a>', [paragraph(text("broken"))]),
        ('<img src="https://i.example/a.png" alt="A plan">',
         [paragraph(text("A plan", href="https://i.example/a.png"))]),
        ('<img src="https://i.example/a.png">',
         [paragraph(text("a.png", href="https://i.example/a.png"))]),
        ('<img src="data:image/png;base64,AA">', [paragraph(text("[image]"))]),
        ("<blink>a</blink><script>no</script><!-- no -->", [paragraph(text("a"))]),
        ("a\x00b\x07\ud800", [paragraph(text("ab?"))]),
    ],
)  # fmt: skip
def test_html_becomes(html, content):
    assert html_to_adf(html) == {"type": "doc", "version": 1, "content": content}


def test_a_text_that_is_too_long_is_cut_with_a_note_and_fits():
    document = html_to_adf("<p>" + "word " * 10_000 + "</p>")

    *_, last = document["content"]
    shown = adf_to_text(document)
    assert last == paragraph(text(CUT_NOTE))
    assert TEXT_LIMIT - 100 < len(shown) <= TEXT_LIMIT


def test_jira_counts_an_emoji_as_two_characters_and_none_is_cut_in_half():
    shown = adf_to_text(html_to_adf("\N{PARTY POPPER}" * 20_000))

    assert len(shown.encode("utf-16-le")) <= TEXT_LIMIT * 2
    assert "\ufffd" not in shown


@pytest.mark.parametrize("element", ["b", "div", "ul><li", "blockquote", "table><tr><td"])
def test_html_may_nest_without_end(element):
    document = html_to_adf(f"<{element}>" * 5000 + "word")

    assert adf_to_text(document) == "word"


@pytest.mark.parametrize(
    ("plain", "content"),
    [
        ("", []),
        (None, []),
        ("a\r\nb", [paragraph(text("a"), BREAK, text("b"))]),
        ("a\n \nb", [paragraph(text("a")), paragraph(text("b"))]),
        ("<b>a</b>", [paragraph(text("<b>a</b>"))]),
    ],
)
def test_plain_text_becomes(plain, content):
    assert text_to_adf(plain)["content"] == content


def test_text_is_read_from_nodes_that_the_gateway_never_writes():
    document = {
        "type": "doc",
        "version": 1,
        "content": [
            paragraph(text("Hello "), {"type": "mention", "attrs": {"id": "1", "text": "@Ann"}}),
            {"type": "panel", "content": [paragraph({"type": "emoji", "attrs": {"text": "!"}})]},
            {"type": "unheardOf", "content": [paragraph(text("kept"))]},
        ],
    }

    assert adf_to_text(document) == "Hello @Ann\n!\nkept"
    assert adf_to_text("a string") == ""
