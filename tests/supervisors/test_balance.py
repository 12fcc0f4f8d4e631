"""The route "trails": a worker that is slow for no good reason gets little, and one that is new its share by and by."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections import Counter
from typing import Any

import pytest

from actors import Actor, ActorDied, handle
from actors.router import RoutedRef
from actors.testing import World, world
from supervisors import Apoptosis, Pool, SpecError, Supervisor, child
from supervisors.running import Running
from tests.supervisors.fixtures import fails

SPEED: dict[str, float] = {}

CHOSEN = """
from tests.supervisors.test_balance import *

@world(seed=2)
async def scenario(w):
    async with tree(8).running(log=False) as running:
        print(sorted((await serve(w, running, 3.0)).items()))

scenario()
"""


class Ask:
    """Takes as long as the worker that gets it takes for anything."""


class Tell(Ask):
    """The same, told."""


class Boom:
    """Kills whoever gets it."""


class Worker(Actor):
    """Takes the seconds that ``SPEED`` has for its name, 0.1 otherwise."""

    @handle
    async def ask(self, message: Ask) -> str:
        name = self.ref.name.rpartition("/")[2]
        await asyncio.sleep(SPEED.get(name, 0.1))
        return name

    @handle
    def boom(self, message: Boom) -> None:
        raise RuntimeError("boom")


def tree(size: int, **options: Any) -> Supervisor:
    pool = Pool("pool", child(Worker, id="w"), size=size, route="trails", max_restarts=100, **options)
    return Supervisor("top", [pool], apoptosis=Apoptosis())


async def serve(w: World, running: Running, seconds: float, rate: float = 20.0) -> Counter[str]:
    """Who answers what is asked of the pool at an even rate."""
    pool, seen = running.ref("pool"), Counter[str]()

    async def ask() -> None:
        seen[await pool.ask(Ask(), 100.0)] += 1

    async with asyncio.TaskGroup() as asked:
        for _ in range(round(seconds * rate)):
            asked.create_task(ask())
            await asyncio.sleep(1.0 / rate)
    return seen


@pytest.fixture(autouse=True)
def even() -> None:
    SPEED.clear()


def test_equal_workers_get_about_the_same() -> None:
    @world(seed=1)
    async def scenario(w: World) -> None:
        async with tree(4).running(log=False) as running:
            seen = await serve(w, running, 60.0)

        assert seen.total() == 1200
        assert all(200 <= seen[f"w-{n}"] <= 400 for n in (1, 2, 3, 4))

    scenario()


@pytest.mark.parametrize("seed", range(6))
def test_a_worker_that_becomes_slow_gets_less_and_half_its_share_or_more_three_half_lives_after_it_is_well(
    seed: int,
) -> None:
    @world(seed=seed)
    async def scenario(w: World) -> None:
        async with tree(4).running(log=False) as running:
            await serve(w, running, 20.0)
            SPEED["w-1"] = 1.0
            sick = await serve(w, running, 30.0)
            SPEED.clear()
            await serve(w, running, 90.0)
            well = await serve(w, running, 30.0)

        assert sick["w-1"] < 0.06 * sick.total()
        assert well["w-1"] > well.total() / 4 / 2

    scenario()


def test_a_seed_chooses_the_same_workers_whatever_the_order_of_sets() -> None:
    def chosen(hashes: str) -> str:
        return subprocess.run(
            [sys.executable, "-c", CHOSEN],
            env=os.environ | {"PYTHONHASHSEED": hashes},
            check=True,
            text=True,
            stdout=-1,
        ).stdout

    assert chosen("1") == chosen("2") == chosen("3")


def test_a_restarted_worker_is_ramped_from_a_tenth_of_its_share() -> None:
    @world(seed=3)
    async def scenario(w: World) -> None:
        async with tree(4).running(log=False) as running:
            await serve(w, running, 20.0)
            running.ref("pool/w-1").tell(Boom())
            await asyncio.sleep(0.01)
            first = await serve(w, running, 2.0)
            await serve(w, running, 10.0)
            later = await serve(w, running, 20.0)

        assert first["w-1"] < 0.15 * first.total()
        assert later["w-1"] > 0.17 * later.total()

    scenario()


def test_a_worker_that_comes_by_resize_is_ramped_too_and_one_that_goes_gets_nothing() -> None:
    @world(seed=4)
    async def scenario(w: World) -> None:
        async with tree(3).running(log=False) as running:
            await serve(w, running, 20.0)
            await running.at("pool").resize(4)
            first = await serve(w, running, 2.0)
            await serve(w, running, 10.0)
            later = await serve(w, running, 20.0)
            await running.at("pool").resize(3)
            gone = await serve(w, running, 2.0)

        assert first["w-4"] < 0.15 * first.total()
        assert later["w-4"] > 0.17 * later.total()
        assert gone["w-4"] == 0

    scenario()


def test_a_successor_by_planned_replacement_is_ramped_too() -> None:
    @world(seed=5)
    async def scenario(w: World) -> None:
        async with tree(4).running(log=False) as running:
            await serve(w, running, 20.0)
            await running.replace("pool/w-1")
            first = await serve(w, running, 2.0)
            await serve(w, running, 10.0)
            later = await serve(w, running, 20.0)

        assert first["w-1"] < 0.15 * first.total()
        assert later["w-1"] > 0.17 * later.total()

    scenario()


def test_what_is_told_counts_until_it_is_handled() -> None:
    @world(seed=6)
    async def scenario(w: World) -> None:
        async with tree(2).running(log=False) as running:
            await serve(w, running, 20.0, rate=5.0)
            for _ in range(20):
                running.ref("pool/w-1").tell(Tell())
            seen = [await running.ref("pool").ask(Ask()) for _ in range(10)]

        assert seen == ["w-2"] * 10

    scenario()


def test_what_is_told_to_the_pool_is_spread_too() -> None:
    @world(seed=7)
    async def scenario(w: World) -> None:
        async with tree(4).running(log=False) as running:
            await asyncio.sleep(20.0)
            for _ in range(100):
                running.ref("pool").tell(Tell())
            waiting = [running.ref(f"pool/w-{n}").statistics().mailbox for n in (1, 2, 3, 4)]

        assert sum(waiting) in range(96, 101)
        assert max(waiting) - min(waiting) <= 3

    scenario()


def test_a_worker_that_dies_with_a_question_fails_it_and_those_that_follow_go_elsewhere() -> None:
    @world(seed=8)
    async def scenario(w: World) -> None:
        async with tree(2).running(log=False) as running:
            pool = running.ref("pool")
            await serve(w, running, 15.0, rate=5.0)
            assert isinstance(await fails(pool.ask(Boom())), ActorDied)
            seen = [await pool.ask(Ask()) for _ in range(4)]

        assert len(set(seen)) == 1

    scenario()


def test_while_all_are_down_messages_wait_for_one() -> None:
    @world(seed=9)
    async def scenario(w: World) -> None:
        async with tree(1).running(log=False) as running:
            running.ref("pool").tell(Boom())
            assert await running.ref("pool").ask(Ask()) == "w-1"

    scenario()


def test_a_question_that_is_withdrawn_is_forgotten() -> None:
    @world(seed=10)
    async def scenario(w: World) -> None:
        async with tree(2).running(log=False) as running:
            pool = running.ref("pool")
            asking = [asyncio.create_task(pool.ask(Ask())) for _ in range(10)]
            await asyncio.sleep(0.15)
            for each in asking:
                each.cancel()
            await asyncio.gather(*asking, return_exceptions=True)
            await asyncio.sleep(1.0)

            assert pool.statistics().mailbox == 0
            assert (await serve(w, running, 5.0, rate=10.0)).total() == 50

    scenario()


def test_pools_without_it_do_not_load_the_tissue_nor_measure_anything() -> None:
    @world(seed=11)
    async def scenario(w: World) -> None:
        plain = Supervisor("top", [Pool("pool", child(Worker, id="w"), size=2)])
        async with plain.running(log=False) as running:
            pool = running.ref("pool")
            assert isinstance(pool, RoutedRef)
            assert type(pool.pick).__name__ == "RoundRobin"

    scenario()


def test_a_route_of_another_name_is_refused() -> None:
    with pytest.raises(SpecError, match="'trails'"):
        Pool("pool", child(Worker, id="w"), route="trail")  # type: ignore[arg-type]
