"""A budget that siblings pool: more for who is busy, never more than there is, whatever dies in the midst of it."""

from __future__ import annotations

import asyncio
import random
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from actors import ActorSystem
from actors.contact.lending import Budget, NotLent, Recalled
from actors.testing import World, world
from supervisors import Apoptosis, Supervisor, child
from supervisors.running import Running
from tests.actors.contact.kit import GROUP, WAYS, at, each_at, error_of, hosts, puppets, shop
from tests.actors.kit import Boom, Puppet, fails

both_ways = pytest.mark.parametrize("way", WAYS)
LEASE = 10.0


def _db(me: Any, owned: int = 2) -> Budget:
    budget: Budget = me.contact.lend("db", owned=owned, lease=LEASE)
    return budget


def _far(me: Any) -> Budget:
    budget: Budget = me.contact.of(GROUP).lend("db", owned=2, lease=LEASE)
    return budget


async def _use(me: Any, units: int, seconds: float, timeout: float = 5.0, db: Any = _db) -> str:
    async with db(me).borrow(units, timeout):
        await asyncio.sleep(seconds)
    return "done"


async def _holding(refs: Any) -> list[int]:
    return await each_at(refs, lambda me: _db(me).held)


@both_ways
def test_who_is_busy_uses_what_its_siblings_do_not_need_and_gives_it_back(way: str) -> None:
    @world(seed=1)
    async def scenario(w: World) -> None:
        WAYS[way](w)
        async with shop(4).running(log=False) as tree:
            refs = [tree.ref(f"w{n}") for n in range(4)]
            await each_at(refs, _db)
            assert await at(refs[0], lambda me: _use(me, 7, 1.0)) == "done"
            assert await at(refs[0], lambda me: _db(me).used) == 0
            await w.advance(2.0)

            assert await _holding(refs) == [2, 2, 2, 2]

    scenario()


@world(seed=2)
async def test_more_than_there_is_cannot_be_had_and_the_error_says_what_is_held(w: World) -> None:
    async with shop(2).running(log=False) as tree:
        refs = [tree.ref("w0"), tree.ref("w1")]
        await each_at(refs, _db)

        async def too_many(me: Any) -> str:
            error = await fails(_use(me, 5, 0.0, timeout=3.0), NotLent)
            return str(error)

        assert await at(refs[0], too_many) == "no 5 of 'db': not within 3 s; 4 are held here, 0 of them in use"


@world(seed=3)
async def test_all_together_never_use_more_than_they_own_and_everybody_has_its_turn(w: World) -> None:
    using, most, served = 0, 0, []

    async def work(me: Any) -> None:
        nonlocal using, most
        for _ in range(5):
            async with _db(me).borrow(units := w.rng.randint(1, 3), 60.0):
                using += units
                most = max(most, using)
                await asyncio.sleep(w.rng.random() * 0.3)
                using -= units
            served.append(me.pid.name)

    async with shop(5).running(log=False) as tree:
        refs = [tree.ref(f"w{n}") for n in range(5)]
        await each_at(refs, _db)
        await asyncio.gather(*(at(ref, work, 120.0) for ref in refs))

    assert len(served) == 25
    assert 5 <= most <= 10


@world(seed=4)
async def test_who_comes_first_is_served_first(w: World) -> None:
    order: list[int] = []

    async def use(me: Any, number: int, units: int) -> None:
        async with _db(me).borrow(units):
            order.append(number)
            await asyncio.sleep(0.1)

    async def crowd(me: Any) -> None:
        await asyncio.gather(use(me, 0, 2), use(me, 1, 2), use(me, 2, 1), use(me, 3, 1))

    async with shop(1).running(log=False) as tree:
        await at(tree.ref("w0"), crowd)

    assert order == [0, 1, 2, 3]


@world(seed=5)
async def test_a_block_that_is_cancelled_while_it_waits_or_works_holds_nothing(w: World) -> None:
    async def hurry(me: Any) -> int:
        for units, seconds in ((2, 5.0), (9, 0.0)):
            task = asyncio.create_task(_use(me, units, seconds))
            await asyncio.sleep(1.0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        return _db(me).free

    async with shop(1).running(log=False) as tree:
        assert await at(tree.ref("w0"), hurry) == 2


@world(seed=6)
async def test_a_lender_has_its_own_back_within_a_lease_and_a_block_that_lasts_too_long_is_recalled(w: World) -> None:
    async def hog(me: Any) -> str:
        return type(await fails(_use(me, 4, 60.0), Recalled)).__name__

    async with shop(2).running(log=False) as tree:
        refs = [tree.ref("w0"), tree.ref("w1")]
        await each_at(refs, _db)
        hogging = asyncio.create_task(at(refs[0], hog))
        await w.advance(3.0)
        began = w.now()
        await at(refs[1], lambda me: _use(me, 2, 0.0, timeout=30.0))

        assert w.now() - began <= LEASE * 1.02
        assert await hogging == "Recalled"


@world(seed=7)
async def test_what_a_life_had_borrowed_that_crashes_is_free_again_after_a_lease(w: World) -> None:
    async with shop(2).running(log=False) as tree:
        refs = [tree.ref("w0"), tree.ref("w1")]
        await each_at(refs, _db)
        await at(refs[0], lambda me: _db(me).want(4))
        await w.advance(1.0)
        before = await _holding(refs)
        refs[0].tell(Boom())
        await w.advance(1.0)
        await each_at(refs, _db)
        crashed = await _holding(refs)
        await w.advance(LEASE + 0.2)

        assert [before, crashed, await _holding(refs)] == [[4, 0], [2, 0], [2, 2]]


@world(seed=8)
async def test_a_lender_that_is_restarted_touches_nothing_of_its_own_until_what_it_lent_has_run_out(w: World) -> None:
    async with shop(2).running(log=False) as tree:
        refs = [tree.ref("w0"), tree.ref("w1")]
        await each_at(refs, _db)
        await at(refs[0], lambda me: _db(me).want(4))
        await w.advance(1.0)
        refs[1].tell(Boom())
        await w.advance(0.5)
        assert await _holding(refs) == [4, 0]
        await at(refs[0], lambda me: _db(me).want(0))
        await w.advance(LEASE * 1.02)

        assert await _holding(refs) == [2, 2]


@world(seed=9)
async def test_a_lender_that_is_restarted_with_nothing_out_has_its_own_at_once(w: World) -> None:
    async with shop(2).running(log=False) as tree:
        refs = [tree.ref("w0"), tree.ref("w1")]
        await each_at(refs, _db)
        refs[1].tell(Boom())
        await w.advance(0.5)

        assert await _holding(refs) == [2, 2]


@world(seed=10)
async def test_a_life_that_is_replaced_as_planned_gives_back_at_once_and_its_successor_begins_where_it_ended(
    w: World,
) -> None:
    tree = shop(2, apoptosis=Apoptosis())
    async with tree.running(log=False) as running:
        refs = [running.ref("w0"), running.ref("w1")]
        await each_at(refs, _db)
        await at(refs[0], lambda me: _db(me).want(4))
        await w.advance(1.0)
        await running.replace("w0")
        await w.advance(0.1)

        assert await _holding(refs) == [2, 2]


class Early(Puppet):
    """Looks at its budget before it serves."""

    def started(self) -> None:
        self.begun = _db(self).held


@world(seed=15)
async def test_a_successor_on_trial_holds_nothing_as_its_predecessor_still_does(w: World) -> None:
    tree = Supervisor("shop", [child(Early, id="w0"), child(Early, id="w1")], apoptosis=Apoptosis())
    async with tree.running(log=False) as running:
        first = await at(running.ref("w0"), lambda me: me.begun)
        await running.replace("w0")

        assert [first, await at(running.ref("w0"), lambda me: (me.begun, _db(me).held))] == [2, (0, 2)]


@world(seed=11)
async def test_a_life_that_ends_while_its_blocks_wait_leaves_nobody_waiting(w: World) -> None:
    outcome: list[str] = []

    async def wait(me: Any) -> None:
        db = _db(me)

        async def block() -> None:
            outcome.append(str(await fails(_use(me, 9, 0.0, timeout=50.0, db=lambda me: db), NotLent)))

        me.waiting = asyncio.create_task(block())

    async with shop(1).running(log=False) as tree:
        await at(tree.ref("w0"), wait)
        tree.ref("w0").tell(Boom())
        await w.advance(0.1)

    assert outcome == ["no 9 of 'db': this life is over"]


@pytest.mark.parametrize("loss", [0.0, 0.3])
def test_units_are_lent_between_hosts_although_packets_are_lost(loss: float) -> None:
    @world(seed=12)
    async def scenario(w: World) -> None:
        w.network.loss = loss
        async with hosts("east", "west", "north") as systems:
            refs = await puppets(systems)
            await each_at(refs, _far)
            await w.advance(LEASE + 5.0)
            assert await at(refs[1], lambda me: _use(me, 6, 1.0, 30.0, _far)) == "done"

    scenario()


@world(seed=13)
async def test_a_partition_and_a_host_that_comes_back_never_make_more_units_than_there_are(w: World) -> None:
    async with hosts("east", "west") as systems:
        refs = await puppets(systems)
        await each_at(refs, _far)
        await w.advance(LEASE + 5.0)
        await at(refs[0], lambda me: _far(me).want(4))
        await w.advance(2.0)
        assert await each_at(refs, lambda me: _far(me).held) == [4, 0]
        w.network.partition(["@east"], ["@west"])
        sums = []
        for _ in range(30):
            await w.advance(0.5)
            sums.append(sum(await each_at(refs, lambda me: _far(me).held)))

        assert max(sums) <= 4
        assert await each_at(refs, lambda me: _far(me).held) == [2, 2]


@world(seed=14)
async def test_budgets_of_several_names_and_groups_have_nothing_to_do_with_each_other(w: World) -> None:
    async with shop(2).running(log=False) as tree:
        refs = [tree.ref("w0"), tree.ref("w1")]
        await each_at(refs, lambda me: (_db(me), me.contact.lend("api", owned=3), _far(me)))
        await at(refs[0], lambda me: me.contact.lend("api", owned=3).want(6))
        await w.advance(1.0)

        assert await _holding(refs) == [2, 2]
        assert await each_at(refs, lambda me: me.contact.lend("api", owned=3).held) == [6, 0]


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda me: me.contact.lend("db", owned=-1), "lend(owned) must be a whole number"),
        (lambda me: me.contact.lend("db", owned=2, lease=0.0), "lend(lease) must be a finite number from 0.1 to 86400"),
        (lambda me: (_db(me), _db(me, 3)), "has 2 of 'db' at a lease of 10 s already; got 3"),
        (lambda me: _db(me).borrow(0), "borrow(units) must be a whole number from 1 to 2147483647; got 0"),
        (lambda me: _db(me).want(-1), "want(units) must be a whole number from 0 to 2147483647; got -1"),
        (lambda me: me.contact.lend("x" * 300, owned=1), "lend(name) must be a text of 1 to 245 bytes"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(call: Any, text: str) -> None:
    @world()
    async def scenario(w: World) -> None:
        async with shop(1).running(log=False) as tree:
            assert text in await at(tree.ref("w0"), lambda me: error_of(lambda: call(me)))

    scenario()


def _tree(system: ActorSystem) -> AbstractAsyncContextManager[Running]:
    return shop(3).running(system=system, log=False)


@pytest.mark.parametrize("seed", range(20))
def test_whatever_is_lost_cut_off_or_killed_never_more_is_in_use_than_there_is(seed: int) -> None:
    using, most, served = 0, 0, 0

    async def work(me: Any, rng: random.Random) -> None:
        nonlocal using, most, served
        units, seconds = rng.randint(1, 4), rng.random() * rng.choice([0.2, 3.0, 20.0])
        try:
            async with _far(me).borrow(units, 8.0):
                using += units
                most = max(most, using)
                try:
                    await asyncio.sleep(seconds)
                    served += 1
                finally:
                    using -= units
        except (NotLent, Recalled):
            pass

    @world(seed=seed)
    async def scenario(w: World) -> None:
        rng = random.Random(seed)
        w.network.loss = rng.choice([0.0, 0.2])
        async with hosts("east", "west") as (east, west), _tree(east) as one, _tree(west) as two:
            trees = [one, two]
            refs = [tree.ref(f"w{n}") for tree in trees for n in range(3)]
            await each_at(refs, _far)
            asked = []
            for _ in range(120):
                ref = rng.choice(refs)
                asked.append(asyncio.create_task(at(ref, lambda me: work(me, rng), 200.0)))
                await asyncio.sleep(rng.random())
                match rng.randrange(24):
                    case 0:
                        rng.choice(refs).kill()
                    case 1:
                        w.network.partition(["@east"], ["@west"])
                    case 2 | 3:
                        w.network.heal()
            await asyncio.gather(*asked, return_exceptions=True)

    scenario()
    assert most <= 12
    assert served >= 20
