"""A pool of a desired size in one system: what a crash, a resize and a load make of it."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import pytest

from actors import Apoptosis
from actors.keeper import life_at
from actors.testing import World, world
from supervisors import Desired, Disruption, SpecError, by_key
from supervisors.events import Died, Stopped
from supervisors.repair.events import Claimed, Grown, Shrunk
from supervisors.simulation import simulate
from tests.supervisors.repair.crews import PATH, QUICK, Crash, Job, Load, Mailer, fixed, serving, shop

WORKERS = ["w-1", "w-2", "w-3", "w-4", "w-5", "w-6"]


@world()
async def test_it_starts_with_as_many_as_are_wanted(w: World) -> None:
    async with shop(fixed(3)).running(log=False) as running:
        assert serving(running) == WORKERS[:3]


@world()
async def test_a_worker_that_crashes_is_restarted_at_once(w: World) -> None:
    async with shop(fixed(3)).running(log=False) as running:
        await asyncio.sleep(5.0)
        running.ref("mailers/w-2").tell(Crash())
        await w.idle()

        assert (serving(running), w.now()) == (WORKERS[:3], 5.0)
        assert [type(event) for event in running.journal if isinstance(event, Claimed)] == []


@world()
async def test_one_that_ends_for_good_is_replaced(w: World) -> None:
    async with shop(fixed(3)).running(log=False) as running:
        await asyncio.sleep(5.0)
        await running.at("mailers").terminate_child("w-2")
        await asyncio.sleep(2.0)

        assert serving(running) == WORKERS[:3]
        assert [event.describe() for event in running.journal.of(Claimed)] == [
            "shop/mailers/w-2 is claimed by shop, after shop"
        ]


@world()
async def test_resize_says_how_many_are_wanted(w: World) -> None:
    async with shop(fixed(3, floor=1, ceiling=6)).running(log=False) as running:
        before = await running.at("mailers").resize(6)
        await asyncio.sleep(5.0)

        node = running.snapshot().find(PATH)
        assert node is not None
        assert (before, serving(running)) == (3, WORKERS)
        assert (node.desired, node.floor, node.ceiling) == (6, 1, 6)
        assert node.changed == "shop/mailers grows to 6 workers: resize()"


@world()
async def test_resize_keeps_to_the_bounds(w: World) -> None:
    async with shop(fixed(3, floor=2, ceiling=6)).running(log=False) as running:
        for number in (1, 7):
            with pytest.raises(SpecError, match="from its floor, 2, to its ceiling, 6"):
                await running.at("mailers").resize(number)

        assert serving(running) == WORKERS[:3]


@world()
async def test_a_surplus_retires_by_apoptosis_one_by_one_and_no_message_is_lost(w: World) -> None:
    async with shop(fixed(6, floor=2)).running(log=False) as running:
        pool = running.ref("mailers")
        await running.at("mailers").resize(2)
        await asyncio.sleep(59.0)
        asked = [asyncio.ensure_future(pool.ask(Job(0.5), timeout=None)) for _ in range(30)]
        assert serving(running) == WORKERS
        await asyncio.sleep(20.0)

        ends = [event for event in running.journal if isinstance(event, Stopped)]
        assert serving(running) == WORKERS[:2]
        assert [event.path for event in ends] == [f"{PATH}/{id}" for id in reversed(WORKERS[2:])]
        assert all(isinstance(event.reason, Apoptosis) and event.expected for event in ends)
        assert len({event.at for event in ends}) == 4
        assert len(await asyncio.gather(*asked)) == 30
        assert running.journal.of(Died) == []


@world()
async def test_nobody_retires_against_the_disruption_budget(w: World) -> None:
    tree = shop(fixed(4, floor=1), disruption=Disruption(at_once=0))
    async with tree.running(log=False) as running:
        await running.at("mailers").resize(2)
        await asyncio.sleep(100.0)

        assert serving(running) == WORKERS[:4]


@world()
async def test_who_is_wanted_again_before_it_could_go_stays(w: World) -> None:
    tree = shop(fixed(4, floor=1), disruption=Disruption(at_once=0))
    async with tree.running(log=False) as running:
        await running.at("mailers").resize(2)
        await asyncio.sleep(100.0)
        await running.at("mailers").resize(4)
        await asyncio.sleep(100.0)

        assert serving(running) == WORKERS[:4]
        assert running.journal.of(Claimed, Stopped) == []


@pytest.mark.parametrize("seed", range(3))
def test_under_five_times_the_load_it_grows_as_an_autoscaler_would_and_shrinks_back(seed: int) -> None:
    """6 erlangs need 8 workers at a set point of 0.75; the backlog of the first seconds some more."""

    @world(seed)
    async def scenario(w: World) -> None:
        async with shop(Desired(2, floor=2, ceiling=16, scale=QUICK)).running(log=False) as running:
            load = Load(w, running.ref("mailers"), 0.2)
            most = 0

            async def watch() -> None:
                nonlocal most
                while True:
                    await asyncio.sleep(0.1)
                    most = max(most, len(serving(running)))

            watching = asyncio.ensure_future(watch())
            await load.at(6.0, 10.0)
            calm = len(serving(running))
            await load.at(30.0, 40.0)
            busy, backlog = len(serving(running)), load.waiting
            await load.at(6.0, 40.0)
            watching.cancel()
            await asyncio.sleep(2.0)

            assert calm <= 4
            assert 6 <= busy <= most <= 16
            assert most <= 3 * 8  # the HPA's own peak, 2.79 times the steady number
            assert backlog <= 30
            assert len(serving(running)) <= 4
            assert (load.failed, load.waiting) == (0, 0)
            assert running.journal.of(Died) == []
            grown, shrunk = running.journal.of(Grown), running.journal.of(Shrunk)
            assert len(grown) - len(shrunk) == len(serving(running)) - 2
            assert grown[0].describe().startswith("shop/mailers grows to 3 workers: a pressure of ")

    scenario()


@pytest.mark.parametrize("seed", range(3))
def test_the_ceiling_holds_whatever_the_load(seed: int) -> None:
    @world(seed)
    async def scenario(w: World) -> None:
        async with shop(Desired(2, ceiling=4, scale=QUICK)).running(log=False) as running:
            load = Load(w, running.ref("mailers"), 1.0)
            await load.at(20.0, 20.0)
            counts = {event.wanted for event in running.journal if isinstance(event, Grown)}

            assert (serving(running), max(counts)) == (WORKERS[:4], 4)
            assert not {f"{PATH}/w-5"} & {event.path for event in running.journal}

    scenario()


@world()
async def test_a_newborn_gets_its_share_of_what_waits(w: World) -> None:
    async with shop(fixed(2, ceiling=3)).running(log=False) as running:
        pool = running.ref("mailers")
        asked = [asyncio.ensure_future(pool.ask(Job(1.0), timeout=None)) for _ in range(62)]
        await asyncio.sleep(0.5)
        await running.at("mailers").resize(3)
        answers = await asyncio.gather(*asked)

        assert sorted(answers.count(f"{PATH}/{id}@shop") for id in WORKERS[:3]) == [20, 21, 21]
        assert w.now() < 23.0


@world()
async def test_keys_stay_with_their_worker_when_another_comes(w: World) -> None:
    tree = shop(fixed(2, ceiling=3), route=by_key(lambda message: message.seconds))
    async with tree.running(log=False) as running:
        pool = running.ref("mailers")
        asked = [asyncio.ensure_future(pool.ask(Job(1.0), timeout=None)) for _ in range(20)]
        await asyncio.sleep(0.5)
        await running.at("mailers").resize(3)

        assert len(set(await asyncio.gather(*asked))) == 1


@world()
async def test_an_idle_pool_shrinks_to_its_floor_and_no_further(w: World) -> None:
    async with shop(Desired(4, floor=2, ceiling=9, scale=QUICK)).running(log=False) as running:
        await asyncio.sleep(60.0)

        assert serving(running) == WORKERS[:2]


@world()
async def test_the_pressure_of_a_worker_is_felt_by_itself_and_does_not_spread_to_others(w: World) -> None:
    async with shop(Desired(3, floor=3, ceiling=4)).running(log=False) as running:
        asked = [asyncio.ensure_future(running.ref("mailers/w-1").ask(Job(10.0), timeout=None)) for _ in range(2)]
        await asyncio.sleep(9.0)

        pressed, idle = (running.ref(f"mailers/w-{number}") for number in (1, 2))
        levels = [life_at(ref).contact.sense("stress") for ref in (pressed, idle)]
        assert levels[0] > 0.75
        assert levels[1] == 0.0
        await asyncio.gather(*asked)


@world()
async def test_without_a_scale_it_keeps_its_number(w: World) -> None:
    async with shop(fixed(2, floor=1, ceiling=9)).running(log=False) as running:
        await Load(w, running.ref("mailers"), 1.0).at(20.0, 10.0)

        assert serving(running) == WORKERS[:2]


@world()
async def test_a_pool_that_is_killed_starts_its_workers_again_at_once(w: World) -> None:
    async with shop(fixed(3)).running(log=False) as running:
        await asyncio.sleep(5.0)
        running.ref("mailers").kill()
        await w.idle()

        assert (serving(running), w.now()) == (WORKERS[:3], 5.0)
        await asyncio.sleep(60.0)
        assert running.journal.of(Claimed) == []


@world()
async def test_nothing_is_due_where_nothing_is_to_be_done(w: World) -> None:
    async with shop(fixed(3)).running(log=False) as running:
        await asyncio.sleep(1000.0)
        handled = running.ref("mailers").statistics().handled

        assert (serving(running), handled) == (WORKERS[:3], 0)


def test_a_simulation_does_not_wait_for_a_load() -> None:
    outcome = simulate(shop(Desired(3, floor=1, ceiling=9)), ["mailers/w-1 crash at 5s"], length=600.0)

    assert not outcome.gave_up


class Slow(Mailer):
    """Takes its time to start."""

    async def started(self) -> None:
        await asyncio.sleep(3.0)


@world()
async def test_a_start_that_takes_its_time_is_not_made_twice(w: World) -> None:
    async with shop(fixed(2, floor=1, ceiling=3), Slow).running(log=False) as running:
        await running.at("mailers").resize(3)
        await asyncio.sleep(8.0)

        assert serving(running) == WORKERS[:3]
        assert len(running.journal.of(Claimed)) == 1


def test_a_pool_of_a_plain_size_does_not_load_the_tissue() -> None:
    code = (
        "import asyncio, sys\n"
        "from actors import Actor\n"
        "from supervisors import Pool, child\n"
        "async def main():\n"
        "    async with Pool('p', child(Actor, id='w'), size=2).running(log=False): pass\n"
        "asyncio.run(main())\n"
        "sys.exit('actors.contact' in sys.modules)\n"
    )

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
