"""The grid of supervision once more, with every worker in a process: its supervisor is to find nothing different.

The processes are simulated ones: what is told goes as bytes over a link all the same, and only a deputy lives here.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.elsewhere import collected_from, everything_travels, in_a_process, skip_if
from tests.supervisors import test_grid_exits, test_grid_intensity, test_grid_starts, test_grid_strategies
from tests.supervisors.fixtures import Recorder

NOT_ELSEWHERE = {
    "test_a_slow_bystander_gets_its_own_shutdown_time[0]": "who has no time to stop in a process is killed at once",
}
"""Tests of the grid that are about the loop itself, and why."""

for grid in (test_grid_exits, test_grid_intensity, test_grid_starts, test_grid_strategies):
    globals().update(collected_from(grid))


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[None]:
    skip_if(request, NOT_ELSEWHERE)
    monkeypatch.setattr(Recorder, "child", in_a_process(Recorder.child))
    with everything_travels():
        yield
