"""When questions from elsewhere are given up: each at its time, and not if it was answered, by one timer."""

from __future__ import annotations

import asyncio

from actors.places.limits import Limits
from actors.testing import World, world


def test_each_is_given_up_at_its_time_whatever_the_order_they_came_in() -> None:
    async def main(w: World) -> None:
        loop = asyncio.get_running_loop()
        late: list[tuple[int, float]] = []
        began = loop.time()
        limits = Limits(loop, lambda number: late.append((number, round(loop.time() - began, 3))))
        for number, seconds in enumerate((5.0, 1.0, 3.0, 1.0)):
            limits.add(number, began + seconds)
        await w.advance(2.0)
        limits.add(4, began + 2.5)
        await w.advance(10.0)

        assert late == [(1, 1.0), (3, 1.0), (4, 2.5), (2, 3.0), (0, 5.0)]

    world(seed=0).run(main)


def test_what_was_answered_in_time_is_not_given_up() -> None:
    async def main(w: World) -> None:
        loop = asyncio.get_running_loop()
        late: list[int] = []
        limits = Limits(loop, late.append)
        for number in range(1000):
            limits.add(number, loop.time() + 5.0)
            if number != 500:
                limits.discard(number)
            limits.discard(-1)
        await w.advance(10.0)

        assert late == [500]
        assert limits._timer is None

    world(seed=0).run(main)


def test_one_that_is_given_up_may_lead_to_another() -> None:
    async def main(w: World) -> None:
        loop = asyncio.get_running_loop()
        late: list[int] = []

        def again(number: int) -> None:
            late.append(number)
            if number < 3:
                limits.add(number + 1, loop.time() + 1.0)

        limits = Limits(loop, again)
        limits.add(1, loop.time() + 1.0)
        await w.advance(10.0)

        assert late == [1, 2, 3]

    world(seed=0).run(main)
