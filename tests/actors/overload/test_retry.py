"""Trying again: how often, after which waits, within which budget and time."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import pytest

from actors import (
    Actor,
    AskTimeout,
    DeadlineExceeded,
    MailboxFull,
    Overloaded,
    Retry,
    RetryBudget,
    handle,
    retry,
)
from actors.testing import World, world
from tests.actors.kit import fails


class Flaky:
    """Fails so many times, then answers; keeps the time of every call."""

    def __init__(self, w: World, failures: int, error: Exception | None = None) -> None:
        self.w = w
        self.left = failures
        self.error = error or ConnectionError("no luck")
        self.times: list[float] = []

    async def __call__(self) -> str:
        self.times.append(self.w.now())
        if self.left:
            self.left -= 1
            raise self.error
        return "done"


class Ceiling(random.Random):
    """Draws the largest number there is."""

    def uniform(self, a: float, b: float) -> float:
        return b


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"attempts": 0}, "Retry.attempts must be"),
        ({"attempts": True}, "Retry.attempts must be"),
        ({"attempts": 2.5}, "Retry.attempts must be"),
        ({"base": -1.0}, "Retry needs 0 <= base <= cap"),
        ({"base": 9.0}, "Retry needs 0 <= base <= cap"),
        ({"cap": float("inf")}, "Retry needs 0 <= base <= cap"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_the_field(options: dict[str, Any], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        Retry(**options)


@world()
async def test_it_tries_until_it_has_an_answer(w: World) -> None:
    call = Flaky(w, 2)

    assert await retry(call) == "done"
    assert len(call.times) == 3


@world()
async def test_the_last_failure_is_raised_as_it_is(w: World) -> None:
    call = Flaky(w, 99)

    assert await fails(retry(call, attempts=4)) is call.error
    assert len(call.times) == 4


@world()
async def test_one_attempt_is_none_again(w: World) -> None:
    call = Flaky(w, 1)
    await fails(retry(call, attempts=1), ConnectionError)

    assert len(call.times) == 1


@world()
async def test_waits_double_up_to_the_cap(w: World) -> None:
    call = Flaky(w, 5)
    await retry(call, attempts=6, base=1.0, cap=5.0, rng=Ceiling())

    assert call.times == [0.0, 1.0, 3.0, 7.0, 12.0, 17.0]


@pytest.mark.parametrize("failures", [1, 3, 2000])
def test_a_wait_is_drawn_from_nothing_up_to_its_ceiling(failures: int) -> None:
    policy, rng = Retry(base=1.0, cap=5.0), random.Random(1)
    waits = [policy.delay(failures, rng) for _ in range(2000)]
    ceiling = min(5.0, 2.0 ** (failures - 1)) if failures < 100 else 5.0

    assert 0 <= min(waits) < 0.01 * ceiling
    assert 0.99 * ceiling < max(waits) <= ceiling


@world(seed=3)
async def test_no_two_callers_wait_alike(w: World) -> None:
    calls = [Flaky(w, 1) for _ in range(10)]
    await asyncio.gather(*(retry(call) for call in calls))

    assert len({call.times[1] for call in calls}) == 10


def test_the_waits_repeat_from_the_worlds_seed() -> None:
    async def scenario(w: World) -> list[float]:
        call = Flaky(w, 5)
        await retry(call, attempts=6)
        return call.times

    assert world(5).run(scenario) == world(5).run(scenario)


@pytest.mark.parametrize("error", [AskTimeout("a", 1, 1.0), Overloaded("a", "why"), MailboxFull("a", 1, "reject")])
def test_what_passes_by_itself_is_tried_again(error: Exception) -> None:
    async def scenario(w: World) -> str:
        return await retry(Flaky(w, 1, error))

    assert world().run(scenario) == "done"


@pytest.mark.parametrize("error", [ValueError("no luck"), DeadlineExceeded("a", 1, 0.0)])
def test_what_does_not_is_not(error: Exception) -> None:
    async def scenario(w: World) -> None:
        call = Flaky(w, 1, error)

        assert await fails(retry(call)) is error
        assert len(call.times) == 1

    world().run(scenario)


@world()
async def test_what_is_tried_again_can_be_chosen(w: World) -> None:
    assert await retry(Flaky(w, 1, KeyError("k")), retry_on=(KeyError,)) == "done"
    await fails(retry(Flaky(w, 1), retry_on=(KeyError,)), ConnectionError)


@world()
async def test_a_budget_that_is_used_up_ends_it_with_the_failure_at_hand(w: World) -> None:
    budget = RetryBudget(ratio=0.0, per_second=0.1, window=10.0)
    calls = [Flaky(w, 99) for _ in range(3)]
    for call in calls:
        await fails(retry(call, budget=budget), ConnectionError)

    assert [len(call.times) for call in calls] == [2, 1, 1]


@world()
async def test_in_an_outage_a_budget_bounds_the_attempts_together(w: World) -> None:
    budget = RetryBudget(ratio=0.1, per_second=0.0)
    calls = [Flaky(w, 99) for _ in range(1000)]
    for call in calls:
        await fails(retry(call, attempts=4, budget=budget), ConnectionError)

    assert sum(len(call.times) for call in calls) <= 1100


@world()
async def test_no_wait_begins_that_would_end_too_late(w: World) -> None:
    call = Flaky(w, 99)
    await fails(retry(call, attempts=9, within=4.0, base=1.0, rng=Ceiling()), ConnectionError)

    assert call.times == [0.0, 1.0, 3.0]
    assert w.now() == 3.0


@world()
async def test_a_cancellation_ends_the_wait(w: World) -> None:
    task = asyncio.create_task(retry(Flaky(w, 99), base=5.0, rng=Ceiling()))
    await w.advance(1.0)
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task


@world()
async def test_a_question_to_an_actor_is_asked_again(w: World) -> None:
    class Shy(Actor):
        asked = 0

        @handle
        def answer(self, message: str) -> str:
            self.asked += 1
            if self.asked < 3:
                reply = self.defer()
                assert reply is not None
                reply.fail(Overloaded(self.ref, "shy"))
            return message

    ref = await w.spawn(Shy)

    assert await retry(lambda: ref.ask("well?")) == "well?"
