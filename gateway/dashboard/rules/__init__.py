"""The pages of rules: their order, the editor, history, how they fit, and what they hold."""

from __future__ import annotations

from gateway.dashboard.rules import activation, editor, fit, history, listing  # noqa: F401 - routes
from gateway.dashboard.rules.common import pages as bp

__all__ = ["bp"]
