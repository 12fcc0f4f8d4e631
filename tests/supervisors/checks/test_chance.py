"""The distribution of a sum of full-jitter waits: worked out where that can be done, drawn from a seed where not."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisors.checks.chance import DRAWS, EXACT, EXACT_WAITS, Chance, Waits, fits, longest, merged

SOME = random.Random(0)

ceilings = st.sampled_from([0.05, 0.1, 0.3, 1.0, 2.0, 7.0])
some_waits = st.lists(st.tuples(ceilings, st.integers(1, 3)), min_size=1, max_size=4).map(lambda each: merged([each]))  # type: ignore[list-item]


@pytest.mark.parametrize(
    ("waits", "window", "share"),
    [
        (((1.0, 1),), 0.25, 1 / 4),
        (((1.0, 3),), 1.0, 1 / 6),
        (((1.0, 4),), 2.0, 1 / 2),
        (((1.0, 1), (2.0, 1), (4.0, 1)), 5.0, 41 / 48),
        (((4.0, 1), (8.0, 1), (16.0, 1)), 5.0, (5**3 - 1) / (6 * 4 * 8 * 16)),
        (((1.0, 2),), 0.0, 0.0),
    ],
)
def test_few_waits_are_worked_out_exactly(waits: Waits, window: float, share: float) -> None:
    chance = fits(waits, window, SOME)

    assert chance.method == EXACT
    assert chance.share == pytest.approx(share, rel=1e-12, abs=0)


def test_waits_that_fit_however_they_are_drawn_are_certain() -> None:
    assert fits(((1.0, 10**9),), 1e9, SOME) == Chance(1.0)


def test_no_waits_always_fit() -> None:
    assert (longest(()), fits((), 0.001, SOME)) == (0.0, Chance(1.0))


@given(some_waits, st.floats(0.0, 1.0))
def test_a_sum_is_symmetric_about_its_middle(waits: Waits, part: float) -> None:
    total = longest(waits)
    window = total * part

    both = fits(waits, window, SOME).share + fits(waits, total - window, SOME).share

    assert both == pytest.approx(1.0, abs=1e-9)


@given(some_waits, st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_a_longer_window_is_never_less_likely(waits: Waits, one: float, other: float) -> None:
    short, long = sorted([one * longest(waits), other * longest(waits)])

    assert fits(waits, short, SOME).share <= fits(waits, long, SOME).share


@pytest.mark.parametrize("window", [3.0, 8.0, 11.0])
def test_what_is_worked_out_is_what_draws_come_to(window: float) -> None:
    waits: Waits = ((0.5, 2), (1.0, 1), (2.0, 4), (5.0, 1))
    rng = random.Random(7)
    flat = [ceiling for ceiling, count in waits for _ in range(count)]
    draws = 20_000

    hits = sum(sum(rng.uniform(0, ceiling) for ceiling in flat) <= window for _ in range(draws))

    assert fits(waits, window, SOME).share == pytest.approx(hits / draws, abs=0.015)


def test_doubling_ceilings_up_to_a_cap_stay_exact_for_a_hundred_waits() -> None:
    waits: Waits = (*((0.05 * 2**k, 1) for k in range(7)), (5.0, 93))

    chance = fits(waits, longest(waits) / 2, SOME)

    assert chance.method == EXACT
    assert chance.share == pytest.approx(0.5)


MANY: Waits = ((1.0, EXACT_WAITS + 1),)


def test_more_waits_are_drawn_from_the_seed_and_the_answer_says_so() -> None:
    middle, deviation = longest(MANY) / 2, math.sqrt((EXACT_WAITS + 1) / 12)

    chance = fits(MANY, middle + deviation, random.Random(1))

    assert chance.method == f"seeded simulation of {DRAWS:,} cases"
    assert chance.share == pytest.approx(0.8413, abs=0.03)
    assert chance == fits(MANY, middle + deviation, random.Random(1))


def test_a_thousand_million_waits_take_no_longer() -> None:
    assert fits(((1.0, 10**9),), 4e8, random.Random(1)).share == 0.0


def test_waits_after_one_another_are_counted_together() -> None:
    assert merged([((1.0, 2), (2.0, 1)), ((2.0, 3),)], 2) == ((1.0, 4), (2.0, 8))
