"""What one cell decides, from what it senses."""

from __future__ import annotations

import math
import random
from collections import Counter
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.tissue.hormones.scaling import CallOff, Grow, Retire, Scaling, ScalingConfig, Senses

CONFIG = ScalingConfig(ceiling=1000)
GROUP = Senses(pressure=1.5, level=1.5, siblings=[1.5] * 9, live=20)
IDLE = Senses(pressure=0.3, level=0.3, siblings=[0.3] * 9, live=20, rank=5)


def scaling(config: ScalingConfig = CONFIG, seed: int = 0) -> Scaling:
    return Scaling(random.Random(seed), 0.0, config)


def grown(senses: Senses, config: ScalingConfig = CONFIG) -> float:
    return scaling(config).grow_chance(senses, 0.0)


def aged(senses: Senses, config: ScalingConfig = CONFIG, seed: int = 0, until: float = 31.0) -> Scaling:
    """One that has sensed the same for longer than the window, and grew and retired no more than it was told to."""
    one = scaling(config, seed)
    while one.due <= until:
        one.decide(senses, one.due)
    return one


# -- grow --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("level", "starting", "chance"),
    [
        (1.5, 0, 1.0),
        (1.125, 0, 0.5),
        (1.125, 5, 0.25),
        (1.125, 10, 0.0),
        (1.125, 30, 0.0),
        (3.0, 0, 1.0),
        (3.0, 50, 0.5),
    ],
)
def test_a_cell_spawns_with_the_probability_of_the_formula(level: float, starting: int, chance: float) -> None:
    senses = replace(GROUP, pressure=level, level=level, siblings=[level] * 9, starting=starting)

    assert grown(senses) == pytest.approx(chance)


@given(st.floats(0.83, 1.5), st.integers(1, 200), st.integers(0, 50))
def test_the_expected_sum_is_what_an_autoscaler_would_order(level: float, live: int, starting: int) -> None:
    senses = Senses(level, level, [level] * 9, live=live, starting=starting)

    expected = live * grown(senses, ScalingConfig(ceiling=100_000))

    assert expected == pytest.approx(max(0.0, live * (level / 0.75 - 1.0) - starting), abs=1e-6)


def test_the_sum_of_what_is_decided_is_that_on_average() -> None:
    level = 1.05
    senses = Senses(level, level, [level] * 9, live=100, starting=10)
    births = [len(scaling(seed=seed).decide(senses, 1.0)) for seed in range(5000)]

    assert 100 * sum(births) / 5000 == pytest.approx(100 * (level / 0.75 - 1) - 10, rel=0.05)


def test_within_the_tolerance_nobody_grows() -> None:
    assert grown(replace(GROUP, pressure=0.82, level=0.82, siblings=[0.82] * 9)) == 0.0


def test_a_cell_does_not_spawn_again_within_the_time_of_a_boot() -> None:
    one = scaling()
    assert one.decide(GROUP, 1.0) == [Grow(1.0)]

    assert [one.grow_chance(GROUP, when) for when in (1.5, 5.9, 6.0)] == [0.0, 0.0, 1.0]


def test_growth_needs_pressure_now_and_not_the_memory_of_it() -> None:
    assert grown(replace(GROUP, pressure=0.5)) == 0.0


def test_growth_needs_seven_of_nine() -> None:
    assert grown(replace(GROUP, siblings=[3.0] * 6 + [0.75] * 3)) == 0.0
    assert grown(replace(GROUP, siblings=[3.0] * 7 + [0.75] * 2)) == 1.0


def test_a_cell_does_not_count_itself_among_nine_others() -> None:
    assert grown(replace(GROUP, level=3.0, pressure=3.0, siblings=[3.0] * 6 + [0.75] * 3)) == 0.0


def test_a_cell_alone_listens_to_itself() -> None:
    assert grown(Senses(1.5, 1.5, [], live=1)) == 1.0


def test_no_more_may_spawn_than_there_are_places() -> None:
    config = ScalingConfig(ceiling=24)
    chances = [grown(replace(GROUP, rank=rank, starting=1), config) for rank in range(20)]

    assert chances == [1.0] * 3 + [0.0] * 17


@given(st.integers(1, 60), st.integers(0, 60), st.integers(1, 60), st.floats(0, 3))
def test_those_who_may_spawn_are_never_more_than_the_places_left(
    live: int, starting: int, ceiling: int, level: float
) -> None:
    config = ScalingConfig(ceiling=ceiling)
    senses = [Senses(level, level, [level] * 9, live=live, starting=starting, rank=rank) for rank in range(live)]

    chances = [grown(one, config) for one in senses]

    assert sum(chance > 0 for chance in chances) <= max(0, ceiling - live - starting)
    assert all(0.0 <= chance <= 1.0 for chance in chances)


def test_where_not_all_may_those_who_may_do_it_for_all() -> None:
    level, config = 0.9, ScalingConfig(ceiling=30)
    senses = [Senses(level, level, [level] * 9, live=20, rank=rank) for rank in range(20)]

    assert math.fsum(grown(one, config) for one in senses) == pytest.approx(20 * (level / 0.75 - 1))


# -- call off ----------------------------------------------------------------------------------------------------------


def test_a_start_whose_reason_is_gone_is_called_off_once() -> None:
    one = scaling()
    one.decide(GROUP, 1.0)

    calm = replace(GROUP, pressure=0.75)
    assert [one.decide(calm, when) for when in (1.5, 2.0)] == [[CallOff()], []]


def test_a_start_is_not_called_off_for_a_wobble() -> None:
    one = scaling()
    one.decide(GROUP, 1.0)

    assert one.decide(replace(GROUP, pressure=0.8), 1.5) == []


def test_what_serves_already_is_not_called_off() -> None:
    one = scaling()
    one.decide(GROUP, 1.0)

    assert one.decide(replace(GROUP, pressure=0.75), 6.0) == []


# -- retire ------------------------------------------------------------------------------------------------------------


def test_a_cell_retires_with_the_probability_of_the_formula() -> None:
    assert aged(IDLE).retire_chance(IDLE, 31.0) == pytest.approx(1 - 0.3 / 0.75)


def test_it_retires_that_often_in_the_retire_time() -> None:
    retired, decisions = 0, 0
    for seed in range(300):
        one = aged(IDLE, seed=seed)
        for _ in range(20):
            retired += len(one.decide(IDLE, one.due))
            decisions += 1

    assert retired / decisions == pytest.approx((1 - 0.3 / 0.75) * 0.5 / 5.0, rel=0.15)


def test_within_the_tolerance_nobody_retires() -> None:
    senses = replace(IDLE, pressure=0.61, level=0.61, siblings=[0.61] * 9)

    assert aged(senses).retire_chance(senses, 31.0) == 0.0


def test_the_young_do_not_retire() -> None:
    assert aged(IDLE, until=29.0).retire_chance(IDLE, 30.0) == 0.0


def test_nobody_retires_within_the_window_after_a_load() -> None:
    one = aged(IDLE)
    one.decide(replace(IDLE, siblings=[0.75] * 9), 31.5)
    chances = []
    for step in range(64):
        now = 32.0 + step / 2
        one.decide(IDLE, now)
        chances.append((now, one.retire_chance(IDLE, now)))

    assert all((chance > 0) == (now > 61.5) for now, chance in chances)


def test_two_liars_do_not_stop_retirement_and_three_do() -> None:
    for liars, chance in ((2, pytest.approx(0.6)), (3, 0.0)):
        senses = replace(IDLE, siblings=[3.0] * liars + [0.3] * (9 - liars))

        assert aged(senses).retire_chance(senses, 31.0) == chance


def test_the_oldest_stay_where_there_is_a_floor() -> None:
    config = replace(CONFIG, floor=3)
    one = aged(IDLE, config)

    assert [one.retire_chance(replace(IDLE, rank=rank), 31.0) > 0 for rank in range(5)] == [False] * 3 + [True] * 2


def test_the_last_cell_does_not_retire() -> None:
    alone = Senses(0.0, 0.0, [], live=1)

    assert aged(alone).retire_chance(alone, 31.0) == 0.0


def test_halves_that_met_again_shrink_to_the_ceiling_whatever_the_load() -> None:
    config = ScalingConfig(ceiling=30)
    chances = [scaling(config).retire_chance(replace(GROUP, live=50, rank=rank), 1.0) for rank in range(50)]

    assert chances == [0.0] * 30 + [1.0] * 20


# -- dead sensors ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "dead"),
    [("level", None), ("pressure", None), ("pressure", math.nan), ("pressure", math.inf), ("pressure", -1.0)],
)
def test_a_cell_whose_sensor_is_dead_does_nothing(field: str, dead: float | None) -> None:
    values: dict[str, Any] = {field: dead}
    for senses in (replace(GROUP, **values), replace(IDLE, **values)):
        one = scaling()
        while one.due < 100.0:
            assert one.decide(senses, one.due) == []


def test_who_hears_too_few_does_nothing() -> None:
    for level in (3.0, 0.0):
        one, senses = scaling(), Senses(level, level, [level] * 5, live=20, rank=5)
        while one.due < 100.0:
            assert one.decide(senses, one.due) == []


def test_the_time_in_which_nothing_was_sensed_counts_as_right() -> None:
    one = aged(replace(IDLE, level=None))

    assert one.highest == 0.75
    assert one.retire_chance(IDLE, 31.0) == 0.0


# -- all together ------------------------------------------------------------------------------------------------------

levels = st.none() | st.floats(0, 3)


@given(
    st.lists(
        st.builds(
            Senses,
            pressure=levels | st.just(math.nan),
            level=levels,
            siblings=st.lists(st.floats(0, 3), max_size=12),
            live=st.integers(1, 50),
            starting=st.integers(0, 50),
            rank=st.integers(0, 50),
        ),
        max_size=40,
    ),
    st.integers(0, 1000),
)
def test_whatever_it_senses_it_does_one_thing_at_most_and_grows_once_a_boot(sensed: list[Senses], seed: int) -> None:
    one, now, births = Scaling(random.Random(seed), 0.0, ScalingConfig(ceiling=30)), 0.0, []
    for senses in sensed:
        now = one.due
        events = one.decide(senses, now)
        assert len(events) <= 1
        assert senses.rank > 0 or Retire not in map(type, events)
        births += [now for event in events if isinstance(event, Grow)]

    assert all(after - before >= 5.0 for before, after in pairwise(births))


def test_cells_that_were_born_together_do_not_decide_together() -> None:
    due = Counter(round(scaling(seed=seed).due, 2) for seed in range(100))

    assert len(due) > 30
    assert all(0.0 <= when <= CONFIG.interval for when in due)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("floor", 0),
        ("ceiling", 0),
        ("set_point", 0.0),
        ("set_point", math.nan),
        ("tolerance", 1.0),
        ("shrink_tolerance", -0.1),
        ("boot", 0.0),
        ("refractory", 4.9),
        ("window", math.inf),
        ("retire_time", 0.0),
        ("interval", -1.0),
    ],
)
def test_a_constant_out_of_range_is_refused_by_the_name_of_the_field(field: str, value: float) -> None:
    values: dict[str, Any] = {"ceiling": 10, field: value}

    with pytest.raises(ValueError, match=rf"ScalingConfig\.{field}"):
        ScalingConfig(**values)


@pytest.mark.parametrize(("field", "value"), [("live", 0), ("starting", -1), ("rank", -1)])
def test_counts_that_cannot_be_are_refused_by_the_name_of_the_field(field: str, value: int) -> None:
    values: dict[str, Any] = {field: value}

    with pytest.raises(ValueError, match=rf"Senses\.{field}"):
        replace(GROUP, **values)
