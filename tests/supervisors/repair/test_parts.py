"""The small parts: how hard a worker is pressed, and what all pools together want."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisors import Desired
from supervisors.repair.events import Claimed, Dropped, Grown, Shrunk, Taken, Yielded
from supervisors.repair.gauge import Gauge
from supervisors.repair.wish import Wish

# -- gauge -------------------------------------------------------------------------------------------------------------


def looked(busy: float, rate: float, queue: int, seconds: float = 30.0, seed: int = 1) -> float:
    """The pressure of a worker that is busy for that share of the time and handles so many messages a second."""
    rng, now = random.Random(seed), 0.0
    gauge = Gauge(now, 0)
    while now < seconds:
        now += rng.uniform(0.05, 0.15)
        gauge.look(now, int(rate * now), queue, rng.random() < busy)
    pressure = gauge.read(5.0)
    assert pressure is not None
    return pressure


def test_nothing_looked_at_is_nothing_known() -> None:
    assert Gauge(0.0, 0).read(5.0) is None


def test_without_a_queue_pressure_is_the_share_of_time_with_a_message_in_hand() -> None:
    assert looked(0.5, 5.0, 0) == pytest.approx(0.5, abs=0.1)


def test_a_queue_counts_against_what_can_be_worked_off() -> None:
    assert looked(1.0, 10.0, 25) == pytest.approx(1.0 + 25 / (5.0 * 10.0), rel=0.1)


def test_pressure_has_a_limit() -> None:
    assert looked(1.0, 0.1, 1000) == 3.0


def test_a_worker_that_is_stuck_is_pressed() -> None:
    assert looked(1.0, 0.0, 3) > 1.5


def test_it_knows_when_its_worker_last_did_anything() -> None:
    gauge = Gauge(0.0, 0)
    seen = []
    looks = [(0, 0, False), (1, 0, False), (1, 2, False), (1, 0, True), (1, 0, False)]
    for now, (handled, queue, busy) in enumerate(looks, 1):
        gauge.look(float(now), handled, queue, busy)
        seen.append(gauge.active)

    assert seen == [0.0, 2.0, 3.0, 4.0, 4.0]


def test_each_reading_is_of_the_glances_since_the_last() -> None:
    gauge = Gauge(0.0, 0)
    gauge.look(0.1, 0, 0, True)
    first = gauge.read(5.0)
    gauge.look(0.2, 1, 0, False)

    assert (first, gauge.read(5.0), gauge.read(5.0)) == (1.0, 0.0, None)


# -- wish --------------------------------------------------------------------------------------------------------------


class Total:
    """A counter that all share."""

    def __init__(self) -> None:
        self.value = 0

    def add(self, amount: int) -> None:
        self.value += amount


class Base(dict[str, Any]):
    """A map that all share."""

    def put(self, key: str, value: Any) -> None:
        self[key] = value


def wish(desired: Desired) -> tuple[Wish, Base, Total]:
    base, total = Base(), Total()
    return Wish(desired, base, total), base, total


DESIRED = Desired(4, floor=2, ceiling=8)


@given(st.lists(st.sampled_from([-1, 1]) | st.integers(2, 8)))
def test_it_is_always_within_its_bounds_and_moves_by_one(steps: list[int]) -> None:
    found, _, _ = wish(DESIRED)
    for step in steps:
        before = found.wanted
        if abs(step) == 1:
            assert found.add(step) == (2 <= before + step <= 8)
            assert found.wanted == min(8, max(2, before + step))
        else:
            found.set(step)
            assert found.wanted == step


@given(st.integers(-50, 50))
def test_a_step_back_has_effect_whatever_others_had_wanted_too_much(windup: int) -> None:
    found, _, total = wish(DESIRED)
    total.add(windup)
    before = found.wanted
    step = -1 if before == 8 else 1

    assert found.add(step)
    assert found.wanted == before + step


def test_steps_made_at_one_time_add_up() -> None:
    one, base, total = wish(DESIRED)
    two = Wish(DESIRED, base, total)
    one.add(1)
    two.add(1)

    assert one.wanted == two.wanted == 6


def test_what_somebody_set_outlives_steps_made_before() -> None:
    found, _, _ = wish(DESIRED)
    found.add(1)
    found.set(3)

    assert found.wanted == 3


def test_junk_for_a_base_is_none() -> None:
    found, base, _ = wish(DESIRED)
    base["base"] = "many"

    assert found.wanted == 4


# -- events ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("event", "sentence"),
    [
        (Grown(1.0, "shop/mailers", 4, "resize()"), "shop/mailers grows to 4 workers: resize()"),
        (Shrunk(1.0, "shop/mailers", 1, "resize()"), "shop/mailers shrinks to 1 worker: resize()"),
        (Claimed(1.0, "shop/mailers/w-1", "east", ""), "shop/mailers/w-1 is claimed by east"),
        (Claimed(1.0, "shop/mailers/w-1", "east", "west"), "shop/mailers/w-1 is claimed by east, after west"),
        (Yielded(1.0, "shop/mailers/w-1", "east"), "shop/mailers/w-1 leaves its place to east"),
        (Yielded(1.0, "shop/mailers/w-1", ""), "shop/mailers/w-1 leaves its place"),
        (Taken(1.0, "shop", "east", 3), "shop is run by east (token 3)"),
        (Dropped(1.0, "shop", "east", 3, "it has ended"), "shop is no longer run by east (token 3): it has ended"),
    ],
)
def test_events_are_sentences(event: Any, sentence: str) -> None:
    assert event.describe() == sentence
    assert event.to_dict()["event"] == type(event).__name__
