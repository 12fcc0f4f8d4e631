"""Finds what a test run left behind: processes that came of it, private folders, network namespaces.

Each run marks its environment; a process keeps the environment that it was executed with for all to read.
"""

from __future__ import annotations

import os
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.namespaces import left_over

MARK = "PLANARIA_TEST_RUN"

# A killed process is gone in milliseconds; on a machine that stalls, in seconds.
PATIENCE = 10.0


def processes(mark: str) -> list[str]:
    """The living processes below this one that bear the mark: pid and name."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        if entry.name == str(os.getpid()):
            continue
        try:
            if f"{MARK}={mark}".encode() not in (entry / "environ").read_bytes().split(b"\0"):
                continue
            name = (entry / "comm").read_text().strip()
        except OSError:
            continue  # it is gone, or somebody else's
        if name.startswith("planaria-"):
            found.append(f"{entry.name} {name}")
    return found


def folders(pid: int | None = None) -> list[str]:
    """The private folders of a process's nurseries, by default of this one's."""
    return [str(each) for each in Path(tempfile.gettempdir()).glob(f"planaria-*-{pid or os.getpid()}-*-*")]


@pytest.fixture(scope="session", autouse=True)
def nothing_is_left_behind() -> Iterator[None]:
    """At the end of the run no process and no folder of ours is there."""
    mark = uuid.uuid4().hex
    os.environ[MARK] = mark
    yield
    until = time.monotonic() + PATIENCE
    while (left := processes(mark) + folders() + left_over()) and time.monotonic() < until:
        time.sleep(0.02)  # pytest.mark.real: of the dying there is no other notice
    del os.environ[MARK]

    assert left == []
