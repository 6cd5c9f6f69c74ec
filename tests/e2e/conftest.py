"""The whole gateway as real processes, started and stopped as its users do."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from stack import Stack


@pytest.fixture
def make_stack(tmp_path) -> Iterator[Callable[..., Stack]]:
    """Make a stack, not started yet; keyword arguments are settings."""
    made: list[Stack] = []

    def make(**settings: object) -> Stack:
        folder = tmp_path / f"stack-{len(made)}"
        folder.mkdir()
        made.append(Stack(folder, **settings))
        return made[-1]

    yield make
    for stack in made:
        stack.destroy()


@pytest.fixture(scope="module")
def stack_settings() -> dict[str, object]:
    """Settings of the module's stack; a module overrides this fixture to set others."""
    return {"poll_interval_seconds": 5}


@pytest.fixture(scope="module")
def stack(tmp_path_factory, stack_settings) -> Iterator[Stack]:
    """A running stack with the sandbox vendors, one for all tests of a module."""
    stack = Stack(tmp_path_factory.mktemp("stack"), **stack_settings)
    try:
        yield stack.start()
    finally:
        stack.destroy()
