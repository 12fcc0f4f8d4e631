"""Coordinates: they predict round trips that were never measured, and no sample makes them senseless."""

from __future__ import annotations

import math
import random
from statistics import median

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.tissue.overlay.config import VivaldiConfig
from actors.tissue.overlay.vivaldi import Coordinate, Vivaldi, read_coordinate

REALS = st.floats(allow_nan=True, allow_infinity=True)


def test_round_trips_that_were_never_measured_are_predicted() -> None:
    rng = random.Random(0)
    points = [(rng.uniform(0, 0.1), rng.uniform(0, 0.1)) for _ in range(40)]
    access = [rng.uniform(0.001, 0.005) for _ in points]
    cells = [Vivaldi(random.Random(i)) for i in range(40)]

    def rtt(a: int, b: int) -> float:
        return math.dist(points[a], points[b]) + access[a] + access[b]

    for _ in range(200):
        for i, cell in enumerate(cells):
            j = (i + rng.randrange(1, 17)) % 40
            cell.observe(str(j), cells[j].coordinate, rtt(i, j))

    errors = [
        abs(cells[a].coordinate.distance(cells[b].coordinate) - rtt(a, b)) / rtt(a, b)
        for a in range(40)
        for b in range(a + 17, 40)
    ]
    assert median(errors) < 0.1


def test_one_sample_that_is_far_off_does_not_count() -> None:
    cell, other = Vivaldi(random.Random(0)), Coordinate((0.05,) * 8, 0.001, 0.5)
    for _ in range(50):
        cell.observe("a", other, 0.02)
    before = cell.coordinate.distance(other)

    cell.observe("a", other, 5.0)

    assert cell.coordinate.distance(other) == pytest.approx(before, rel=0.1)


@pytest.mark.parametrize("rtt", [-1.0, math.nan, math.inf, 11.0])
def test_a_round_trip_that_cannot_be_is_not_believed(rtt: float) -> None:
    cell = Vivaldi(random.Random(0))

    assert not cell.observe("a", Coordinate((0.0,) * 8, 0.0, 1.0), rtt)


def test_another_space_is_not_ours() -> None:
    cell = Vivaldi(random.Random(0), VivaldiConfig(dimensions=4))

    assert not cell.observe("a", Coordinate((0.0,) * 8, 0.0, 1.0), 0.1)
    assert cell.coordinate.distance(Coordinate((0.0,) * 8, 0.0, 1.0)) == math.inf


@settings(max_examples=100)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.lists(REALS, min_size=11, max_size=11), REALS), max_size=20))
def test_whatever_strangers_say_the_place_stays_finite(samples: list[tuple[str, list[float], float]]) -> None:
    cell = Vivaldi(random.Random(0))
    for name, reals, rtt in samples:
        try:
            other = read_coordinate([reals[:8], *reals[8:]])
        except ValueError:
            continue
        cell.observe(name, other, rtt)

    assert read_coordinate(cell.coordinate.wire()) == cell.coordinate


def test_samples_of_a_few_peers_only_are_kept() -> None:
    cell = Vivaldi(random.Random(0), VivaldiConfig(max_peers=4))

    for number in range(100):
        cell.observe(str(number), Coordinate((0.0,) * 8, 0.0, 1.0), 0.1)
    cell.forget("99")

    assert len(cell._samples) == 3


@pytest.mark.parametrize("wrong", [{"dimensions": 17}, {"error_gain": 0.0}, {"filter": 0}, {"longest": math.inf}])
def test_a_constant_that_cannot_be_is_refused_by_name(wrong: dict[str, float]) -> None:
    (name,) = wrong

    with pytest.raises(ValueError, match=f"VivaldiConfig.{name}"):
        VivaldiConfig(**wrong)  # type: ignore[arg-type]
