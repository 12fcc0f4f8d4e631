"""The tests of a module share the processes that processes are forked from: to start those takes longer than a test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.actors.places.stage import Theatre


@pytest.fixture(autouse=True)
def no_control_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bounds are the processes' own limits on any machine; what groups do has tests of its own."""
    monkeypatch.setattr("actors.places.bounds.find_homes", lambda: ({}, ""))


@pytest.fixture(scope="module", autouse=True)
def theatre() -> Iterator[None]:
    """Closes the theatre, if it was opened: tests that count processes want to see none of it."""
    yield
    Theatre.close()
