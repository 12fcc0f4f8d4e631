"""Switches that do not chatter, and thresholds of one's own."""

from __future__ import annotations

import math
import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.tissue.hormones.receptor import Reception, Receptor, Released, ResponseThreshold, Triggered

STRESS = Receptor("stress", above=0.9, below=0.6, refractory=5.0)


def reception(receptor: Receptor = STRESS, seed: int = 0) -> Reception:
    return Reception(receptor, random.Random(seed))


def test_it_is_triggered_at_its_upper_threshold_and_released_under_the_lower_one() -> None:
    one = reception()

    events = [one.sense(level, now) for now, level in enumerate((0.89, 0.9, 0.61, 0.6, 0.59))]

    assert events == [None, Triggered(STRESS, 0.9), None, None, Released(STRESS, 0.59)]


def test_it_does_not_chatter_between_its_thresholds() -> None:
    one, rng = reception(), random.Random(1)
    one.sense(1.0, 0.0)

    assert [one.sense(rng.uniform(0.6, 5.0), now) for now in range(1000)] == [None] * 1000


def test_it_cannot_be_triggered_again_within_the_refractory_period() -> None:
    one = reception()
    one.sense(1.0, 0.0)
    one.sense(0.1, 1.0)

    assert one.sense(1.0, 4.99) is None
    assert one.sense(1.0, 5.0) == Triggered(STRESS, 1.0)


def test_it_is_released_within_the_refractory_period() -> None:
    one = reception()
    one.sense(1.0, 0.0)

    assert one.sense(0.0, 0.1) == Released(STRESS, 0.0)


def test_a_level_that_is_not_known_switches_nothing() -> None:
    one = reception()
    one.sense(1.0, 0.0)

    assert one.sense(None, 1.0) is None
    assert one.is_on


@given(st.lists(st.tuples(st.floats(0, 3), st.floats(0, 10)), max_size=50))
def test_triggered_and_released_alternate_and_triggers_are_a_refractory_period_apart(
    senses: list[tuple[float, float]],
) -> None:
    one, now, events = reception(), 0.0, []
    for level, later in senses:
        now += later
        event = one.sense(level, now)
        if event is not None:
            events.append((now, type(event)))

    assert [kind for _, kind in events] == [Triggered, Released] * (len(events) // 2) + [Triggered] * (len(events) % 2)
    triggers = [when for when, kind in events if kind is Triggered]
    assert all(after - before >= 5.0 for before, after in pairwise(triggers))


def test_cells_with_a_spread_do_not_all_switch_at_once() -> None:
    receptor = Receptor("stress", spread=0.2)

    on = sum(reception(receptor, seed).sense(0.9, 0.0) is not None for seed in range(1000))

    assert 400 < on < 600


@pytest.mark.parametrize(
    ("field", "value"),
    [("above", math.inf), ("above", math.nan), ("below", 0.9), ("below", 0.0), ("refractory", -1.0), ("spread", 1.0)],
)
def test_a_receptor_that_cannot_be_is_refused_by_the_name_of_the_field(field: str, value: float) -> None:
    with pytest.raises(ValueError, match=rf"Receptor\.{field}"):
        Receptor("stress", **{field: value})  # type: ignore[arg-type]


def test_half_of_the_cells_answer_a_stimulus_at_their_threshold() -> None:
    assert ResponseThreshold(phi=0.75, steepness=3.0).probability(0.75) == pytest.approx(0.5)


@pytest.mark.parametrize("steepness", [2.0, 3.0, 4.0])
def test_the_probability_is_the_published_curve(steepness: float) -> None:
    curve = ResponseThreshold(phi=0.75, steepness=steepness)

    for s in (0.01, 0.3, 1.0, 3.0):
        assert curve.probability(s) == pytest.approx(s**steepness / (s**steepness + 0.75**steepness))


@given(st.floats(0, math.inf), st.floats(0, math.inf), st.floats(1, 1e6))
def test_the_probability_rises_with_the_stimulus(one: float, other: float, steepness: float) -> None:
    curve = ResponseThreshold(steepness=steepness)
    low, high = sorted((one, other))

    assert 0.0 <= curve.probability(low) <= curve.probability(high) <= 1.0


def test_each_cell_has_a_threshold_of_its_own_within_the_spread() -> None:
    group = ResponseThreshold(phi=1.0, spread=0.2)

    phis = [group.of_cell(random.Random(seed)).phi for seed in range(200)]

    assert 0.8 <= min(phis) < 0.85
    assert 1.15 < max(phis) <= 1.2


@pytest.mark.parametrize(
    ("field", "value"), [("phi", 0.0), ("phi", math.nan), ("steepness", 0.5), ("spread", 1.0), ("spread", -0.1)]
)
def test_a_threshold_that_cannot_be_is_refused_by_the_name_of_the_field(field: str, value: float) -> None:
    with pytest.raises(ValueError, match=rf"ResponseThreshold\.{field}"):
        ResponseThreshold(**{field: value})
