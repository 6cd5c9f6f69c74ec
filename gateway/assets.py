"""The dashboard's style sheets, scripts and pictures, each under a name with its content's hash.

What has the hash in its name never changes, so browsers keep it for a year and ask no more.
Packages come from `frontend/node_modules`, where `npm ci` put them as `package-lock.json` pins
them; the rest from `static/`. Everything is served by us: a page that loads from elsewhere tells
others who uses the gateway.
"""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from flask import Blueprint, Response, abort, request, url_for

from gateway.access import public

HERE = Path(__file__).parent
OWN = HERE / "static"
PACKAGES = HERE / "frontend" / "node_modules"

FROM_PACKAGES = {
    "bulma.css": "bulma/css/bulma.min.css",
    "htmx.js": "htmx.org/dist/htmx.min.js",
    "sortable.js": "sortablejs/Sortable.min.js",
    "tabulator.css": "tabulator-tables/dist/css/tabulator_simple.min.css",
    "tabulator.js": "tabulator-tables/dist/js/tabulator.min.js",
}
"""Our name of a package's file, and where the package has it; nothing else of it is served."""

KEPT_SECONDS = 365 * 24 * 3600

bp = Blueprint("assets", __name__)


class MissingPackagesError(RuntimeError):
    """The front-end packages were not fetched."""


@dataclass(frozen=True)
class Asset:
    """A file as it goes out: its bytes, the same compressed, and the name that stands for both."""

    name: str
    content: bytes
    compressed: bytes
    media_type: str


def names() -> list[str]:
    """Give the names of everything that pages may use."""
    own = [str(path.relative_to(OWN)) for path in OWN.rglob("*") if path.is_file()]
    return sorted([*FROM_PACKAGES, *own])


@cache
def load(name: str) -> Asset:
    """Read an asset, once in this process, and give it its name with the hash.

    Raises `MissingPackagesError` where the packages were not fetched, and `KeyError` for a name
    that no asset has.
    """
    if name not in names():
        raise KeyError(name)
    path = PACKAGES / FROM_PACKAGES[name] if name in FROM_PACKAGES else OWN / name
    if not path.is_file():
        message = f"{path} is missing: fetch the front-end packages with `make sync`"
        raise MissingPackagesError(message)
    content = path.read_bytes()
    stem, dot, suffix = name.rpartition(".")
    return Asset(
        name=f"{stem}.{hashlib.sha256(content).hexdigest()[:16]}{dot}{suffix}",
        content=content,
        compressed=gzip.compress(content, mtime=0),
        media_type=mimetypes.guess_type(name)[0] or "application/octet-stream",
    )


@cache
def _by_hashed_name() -> dict[str, Asset]:
    return {asset.name: asset for asset in map(load, names())}


def asset_url(name: str) -> str:
    """Give the address of an asset, for templates."""
    return url_for("assets.serve", name=load(name).name)


@bp.get("/assets/<path:name>")
@public("style sheets and scripts, the same for everybody")
def serve(name: str) -> Response:
    """Give an asset by its name with the hash; 404 for a name of an earlier release."""
    asset = _by_hashed_name().get(name)
    if asset is None:
        abort(404, "No such file: the page is from an earlier release. Reload it.")
    compress = "gzip" in request.accept_encodings
    answer = Response(
        asset.compressed if compress else asset.content, content_type=_content_type(asset)
    )
    answer.cache_control.public = True
    answer.cache_control.immutable = True
    answer.cache_control.max_age = KEPT_SECONDS
    answer.vary.add("Accept-Encoding")
    if compress:
        answer.content_encoding = "gzip"
    return answer


def _content_type(asset: Asset) -> str:
    text = asset.media_type.startswith("text/") or asset.media_type.endswith(("javascript", "xml"))
    return f"{asset.media_type}; charset=utf-8" if text else asset.media_type
