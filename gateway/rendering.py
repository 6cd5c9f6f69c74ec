"""Pages and their fragments, rendered from the same templates.

A page is a template; what HTMX exchanges in it is a block of that template. So a fragment cannot
differ from what the whole page shows at the same place.
"""

from __future__ import annotations

from flask import Response, make_response, render_template, request
from jinja2_fragments.flask import render_block


def wants_fragment() -> bool:
    """Say whether HTMX asks for a part of the page that it shows.

    Not when it restores a page from the history: it has to show all of it then.
    """
    return (
        request.headers.get("HX-Request") == "true"
        and request.headers.get("HX-Request-Type") != "full"
        and "HX-History-Restore-Request" not in request.headers
    )


def page(template: str, fragment: str, **values: object) -> Response:
    """Give a page, or for HTMX only its block `fragment`."""
    if wants_fragment():
        answer = make_response(render_block(template, fragment, **values))
    else:
        answer = make_response(render_template(template, **values))
    # Both have one address: what is kept of one must not be shown for the other.
    answer.vary.add("HX-Request")
    answer.headers["Cache-Control"] = "no-store"
    return answer


def part(template: str, fragment: str, **values: object) -> Response:
    """Give a block of a page that has no address of its own, whoever asks for it."""
    answer = make_response(render_block(template, fragment, **values))
    answer.headers["Cache-Control"] = "no-store"
    return answer


def notice(text: str, *, kind: str = "success") -> str:
    """Give a sentence that appears in the page's corner, to be sent beside a fragment.

    `kind` is one of Bulma's colours: success, info, warning or danger.
    """
    return render_template("notice.html", text=text, kind=kind)
