"""A database with a few rows of everything, and the addresses of the pages that show them."""

from __future__ import annotations

from unittest.mock import patch

from flask import Flask

from bench import huge, pages

FEW = huge.Size(links=60, activity=120, rules=4, dead_letters=12, deliveries=30, audit=10)

PARTS = {**pages.PARTS, "record": "7000003", "task_id": "7000003", "record_id": "7000003"}
PARTS |= {"delivery_id": "3", "letter_id": "3", "rule_id": "2", "number": "1", "page": "operations"}


def addresses(app: Flask) -> list[str]:
    """Give the address of every page, as its routes have it, of a record that is in `FEW`."""
    with patch.object(pages, "PARTS", PARTS):
        return list(pages.addresses(app))
