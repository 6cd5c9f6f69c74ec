"""The dashboard as people use it: a real browser before a real stack."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from filled import FEW

from tests.browser.screenshots import gateway_alone
from tests.support.stack import Stack
from tests.support.visiting import Visitor


@pytest.fixture(scope="module")
def stack(tmp_path_factory) -> Iterator[Stack]:
    """A running stack with the sandbox, one for all tests of a module."""
    stack = Stack(tmp_path_factory.mktemp("stack"), poll_interval_seconds=5)
    try:
        yield stack.start()
    finally:
        stack.destroy()


@pytest.fixture(scope="session")
def filled_gateway(tmp_path_factory) -> Iterator[str]:
    """The address of a gateway with a few rows of everything, and without workers."""
    with gateway_alone(tmp_path_factory.mktemp("filled"), FEW) as url:
        yield url


@pytest.fixture
def visit(stack, browser) -> Iterator[Callable[..., Visitor]]:
    """Let somebody come, logged in with a role; keyword arguments are those of a browser's window.

    At the end nobody may have met an error of a script, or something that the policy refused.
    """
    visitors: list[Visitor] = []

    def come(role: str = "admin", **options: object) -> Visitor:
        # Colours that fade from one theme to the other would be measured half-way.
        options = {"reduced_motion": "reduce", **options}
        visitors.append(Visitor(browser, stack.url("gateway"), **options))
        visitors[-1].log_in(role)
        return visitors[-1]

    yield come
    complaints = [complaint for visitor in visitors for complaint in visitor.complaints]
    for visitor in visitors:
        visitor.close()
    assert complaints == []
