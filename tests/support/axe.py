"""What axe-core finds on a page: what people who see, hear or click otherwise cannot use."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page

from core.settings import ROOT

AXE = ROOT / "gateway" / "frontend" / "node_modules" / "axe-core" / "axe.min.js"

PAINTED = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"

FINDS = """async (rules) => {
    const options = { resultTypes: ["violations"] };
    if (rules) options.runOnly = { type: "rule", values: rules };
    return (await axe.run(document, options)).violations
        .filter((found) => ["serious", "critical"].includes(found.impact))
        .flatMap((found) => found.nodes.map((node) => ({
            rule: found.id,
            html: node.html,
            why: node.any.concat(node.all, node.none)[0]?.message,
        })));
}"""


def violations(page: Page) -> list[str]:
    """Give what is serious or critical on a page, in the light and in the dark theme.

    axe goes into the page by the browser's debugger, which the page's own policy does not bind: so
    that policy stays as strict as people meet it.
    """
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found: list[str] = []
    for theme, rules in (("light", None), ("dark", ["color-contrast"])):
        page.emulate_media(color_scheme=theme)
        page.evaluate(PAINTED)
        found += [_told(one, theme) for one in page.evaluate(FINDS, rules)]
    page.emulate_media(color_scheme="light")
    return found


def _told(one: dict[str, Any], theme: str) -> str:
    return f"{one['rule']} ({theme}): {one['html'][:200]}: {one['why']}"
