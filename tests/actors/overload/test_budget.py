"""The retry budget: what requests pay for, what is always there, and what is forgotten."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors import RetryBudget
from actors.overload.budget import SLOTS
from actors.testing import World, world


def spend(budget: RetryBudget, now: float, tries: int = 10_000) -> int:
    """How many repeats can be had at once."""
    return sum(budget.withdraw(now) for _ in range(tries))


@pytest.mark.parametrize(
    "options",
    [{"ratio": -0.1}, {"ratio": float("nan")}, {"per_second": -1.0}, {"per_second": float("inf")}, {"window": 0.0}],
    ids=str,
)
def test_what_cannot_be_meant_is_refused_with_the_field(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=rf"RetryBudget\.{next(iter(options))} must be"):
        RetryBudget(**options)


def test_every_request_pays_for_a_share_of_a_repeat() -> None:
    budget = RetryBudget(0.2, per_second=0.0)
    for _ in range(100):
        budget.deposit(0.0)

    assert spend(budget, 0.0) == 20


def test_some_repeats_need_no_request() -> None:
    assert spend(RetryBudget(0.2, per_second=10.0, window=10.0), 0.0) == 100


def test_what_is_refused_is_counted() -> None:
    budget = RetryBudget(0.0, per_second=0.1)
    spend(budget, 0.0, tries=5)

    assert budget.refused == 4


def test_requests_are_forgotten_after_the_window() -> None:
    budget = RetryBudget(0.2, per_second=0.0, window=10.0)
    for _ in range(100):
        budget.deposit(0.0)

    assert budget.balance(9.9) == pytest.approx(20.0)
    assert budget.balance(10.0) == 0.0


def test_repeats_are_forgotten_after_the_window_too() -> None:
    budget = RetryBudget(0.0, per_second=1.0, window=10.0)
    spend(budget, 0.0)

    assert (spend(budget, 9.9), spend(budget, 10.0)) == (0, 10)


@given(st.lists(st.tuples(st.floats(0, 3), st.booleans()), max_size=300))
def test_within_any_window_repeats_stay_within_what_was_paid_for(steps: list[tuple[float, bool]]) -> None:
    budget, now = RetryBudget(0.2, per_second=0.5, window=10.0), 0.0
    requests: list[float] = []
    repeats: list[float] = []
    for passed, wants_repeat in steps:
        now += passed
        if not wants_repeat:
            budget.deposit(now)
            requests.append(now)
        elif budget.withdraw(now):
            repeats.append(now)

        recent = sum(at > now - 9.0 for at in repeats)  # one part of ten is forgotten early
        paid = sum(at >= now - 20.0 for at in requests)
        assert recent <= 0.2 * paid + 0.5 * 10.0
        assert len(budget._slots) <= SLOTS


@world()
async def test_without_a_clock_it_takes_the_loops_time(w: World) -> None:
    budget = RetryBudget(0.0, per_second=0.1, window=10.0)

    assert budget.withdraw()
    assert not budget.withdraw()
    await w.advance(10.0)
    assert budget.withdraw()


def test_a_clock_of_ones_own_needs_no_loop() -> None:
    assert RetryBudget(clock=lambda: 5.0).withdraw()


def test_its_repr_shows_its_options() -> None:
    assert repr(RetryBudget()) == "RetryBudget(ratio=0.2, per_second=10, window=10)"
