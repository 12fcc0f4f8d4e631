"""The dimmer: which way it moves, how fast, where it ends, and which level a message gets."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors import Brownout
from actors.overload.brownout import SAMPLES, BrownoutState, quantile

SPEC = Brownout(target=0.05, period=0.5, gain=0.5)


def dimmed(waits: list[float], spec: Brownout = SPEC, top: int = 2, start: float = 0.0) -> float:
    """The dimmer after periods in each of which a hundred messages waited so long."""
    state = BrownoutState(spec, top, 0.0)
    state.dimmer = start
    for period, wait in enumerate(waits):
        for _ in range(100):
            state.observe(wait, period * spec.period)
    state.observe(0.0, len(waits) * spec.period)
    return state.dimmer


@pytest.mark.parametrize("field", ["target", "period", "gain"])
@pytest.mark.parametrize("value", [0.0, -1.0, float("inf"), float("nan")])
def test_what_cannot_be_meant_is_refused_with_the_field(field: str, value: float) -> None:
    options: dict[str, Any] = {field: value}
    with pytest.raises(ValueError, match=rf"Brownout\.{field} must be above 0 and finite; got {value}"):
        Brownout(**options)


def test_long_waits_dim_by_the_gain_once_a_period() -> None:
    assert [dimmed([1.0] * periods) for periods in range(6)] == [0.0, 0.5, 1.0, 1.5, 2.0, 2.0]


def test_short_waits_undim_four_times_more_slowly() -> None:
    assert dimmed([0.0], start=2.0) == 1.875
    assert dimmed([0.0] * 16, start=2.0) == 0.0
    assert dimmed([0.0] * 17, start=2.0) == 0.0


def test_waits_at_the_target_leave_it_where_it_is() -> None:
    assert dimmed([0.05] * 10, start=1.3) == pytest.approx(1.3)


def test_waits_a_little_above_the_target_move_it_a_little() -> None:
    assert dimmed([0.06], start=1.0) == pytest.approx(1.1)


def test_nothing_moves_within_a_period() -> None:
    state = BrownoutState(SPEC, 2, 0.0)
    for _ in range(100):
        state.observe(1.0, 0.49)

    assert state.dimmer == 0.0


def test_periods_in_which_nothing_came_undim_too() -> None:
    state = BrownoutState(SPEC, 2, 0.0)
    state.dimmer = 2.0
    state.observe(0.05, 0.0)
    state.observe(0.05, 2.0)

    assert state.dimmer == 2.0 - 3 * 0.125


def test_it_takes_the_95th_percentile() -> None:
    state = BrownoutState(SPEC, 1, 0.0)
    for _ in range(95):
        state.observe(0.05, 0.1)
    for _ in range(5):
        state.observe(9.0, 0.1)
    state.observe(0.0, 0.5)

    assert state.dimmer == 0.0


def test_a_shed_message_counts_as_one_that_waited_far_too_long() -> None:
    state = BrownoutState(SPEC, 1, 0.0)
    state.shed(0.1)
    state.observe(0.0, 0.5)

    assert state.dimmer == 0.5


@pytest.mark.parametrize("messages", [1, SAMPLES - 1, SAMPLES, SAMPLES + 1, 50_000])
def test_of_many_messages_a_bounded_number_is_kept_and_the_quantile_holds(messages: int) -> None:
    state = BrownoutState(SPEC, 1, 0.0)
    rng = random.Random(1)
    waits = [rng.uniform(0.0, 0.1) for _ in range(messages)]
    for wait in waits:
        state.observe(wait, 0.1)
    kept = state._waits

    assert len(kept) <= SAMPLES
    assert quantile(kept, 0.95) == pytest.approx(quantile(waits, 0.95), rel=0.03)


@pytest.mark.parametrize(
    ("values", "expected"), [([], 0.0), ([3.0], 3.0), ([2.0, 1.0], 2.0), ([float(n) for n in range(1, 101)], 95.0)]
)
def test_the_quantile_is_the_smallest_value_that_so_many_do_not_exceed(values: list[float], expected: float) -> None:
    assert quantile(values, 0.95) == expected


def test_between_two_levels_chance_decides_in_proportion() -> None:
    state = BrownoutState(SPEC, 2, 0.0)
    state.dimmer = 1.25
    rng = random.Random(1)
    levels = [state.level(rng) for _ in range(10_000)]

    assert set(levels) == {1, 2}
    assert levels.count(2) == pytest.approx(2500, abs=150)


@pytest.mark.parametrize("dimmer", [0.0, 1.0, 2.0])
def test_at_a_whole_level_no_coin_is_flipped(dimmer: float) -> None:
    state = BrownoutState(SPEC, 2, 0.0)
    state.dimmer = dimmer
    rng = random.Random(1)
    before = rng.getstate()

    assert state.level(rng) == dimmer
    assert rng.getstate() == before


@given(st.lists(st.tuples(st.floats(0, 10), st.floats(0, 10)), max_size=100), st.integers(0, 3))
def test_the_dimmer_never_leaves_its_range(steps: list[tuple[float, float]], top: int) -> None:
    state, now = BrownoutState(SPEC, top, 0.0), 0.0
    for passed, wait in steps:
        now += passed
        state.observe(wait, now)

        assert 0.0 <= state.dimmer <= top
        assert 0 <= state.level(random.Random(0)) <= top
