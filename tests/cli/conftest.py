"""Fixtures of the command line's tests."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.shell import write_modules


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current directory, with somebody's modules in it."""
    write_modules(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    return tmp_path


@pytest.fixture
def runtime(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A runtime directory of this test's own, with a short name: those of sockets are limited.  No doors but its own
    are in it.
    """
    with tempfile.TemporaryDirectory(prefix="pl") as place:
        monkeypatch.setenv("XDG_RUNTIME_DIR", place)
        monkeypatch.setenv("TMPDIR", place)
        monkeypatch.setattr("supervisors.autopsy.folder.tempfile.gettempdir", lambda: place)
        yield Path(place)
