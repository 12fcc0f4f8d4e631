"""The restart budget: an exact window, whose lower bound belongs to it."""

from __future__ import annotations

import random

import pytest

from supervisors.intensity import Intensity


def answers(intensity: Intensity, *stamps: float) -> list[bool]:
    return [intensity.record(stamp) for stamp in stamps]


def test_as_many_restarts_as_allowed_are_within_the_budget_and_the_next_is_not() -> None:
    assert answers(Intensity(3, 5.0), 0.0, 0.0, 0.0, 0.0) == [True, True, True, False]


def test_with_no_restart_allowed_the_first_is_one_too_many() -> None:
    assert answers(Intensity(0, 5.0), 100.0) == [False]


@pytest.mark.parametrize(
    ("gap", "within_budget"),
    [(0.999, False), (1.0, False), (1.001, True), (1.8, True)],
    ids=["inside", "exactly-the-window", "just-outside", "otp-would-count-it"],
)
def test_the_window_is_exact_and_its_lower_bound_belongs_to_it(gap: float, within_budget: bool) -> None:
    assert answers(Intensity(1, 1.0), 7.0, 7.0 + gap) == [True, within_budget]


def test_restarts_slower_than_the_limit_go_on_for_ever() -> None:
    assert all(answers(Intensity(3, 5.0), *(2.0 * number for number in range(1000))))


def test_the_window_slides_and_does_not_tumble() -> None:
    assert answers(Intensity(2, 10.0), 0.0, 9.0, 11.0, 12.0) == [True, True, True, False]


@pytest.mark.parametrize(("now", "count"), [(1.0, 2), (5.0, 2), (5.5, 1), (6.0, 1), (6.5, 0)])
def test_it_counts_the_restarts_of_the_window_that_ends_now(now: float, count: int) -> None:
    intensity = Intensity(3, 5.0)
    answers(intensity, 0.0, 1.0)

    assert intensity.count(now) == count


def test_no_more_stamps_are_kept_than_are_needed() -> None:
    intensity = Intensity(3, 5.0)
    answers(intensity, *[1.0] * 100)

    assert intensity.count(1.0) == 4


def test_it_agrees_with_counting_all_stamps_of_the_window() -> None:
    rng = random.Random(7)
    for _ in range(200):
        intensity = Intensity(rng.randint(0, 4), rng.choice([1.0, 2.0, 5.0]))
        now, seen = 0.0, []
        for _ in range(20):
            now += rng.choice([0.0, 0.25, 0.5, 1.0, 2.0])
            seen.append(now)
            allowed = sum(stamp >= now - intensity.within for stamp in seen) <= intensity.max_restarts

            assert intensity.record(now) is allowed


def test_its_repr_shows_state_and_limit() -> None:
    intensity = Intensity(3, 5.0)
    intensity.record(1.0)

    assert repr(intensity) == "Intensity(1 of 3 in 5 s)"
