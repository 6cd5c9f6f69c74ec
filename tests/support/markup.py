"""Whether HTML is what browsers, and people with screen readers, can rely on."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path

from playwright._impl._driver import compute_driver_executable

from gateway.assets import PACKAGES

_VALIDATOR = PACKAGES / "html-validate" / "bin" / "html-validate.mjs"

_CONFIG = {
    "extends": ["html-validate:standard"],
    "elements": [
        "html5",
        # HTMX's own element: it stands beside a fragment and never becomes part of the page.
        {"hx-partial": {"flow": True, "phrasing": True, "permittedContent": ["@flow"]}},
    ],
}


def problems(folder: Path, pages: Mapping[str, str]) -> list[str]:
    """Check whole pages by the HTML standard and give what is wrong, a line each.

    `pages` are texts by a name that is good for a file; `folder` is theirs. One process checks all
    of them: starting it takes longer than its work.
    """
    for name, html in pages.items():
        (folder / f"{name}.html").write_text(html, encoding="utf-8")
    config = folder / "htmlvalidate.json"
    config.write_text(json.dumps(_CONFIG))
    node, _ = compute_driver_executable()  # Playwright's wheel brings a Node of its own.
    run = subprocess.run(
        [node, _VALIDATOR, "--config", config, "--formatter", "json", f"{folder}/*.html"],
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode not in (0, 1):
        raise RuntimeError(run.stderr)
    return [
        f"{Path(report['filePath']).stem}, line {one['line']}: {one['message']}"
        for report in json.loads(run.stdout)
        for one in report["messages"]
    ]
