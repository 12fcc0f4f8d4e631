"""Levels that leak, and how far they spread."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.testing import topology
from actors.tissue.hormones.secretion import PRESSURE_LIMIT, Hormone, Level, pressure, seeping

STRESS = Hormone("stress")
amounts = st.floats(0, 10)
seconds = st.floats(0, 1000)


def level(value: float = 0.0, hormone: Hormone = STRESS) -> Level:
    made = Level(hormone, 0.0)
    made.add(value, 0.0)
    return made


def test_a_level_halves_each_half_life() -> None:
    one = level(1.0)

    assert [one.read(when) for when in (0.0, 3.0, 6.0, 9.0)] == pytest.approx([1.0, 0.5, 0.25, 0.125])


def test_a_single_pulse_is_below_five_percent_after_4_4_half_lives() -> None:
    one = level(1.0)

    assert one.read(4.4 * STRESS.half_life) < 0.05 < one.read(4.3 * STRESS.half_life)


def test_reading_changes_nothing() -> None:
    often, once = level(1.0), level(1.0)

    for step in range(1000):
        often.read(step / 100)

    assert often.read(10.0) == once.read(10.0)


def test_a_level_follows_what_is_sustained_by_the_formula() -> None:
    one = level(0.2)
    one.sustain(1.0, 0.0, math.inf)

    assert one.read(1.5) == pytest.approx(0.2 + (1.0 - 0.2) * (1 - 2 ** (-1.5 / 3.0)))
    assert one.read(1000.0) == pytest.approx(1.0)


def test_what_it_bears_rises_as_the_level_does_and_falls_at_once() -> None:
    level = Level(STRESS, 0.0)
    level.sustain(2.0, 0.0, 100.0)
    rising = level.borne(3.0)
    level.sustain(0.25, 6.0, 100.0)

    assert (rising, level.read(6.0), level.borne(6.0)) == (1.0, 1.5, 0.25)
    assert level.borne(200.0) == level.read(200.0)


def test_a_level_that_is_not_sustained_any_more_decays() -> None:
    one = level(1.0)
    one.sustain(1.0, 0.0, 9.0)

    assert one.read(9.0) == 1.0
    assert one.read(12.0) == pytest.approx(0.5)


def test_no_level_is_above_the_ceiling() -> None:
    one = level(100.0)
    one.sustain(100.0, 0.0, math.inf)

    assert (one.read(0.0), one.read(50.0)) == (3.0, 3.0)


def test_no_level_is_below_nothing() -> None:
    one = level(1.0)
    one.add(-5.0, 0.0)

    assert one.read(1.0) == 0.0


def test_a_clock_that_steps_back_is_borne() -> None:
    one = level(1.0)
    one.add(1.0, 10.0)
    at_ten = one.read(10.0)

    one.add(0.0, 5.0)

    assert one.read(2.0) == at_ten == one.read(10.0)


@given(st.lists(st.tuples(st.booleans(), amounts, seconds), max_size=20))
def test_whatever_is_done_a_level_stays_between_nothing_and_its_ceiling(acts: list[tuple[bool, float, float]]) -> None:
    one, now = level(), 0.0
    for is_pulse, amount, later in acts:
        now += later
        if is_pulse:
            one.add(amount, now)
        else:
            one.sustain(amount, now, now + 5.0)

        assert 0.0 <= one.read(now) <= 3.0
        assert 0.0 <= one.read(now + later) <= 3.0


@given(st.floats(0, 3), seconds, seconds)
def test_it_does_not_matter_in_how_many_steps_time_passes(value: float, first: float, second: float) -> None:
    at_once, in_steps = level(value), level(value)
    in_steps.add(0.0, first)

    assert in_steps.read(first + second) == pytest.approx(at_once.read(first + second), abs=1e-9)


@given(st.floats(0, 3), st.lists(st.floats(0, 3), max_size=10), st.floats(0, 1))
def test_what_seeps_in_never_overshoots(here: float, around: list[float], kappa: float) -> None:
    after = here + seeping(here, around, len(around), kappa)

    assert min([here, *around]) - 1e-9 <= after <= max([here, *around]) + 1e-9


def test_neighbours_that_were_not_heard_count_as_equal() -> None:
    assert seeping(1.0, [4.0], 2, 1.0) == pytest.approx(1.0)
    assert seeping(1.0, [], 5, 1.0) == 0.0


def test_on_a_line_a_steady_source_is_felt_as_far_as_its_reach_says() -> None:
    hormone = Hormone("here", half_life=20.0, ceiling=1.0)
    graph = topology.line(60)
    names = list(graph)
    levels = dict.fromkeys(names, 0.0)
    keeps = math.exp2(-0.2 / hormone.half_life)
    for _ in range(4000):
        levels[names[0]] = 1.0
        levels = {
            name: keeps * (here + seeping(here, [levels[other] for other in graph[name]], len(graph[name]), 1.0))
            for name, here in levels.items()
        }
    fallen = next(hop for hop, name in enumerate(names[1:]) if levels[name] < levels[names[1]] / math.e)

    assert fallen == pytest.approx(hormone.reach(2, 0.2), rel=0.1)


def test_pressure_is_utilisation_and_queue_against_what_can_be_drained() -> None:
    assert pressure(0.5, 0, 10) == 0.5
    assert pressure(1.0, 25, 10) == 1.5
    assert pressure(1.0, 25, 10, drain=2.5) == 2.0


def test_pressure_is_from_none_to_its_limit() -> None:
    assert pressure(1.0, math.inf, 1.0) == PRESSURE_LIMIT
    assert pressure(-1.0, 0, 1.0) == 0.0


@pytest.mark.parametrize(
    ("utilisation", "capacity", "drain"), [(1.0, 0.0, 5.0), (1.0, 1.0, 0.0), (1.0, math.nan, 5.0), (math.nan, 1.0, 5.0)]
)
def test_a_pressure_that_cannot_be_is_refused(utilisation: float, capacity: float, drain: float) -> None:
    with pytest.raises(ValueError, match=r"capacity|utilisation"):
        pressure(utilisation, 0.0, capacity, drain)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "x" * 256),
        ("name", "ä" * 128),
        ("half_life", 0.0),
        ("half_life", math.inf),
        ("half_life", math.nan),
        ("ceiling", 0.0),
        ("kappa", 1.1),
        ("kappa", math.nan),
    ],
)
def test_a_hormone_that_cannot_be_is_refused_by_the_name_of_the_field(field: str, value: float | str) -> None:
    values: dict[str, object] = {"name": "x", field: value}

    with pytest.raises(ValueError, match=rf"Hormone\.{field}"):
        Hormone(**values)  # type: ignore[arg-type]
