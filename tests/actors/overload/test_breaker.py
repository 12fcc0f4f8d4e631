"""The circuit breaker: when it opens, for how long, whom it lets try, and what counts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors import Circuit, CircuitBreaker, CircuitOpen
from actors.testing import World, world
from tests.actors.kit import fails


class Clock:
    """Says what it is told."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def broken(clock: Clock | None = None, **options: Any) -> CircuitBreaker:
    """A breaker that five failures have opened at time 0."""
    breaker = CircuitBreaker("mail", clock=clock or Clock(), **options)
    for _ in range(5):
        fail(breaker)
    return breaker


def fail(breaker: CircuitBreaker, error: BaseException | None = None) -> None:
    with pytest.raises(BaseException, match="no luck"), breaker.guard():
        raise error or ConnectionError("no luck")


def succeed(breaker: CircuitBreaker) -> None:
    with breaker.guard():
        pass


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"failures": 0}, "failures"),
        ({"open_for": 0.0}, "open_for"),
        ({"open_for": float("inf")}, "open_for"),
        ({"longest": 1.0}, "longest"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_the_field(options: dict[str, Any], field: str) -> None:
    with pytest.raises(ValueError, match=rf"CircuitBreaker\.{field} must be"):
        CircuitBreaker(**options)


def test_failures_in_a_row_open_it() -> None:
    breaker = CircuitBreaker("mail", clock=Clock())
    for _ in range(4):
        fail(breaker)
    before = breaker.state()
    fail(breaker)

    assert (before, breaker.state(), breaker.openings) == (Circuit.CLOSED, Circuit.OPEN, 1)


def test_a_success_in_between_starts_the_count_anew() -> None:
    breaker = CircuitBreaker(clock=Clock())
    for _ in range(3):
        for _ in range(4):
            fail(breaker)
        succeed(breaker)

    assert breaker.state() is Circuit.CLOSED


def test_while_open_calls_fail_at_once_and_hear_for_how_long() -> None:
    clock = Clock()
    breaker = broken(clock)
    clock.now = 10.0
    with pytest.raises(CircuitOpen) as caught, breaker.guard():
        raise AssertionError("it was let through")

    assert (caught.value.name, caught.value.retry_after, breaker.refused) == ("mail", 20.0, 1)


def test_after_its_time_one_call_is_let_through_and_others_are_not_until_it_is_over() -> None:
    clock = Clock()
    breaker = broken(clock)
    clock.now = 30.0

    assert breaker.state() is Circuit.HALF_OPEN
    with breaker.guard(), pytest.raises(CircuitOpen):
        breaker.begin()
    assert breaker.state() is Circuit.CLOSED


def test_a_probe_that_fails_opens_it_for_longer_each_time_up_to_the_longest() -> None:
    clock = Clock()
    breaker = broken(clock, longest=100.0)
    times = []
    for _ in range(5):
        before = clock.now
        while breaker.state() is Circuit.OPEN:
            clock.now += 1.0
        times.append(clock.now - before)
        fail(breaker)

    assert times == [30.0, 60.0, 90.0, 100.0, 100.0]


def test_a_probe_that_succeeds_closes_it_and_the_next_opening_is_short_again() -> None:
    clock = Clock()
    breaker = broken(clock)
    clock.now = 30.0
    fail(breaker)
    clock.now = 90.0
    succeed(breaker)
    for _ in range(5):
        fail(breaker)
    with pytest.raises(CircuitOpen) as caught:
        breaker.begin()

    assert caught.value.retry_after == 30.0


def test_a_probe_that_is_not_over_in_time_makes_room_for_another() -> None:
    clock = Clock()
    breaker = broken(clock)
    clock.now = 30.0
    lost = breaker.begin()
    clock.now = 60.0
    succeed(breaker)
    breaker.end(lost, failed=True)

    assert breaker.state() is Circuit.CLOSED


def test_a_probe_that_was_cancelled_makes_room_at_once() -> None:
    clock = Clock()
    breaker = broken(clock)
    clock.now = 30.0
    fail(breaker, asyncio.CancelledError("no luck"))

    assert breaker.state() is Circuit.HALF_OPEN


def test_what_began_before_it_opened_says_nothing_any_more() -> None:
    clock = Clock()
    breaker = CircuitBreaker(clock=clock)
    early = [breaker.begin() for _ in range(7)]
    for entered in early[:5]:
        breaker.end(entered, failed=True)
    breaker.end(early[5], failed=False)
    breaker.end(early[6], failed=True)

    assert (breaker.state(), breaker.openings) == (Circuit.OPEN, 1)


def test_a_cancelled_call_counts_neither_way() -> None:
    breaker = CircuitBreaker(clock=Clock())
    for _ in range(4):
        fail(breaker)
    fail(breaker, asyncio.CancelledError("no luck"))
    before = breaker.state()
    fail(breaker)

    assert (before, breaker.state()) == (Circuit.CLOSED, Circuit.OPEN)


def test_only_what_counts_is_a_failure() -> None:
    breaker = CircuitBreaker(counts=(ConnectionError,), clock=Clock())
    for _ in range(4):
        fail(breaker)
    fail(breaker, ValueError("no luck"))
    for _ in range(4):
        fail(breaker)

    assert breaker.state() is Circuit.CLOSED


@world()
async def test_it_wraps_any_awaitable_and_takes_the_loops_time(w: World) -> None:
    breaker = CircuitBreaker("mail", failures=1, open_for=5.0)

    async def send(outcome: Callable[[], str]) -> str:
        await asyncio.sleep(1.0)
        return outcome()

    def refuse() -> str:
        raise ConnectionError("no luck")

    assert await breaker.call(lambda: send(lambda: "sent")) == "sent"
    await fails(breaker.call(lambda: send(refuse)), ConnectionError)
    await fails(breaker.call(lambda: send(lambda: "sent")), CircuitOpen)
    await w.advance(5.0)
    assert await breaker.call(lambda: send(lambda: "sent")) == "sent"


@given(st.lists(st.tuples(st.floats(0, 40), st.sampled_from([True, False, None])), max_size=100))
def test_while_it_is_open_nothing_is_let_through_and_after_it_exactly_one(steps: list[tuple[float, Any]]) -> None:
    breaker, now = CircuitBreaker(failures=3), 0.0
    for passed, outcome in steps:
        now += passed
        state = breaker.state(now)
        if state is Circuit.OPEN:
            with pytest.raises(CircuitOpen):
                breaker.begin(now)
            continue
        entered = breaker.begin(now)
        if state is Circuit.HALF_OPEN:
            with pytest.raises(CircuitOpen):
                breaker.begin(now)
        breaker.end(entered, failed=outcome, now=now)

        assert state is Circuit.CLOSED or outcome is not True or breaker.state(now) is Circuit.OPEN


def test_its_repr_shows_what_it_did() -> None:
    assert repr(broken()) == "<CircuitBreaker 'mail' openings=1 refused=0>"
