"""A counter that is shared counts everything that was told once, however its lives crash and are replaced."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import pytest

from actors import Ref
from actors.testing import World, world
from actors.tissue.crdt.counters import PNCounter
from supervisors import Supervisor, child
from supervisors.running import Running
from tests.actors.contact.kit import WAYS, at, each_at
from tests.actors.kit import Puppet

SCHEDULES = 200
STEPS = 18


class Counting(Puppet):
    """Has the counter from its start."""

    async def started(self) -> None:
        self.count = self.contact.share("count", PNCounter)
        await self.contact.warm()


async def _add(ref: Ref[Any], amount: int) -> None:
    await at(ref, lambda me: me.count.add(amount))


class Schedule:
    """A random course: who adds what, who crashes, who is replaced; ``told`` of what is added is known by siblings."""

    def __init__(self, w: World, rng: random.Random, tree: Running) -> None:
        self.w = w
        self.rng = rng
        self.tree = tree
        self.refs = [tree.ref(f"w{n}") for n in range(3)]
        self.sum = 0
        self.pending: list[asyncio.Future[Any]] = []

    async def step(self) -> None:
        n = self.rng.randrange(3)
        match self.rng.randrange(8):
            case 0:
                await self.w.advance(1.5)  # what it added before is known by then
                self.refs[n].kill()
                await self.w.advance(self.rng.choice([0.001, 0.1, 3.0]))
            case 1:
                self.pending.append(asyncio.ensure_future(self.tree.replace(f"w{n}")))
                await asyncio.sleep(self.rng.choice([0.0, 0.001, 0.5]))
            case 2:
                await self.w.advance(self.rng.random())
            case _:
                amount = self.rng.randint(-5, 9)
                await _add(self.refs[n], amount)
                self.sum += amount

    async def rest(self) -> list[int]:
        await asyncio.gather(*self.pending, return_exceptions=True)
        await self.w.advance(20.0)
        found: list[int] = await each_at(self.refs, lambda me: me.count.value)
        return found


@pytest.mark.parametrize("seed", range(SCHEDULES))
def test_nothing_that_was_told_is_lost_and_nothing_is_counted_twice(seed: int) -> None:
    rng = random.Random(seed)

    @world(seed=seed)
    async def scenario(w: World) -> None:
        WAYS["loop" if seed % 2 else "world"](w)
        tree = Supervisor("shop", [child(Counting, id=f"w{n}") for n in range(3)], max_restarts=1000)
        async with tree.running(log=False) as shop:
            schedule = Schedule(w, rng, shop)
            for _ in range(STEPS):
                await schedule.step()

            assert await schedule.rest() == [schedule.sum] * 3

    scenario()


@pytest.mark.parametrize("seed", range(40))
def test_what_a_crash_cut_off_is_missing_once_at_most_and_never_counted_twice(seed: int) -> None:
    rng = random.Random(seed)

    @world(seed=seed)
    async def scenario(w: World) -> None:
        w.network.loss = rng.choice([0.0, 0.3])
        tree = Supervisor("shop", [child(Counting, id=f"w{n}") for n in range(3)], max_restarts=1000)
        async with tree.running(log=False) as shop:
            refs = [shop.ref(f"w{n}") for n in range(3)]
            said = 0
            for _ in range(20):
                n = rng.randrange(3)
                for _ in range(rng.randrange(4)):
                    await _add(refs[n], 1)
                    said += 1
                await w.advance(rng.choice([0.0, 0.05, 0.5]))
                if rng.random() < 0.3:
                    refs[rng.randrange(3)].kill()
                    await w.advance(rng.choice([0.01, 1.0]))
            await w.advance(30.0)
            first, *others = await each_at(refs, lambda me: me.count.value)

            assert others == [first] * 2
            assert 0 < first <= said

    scenario()
