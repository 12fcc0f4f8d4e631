"""Planned death once more, with every patient in a simulated process: made before broken, nothing lost, nobody left."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.places import nearby
from supervisors import child
from tests.actors.places.test_schedules import Frail
from tests.elsewhere import collected_from, everything_travels, in_a_process, skip_if, unsteadily
from tests.supervisors.apoptosis import schedules, test_crash_at_every_step, test_turnover
from tests.supervisors.apoptosis.fixtures import Chart
from tests.supervisors.apoptosis.schedules import Plan, drawn
from tests.supervisors.apoptosis.test_properties import PLANS, check, played

NOT_ELSEWHERE = {
    "test_a_successor_that_is_never_ready_is_given_up_after_its_time": "two lives do something in the same moment",
    "test_a_long_rest_of_one_does_not_keep_the_others_waiting": "it relies on what is drawn from its seed",
}
"""Tests that are about the loop itself, and why."""

for module in (test_crash_at_every_step, test_turnover):
    globals().update(collected_from(module))


@pytest.fixture(autouse=True, scope="module")
def elsewhere() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch, everything_travels():
        patch.setattr(Chart, "child", in_a_process(Chart.child))
        patch.setattr(schedules, "child", in_a_process(child))
        yield


@pytest.fixture(autouse=True)
def not_about_the_loop(request: pytest.FixtureRequest) -> None:
    skip_if(request, NOT_ELSEWHERE)


@settings(max_examples=30)
@given(PLANS, st.integers(0, 2**32 - 1))
def test_whatever_happens_no_promise_is_broken(plan: Plan, seed: int) -> None:
    check(played(plan, seed))


@pytest.mark.parametrize("seed", [*range(6), 147])
def test_no_promise_is_broken_in_the_long_schedule(seed: int) -> None:
    check(played(drawn(seed), seed))


@pytest.mark.parametrize("seed", range(4))
def test_no_promise_is_broken_where_processes_crash_by_themselves(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nearby, "Room", Frail)
    check(played(drawn(seed), seed))


@pytest.mark.parametrize("seed", [*range(3), 122])
def test_no_promise_is_broken_where_frames_take_their_time(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nearby, "in_order", unsteadily)
    check(played(drawn(seed), seed))
