"""The alpha-count: evidence adds up while it lasts and fades geometrically; its figures are those of the literature."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisors.apoptosis.alpha import AlphaCount

WEIGHTS = st.floats(0.01, 5.0)


def test_nothing_speaks_against_a_new_life() -> None:
    count = AlphaCount()

    assert (count.alpha, count.is_over, repr(count)) == (0.0, False, "AlphaCount(0 of 3)")


@given(decay=st.floats(0.0, 0.99), weights=st.lists(WEIGHTS, min_size=1), checks=st.integers(0, 200))
def test_what_was_added_fades_by_k_to_the_n(decay: float, weights: list[float], checks: int) -> None:
    count = AlphaCount(1e9, decay)
    for weight in weights:
        count.bad(weight)

    assert count.good(checks) == pytest.approx(sum(weights) * decay**checks)


@given(steps=st.lists(st.none() | WEIGHTS, max_size=60))
def test_many_good_checks_at_once_are_the_same_as_one_by_one(steps: list[float | None]) -> None:
    one, many = AlphaCount(), AlphaCount()
    run = 0
    for weight in steps:
        if weight is None:
            one.good()
            run += 1
        else:
            many.good(run)
            run = 0
            assert one.bad(weight) == pytest.approx(many.bad(weight))

    assert one.alpha == pytest.approx(many.good(run))


@pytest.mark.parametrize(("alpha", "over"), [(2.999, False), (3.0, True), (3.001, True)])
def test_the_threshold_itself_is_over(alpha: float, over: bool) -> None:
    count = AlphaCount(3.0)
    count.bad(alpha)

    assert count.is_over is over


def test_without_decay_only_the_last_check_counts() -> None:
    count = AlphaCount(3.0, 0.0)
    count.bad(2.9)
    count.good()

    assert count.alpha == 0.0


def checks_to_exit(rate: float, rng: Random, most: int) -> int:
    count = AlphaCount()
    for check in range(1, most + 1):
        if rng.random() < rate:
            count.bad()
        else:
            count.good()
        if count.is_over:
            return check
    return most


@pytest.mark.parametrize(("rate", "expected", "runs"), [(0.3, 23.0, 400), (0.5, 9.0, 800), (1.0, 3.0, 1)])
def test_a_fault_that_lasts_is_told_from_one_that_passes(rate: float, expected: float, runs: int) -> None:
    rng = Random(7)

    mean = sum(checks_to_exit(rate, rng, 10_000) for _ in range(runs)) / runs

    assert mean == pytest.approx(expected, rel=0.2)


def test_one_error_in_a_hundred_checks_is_forgiven_for_long() -> None:
    rng = Random(7)

    assert all(checks_to_exit(0.01, rng, 5_000) == 5_000 for _ in range(5))
