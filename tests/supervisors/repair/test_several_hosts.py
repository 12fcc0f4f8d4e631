"""Pools of one path on several hosts: together they have as many workers as are wanted, whoever dies."""

from __future__ import annotations

import asyncio

import pytest

from actors.testing import World, world
from supervisors import Desired
from supervisors.events import Died
from supervisors.repair.events import Claimed, Grown, Shrunk, Yielded
from tests.supervisors.repair.crews import PATH, QUICK, Crash, Hosts, Job, Load, Mailer, fixed, hosts, shop

EAST, WEST, NORTH = NAMES = ("east", "west", "north")
DETECT = 12.0
"""Seconds in which a host that has crashed is known to be dead, and its places are claimed."""

SIX = [f"w-{number}" for number in range(1, 7)]


@world()
async def test_replicas_count_over_all_hosts(w: World) -> None:
    async with hosts(w, shop(fixed(6)), *NAMES) as found:
        await asyncio.sleep(20.0)

        assert found.everywhere() == SIX


@world()
async def test_resize_on_one_host_holds_for_all(w: World) -> None:
    async with hosts(w, shop(fixed(3, floor=1, ceiling=9)), *NAMES) as found:
        await asyncio.sleep(5.0)
        await found.runs[NORTH].at("mailers").resize(9)
        await asyncio.sleep(10.0)

        nodes = [running.snapshot().find(PATH) for running in found.runs.values()]
        assert len(found.everywhere()) == len(set(found.everywhere())) == 9
        assert [(node.desired, node.changed) for node in nodes if node] == [
            (9, "shop/mailers grows to 9 workers: resize()")
        ] * 3


@world()
async def test_new_workers_are_spread(w: World) -> None:
    async with hosts(w, shop(fixed(3, floor=1, ceiling=9)), *NAMES) as found:
        await asyncio.sleep(5.0)
        await found.runs[EAST].at("mailers").resize(9)
        await asyncio.sleep(15.0)

        assert max(len(found.workers(name)) for name in NAMES) <= 5


@pytest.mark.parametrize("seed", range(5))
def test_hosts_that_start_together_share_the_first_workers(seed: int) -> None:
    @world(seed)
    async def scenario(w: World) -> None:
        async with hosts(w, shop(fixed(6, hosts=3)), *NAMES) as found:
            await asyncio.sleep(15.0)

            assert found.everywhere() == SIX
            assert max(len(found.workers(name)) for name in NAMES) <= 3
            assert found.of(Yielded) == []

    scenario()


@world()
async def test_a_host_whose_others_do_not_come_fills_the_places_alone_after_a_while(w: World) -> None:
    async with hosts(w, shop(fixed(2, hosts=3)), EAST) as found:
        await asyncio.sleep(1.0)
        assert found.everywhere() == []

        await asyncio.sleep(9.0)
        assert found.workers(EAST) == ["w-1", "w-2"]


@world()
async def test_a_pool_without_a_worker_hands_on_to_a_host_that_has_one(w: World) -> None:
    async with hosts(w, shop(fixed(2)), *NAMES) as found:
        await asyncio.sleep(5.0)
        answers = [await found.runs[NORTH].ref("mailers").ask(Job()) for _ in range(4)]

        assert found.workers(NORTH) == []
        assert sorted(answers) == ["shop/mailers/w-1@east"] * 2 + ["shop/mailers/w-2@east"] * 2


@world()
async def test_questions_wait_while_no_worker_is_known(w: World) -> None:
    async with hosts(w, shop(fixed(2)), EAST) as found:
        w.network.partition(["@east"])
        await found.start(shop(fixed(2)), WEST)
        answer = await found.runs[WEST].ref("mailers").ask(Job(), timeout=None)

        assert (answer.endswith("@west"), w.now() < 10.0) == (True, True)


@world()
async def test_a_crash_of_a_worker_is_its_own_pools_business(w: World) -> None:
    async with hosts(w, shop(fixed(6)), *NAMES) as found:
        await asyncio.sleep(20.0)
        found.runs[EAST].ref("mailers/w-2").tell(Crash())
        await asyncio.sleep(20.0)

        assert (found.everywhere(), found.of(Claimed)) == (SIX, [])


@pytest.mark.parametrize("seed", range(10))
def test_one_death_brings_one_successor(seed: int) -> None:
    @world(seed)
    async def scenario(w: World) -> None:
        w.network.loss = 0.1
        async with hosts(w, shop(fixed(6)), *NAMES) as found:
            await asyncio.sleep(20.0)
            orphans = len(found.workers(EAST))
            begun = len(found.of(Claimed))
            found.crash(EAST)
            await asyncio.sleep(3 * DETECT)

            claims = found.of(Claimed)[begun:]
            assert found.everywhere() == SIX
            assert orphans <= len(claims) <= 1.2 * orphans

    scenario()


@world()
async def test_what_was_claimed_says_after_whom(w: World) -> None:
    async with hosts(w, shop(fixed(2)), EAST, WEST) as found:
        await asyncio.sleep(10.0)
        found.crash(EAST)
        await asyncio.sleep(3 * DETECT)

        assert sorted(event.describe() for _, event in found.of(Claimed)) == [
            "shop/mailers/w-1 is claimed by west, after east",
            "shop/mailers/w-2 is claimed by west, after east",
        ]


@pytest.mark.parametrize("seed", range(5))
def test_after_a_partition_each_place_is_filled_once(seed: int) -> None:
    @world(seed)
    async def scenario(w: World) -> None:
        async with hosts(w, shop(fixed(6)), *NAMES) as found:
            await asyncio.sleep(20.0)
            w.network.partition([f"@{EAST}"], [f"@{WEST}", f"@{NORTH}"])
            await asyncio.sleep(40.0)
            assert set(found.workers(EAST)) == set(found.workers(WEST)) | set(found.workers(NORTH)) == set(SIX)

            w.network.heal()
            await asyncio.sleep(60.0)

            assert found.everywhere() == SIX
            assert len(found.of(Yielded)) == 6
            assert found.of(Died) == []

    scenario()


@world()
async def test_a_host_that_leaves_is_replaced(w: World) -> None:
    async with hosts(w, shop(fixed(4)), *NAMES) as found:
        await asyncio.sleep(10.0)
        await found.runs.pop(EAST).stop()
        await asyncio.sleep(10.0)

        assert found.everywhere() == SIX[:4]


@world()
async def test_a_host_that_comes_back_under_its_name_brings_nobody_too_many(w: World) -> None:
    tree = shop(fixed(4))
    async with hosts(w, tree, *NAMES) as found:
        await asyncio.sleep(10.0)
        await found.runs.pop(EAST).stop()
        await found.systems[EAST].close()
        await asyncio.sleep(20.0)
        await found.start(tree, EAST)
        await asyncio.sleep(30.0)

        assert found.everywhere() == SIX[:4]


@world()
async def test_a_host_that_is_paused_for_a_moment_loses_nothing(w: World) -> None:
    async with hosts(w, shop(fixed(4)), *NAMES) as found:
        await asyncio.sleep(10.0)
        w.network.pause("@east", w.now() + 1.5)
        await asyncio.sleep(20.0)

        assert (found.everywhere(), found.of(Claimed)) == (SIX[:4], [])


@world()
async def test_the_surge_is_limited(w: World) -> None:
    """A quarter of those that are wanted in a second."""
    async with hosts(w, shop(fixed(20)), EAST, WEST) as found:
        await asyncio.sleep(10.0)
        found.crash(EAST)
        await asyncio.sleep(60.0)

        moments = sorted(event.at for _, event in found.of(Claimed))
        assert len(moments) == 20
        assert all(late - early >= 0.9 for early, late in zip(moments, moments[5:], strict=False))


@pytest.mark.parametrize("seed", range(2))
def test_hosts_grow_together_and_never_above_the_ceiling(seed: int) -> None:
    @world(seed)
    async def scenario(w: World) -> None:
        tree = shop(Desired(2, floor=2, ceiling=8, scale=QUICK))
        async with hosts(w, tree, EAST, WEST) as found:
            await asyncio.sleep(5.0)
            loads = [Load(w, running.ref("mailers"), 0.2) for running in found.runs.values()]
            most = 0

            async def watch(found: Hosts) -> None:
                nonlocal most
                while True:
                    await asyncio.sleep(0.25)
                    most = max(most, len(found.everywhere()))

            watching = asyncio.ensure_future(watch(found))
            await asyncio.gather(*(load.at(10.0, 25.0) for load in loads))
            busy = len(found.everywhere())
            await asyncio.sleep(40.0)
            watching.cancel()

            assert 4 <= busy <= most <= 8
            assert len(found.everywhere()) == 2
            assert sum(load.failed + load.waiting for load in loads) == 0
            assert len(found.of(Grown)) == len(found.of(Shrunk))

    scenario()


class Slow(Mailer):
    """Takes its time to start."""

    async def started(self) -> None:
        await asyncio.sleep(4.0)


@pytest.mark.parametrize("seed", range(3))
def test_a_claimant_that_dies_before_its_newborn_serves_is_replaced_too(seed: int) -> None:
    @world(seed)
    async def scenario(w: World) -> None:
        async with hosts(w, shop(fixed(2), Slow), *NAMES) as found:
            await asyncio.sleep(10.0)
            found.crash(EAST)
            while not found.of(Claimed):
                await asyncio.sleep(0.1)
            claimant = found.of(Claimed)[0][0]
            await asyncio.sleep(1.0)
            found.crash(claimant)
            await asyncio.sleep(4 * DETECT)

            assert found.everywhere() == SIX[:2]

    scenario()


@world()
async def test_the_last_host_that_is_left_has_all(w: World) -> None:
    async with hosts(w, shop(fixed(4)), *NAMES) as found:
        await asyncio.sleep(10.0)
        for name in (EAST, WEST):
            found.crash(name)
            await asyncio.sleep(3 * DETECT)

        assert found.workers(NORTH) == SIX[:4]
