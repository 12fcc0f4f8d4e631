from __future__ import annotations

import asyncio
import random

from actors.testing import World, world
from bench.load import Job, Question, Server, arrive
from bench.virtual import in_virtual_time


@world(seed=1)
async def test_a_server_does_one_job_at_a_time_told_or_asked(w: World) -> None:
    ref = await w.spawn(Server, lambda: 0.5)
    answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
    ref.tell(Job(answer))

    assert await ref.ask(Question()) is True
    assert answer.result() is True
    assert w.now() == 1.0


@world(seed=1)
async def test_a_job_whose_asker_has_gone_is_done_all_the_same(w: World) -> None:
    ref = await w.spawn(Server, lambda: 0.5)
    answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
    answer.cancel()
    ref.tell(Job(answer))

    await ref.ask(Question())
    assert w.now() == 1.0


@world(seed=1)
async def test_requests_come_at_their_rate_and_are_waited_for(w: World) -> None:
    times: list[float] = []

    async def request(now: float) -> None:
        times.append(now)
        await asyncio.sleep(3.0)

    count = await arrive(100.0, 10.0, random.Random(4), request)

    assert count == len(times)
    assert 900 < count < 1100
    assert times == sorted(times)
    assert abs(w.now() - times[-1] - 3.0) < 1e-6


def test_each_seed_has_a_world_of_its_own() -> None:
    async def main(w: World) -> tuple[int, float]:
        await w.advance(5.0)
        return w.seed, w.now()

    assert asyncio.run(in_virtual_time(main, range(3))) == [(0, 5.0), (1, 5.0), (2, 5.0)]
