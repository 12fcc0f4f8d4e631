"""What siblings share: every kind converges, and outlives those who told it, by the rules of what they died of."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from actors import Mailbox
from actors.errors import ActorError
from actors.testing import World, world
from actors.tissue.crdt.counters import PNCounter
from actors.tissue.crdt.lww import LWWMap
from actors.tissue.crdt.orset import ORMap, ORSet
from actors.tissue.crdt.registers import MaxRegister, MinRegister
from actors.tissue.crdt.topk import TopK
from supervisors import Apoptosis, Supervisor, child
from tests.actors.contact.kit import WAYS, at, each_at, error_of, shop
from tests.actors.kit import Boom, Puppet

KINDS: dict[str, tuple[Callable[[Any], Any], Callable[[Any, int], Any], Any]] = {
    "ORMap": (lambda me: me.contact.share("x", ORMap), lambda x, n: x.put(n, n), {0: 0, 1: 1, 2: 2}),
    "LWWMap": (lambda me: me.contact.share("x", LWWMap), lambda x, n: x.put(n, n), {0: 0, 1: 1, 2: 2}),
    "ORSet": (lambda me: me.contact.share("x", ORSet), lambda x, n: x.add(n), {0, 1, 2}),
    "PNCounter": (lambda me: me.contact.share("x", PNCounter), lambda x, n: x.add(n - 5), -12),
    "MaxRegister": (lambda me: me.contact.share("x", MaxRegister), lambda x, n: x.offer(n), 2),
    "MinRegister": (lambda me: me.contact.share("x", MinRegister), lambda x, n: x.offer(n), 0),
    "TopK": (lambda me: me.contact.share("x", TopK, 2), lambda x, n: x.offer(f"k{n}", n), [("k2", 2), ("k1", 1)]),
}

both_ways = pytest.mark.parametrize("way", WAYS)


def _table(me: Any) -> Any:
    return me.contact.share("table", ORMap)


def _read(me: Any) -> dict[Any, Any]:
    return dict(_table(me).value)


def _count(me: Any) -> Any:
    return me.contact.share("count", PNCounter)


# -- siblings ----------------------------------------------------------------------------------------------------------


@both_ways
@pytest.mark.parametrize("kind", KINDS)
def test_what_one_says_all_siblings_know_half_a_second_later(way: str, kind: str) -> None:
    share, change, expected = KINDS[kind]

    @world(seed=2)
    async def scenario(w: World) -> None:
        WAYS[way](w)
        async with shop(3).running(log=False) as tree:
            refs = [tree.ref(f"w{n}") for n in range(3)]
            await each_at(refs, share)
            for n, ref in enumerate(refs):
                await at(ref, lambda me, n=n: change(share(me), n))
            await w.advance(0.5)

            assert await each_at(refs, lambda me: share(me).value) == [expected] * 3

    scenario()


@both_ways
def test_who_is_born_later_knows_what_the_others_know(way: str) -> None:
    @world(seed=2)
    async def scenario(w: World) -> None:
        WAYS[way](w)
        async with shop(3).running(log=False) as tree:
            await at(tree.ref("w0"), lambda me: _table(me).put("a", 1))
            await w.advance(1.0)
            await tree.start_child(child(Reader, id="late"))

            assert await at(tree.ref("late"), lambda me: me.begun) == {"a": 1}

    scenario()


class Reader(Puppet):
    """Keeps what it knew when it had started."""

    async def started(self) -> None:
        await self.contact.warm()
        self.begun = _read(self)


def readers(count: int) -> Supervisor:
    """A tree of so many of them."""
    return Supervisor("shop", [child(Reader, id=f"w{n}") for n in range(count)], max_restarts=1000)


@both_ways
def test_a_group_that_changes_all_the_time_is_one_value_when_it_rests(way: str) -> None:
    @world(seed=4)
    async def scenario(w: World) -> None:
        WAYS[way](w)
        w.network.loss = 0.2
        async with shop(6).running(log=False) as tree:
            refs = [tree.ref(f"w{n}") for n in range(6)]
            await each_at(refs, _table)
            for n in range(200):
                ref = w.rng.choice(refs)
                if w.rng.random() < 0.3:
                    await at(ref, lambda me, n=n: _table(me).remove(n % 7))
                else:
                    await at(ref, lambda me, n=n: _table(me).put(n % 7, n))
                await asyncio.sleep(w.rng.random() * 0.1)
            await w.advance(15.0)
            first, *others = await each_at(refs, _read)

            assert others == [first] * 5

    scenario()


@world(seed=1)
async def test_groups_do_not_share_with_each_other(w: World) -> None:
    async with shop(2).running(log=False) as tree:
        refs = [tree.ref("w0"), tree.ref("w1")]
        await each_at(refs, lambda me: (_table(me), me.contact.of("b").share("table", ORMap)))
        await at(refs[0], lambda me: _table(me).put("a", 1))
        await w.advance(2.0)

        assert await at(refs[1], _read) == {"a": 1}
        assert await at(refs[1], lambda me: dict(me.contact.of("b").share("table", ORMap).value)) == {}


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda me: me.contact.share("", ORMap), "name"),
        (lambda me: me.contact.share("x" * 65, ORMap), "name"),
        (lambda me: me.contact.share("x", TopK, 0), "k"),
    ],
)
def test_what_cannot_be_shared_is_refused(call: Callable[[Any], Any], text: str) -> None:
    @world(seed=1)
    async def scenario(w: World) -> None:
        ref = await w.spawn(Puppet)
        found = await at(ref, lambda me: error_of(lambda: call(me)))

        assert text in found
        assert "no error" not in found

    scenario()


# -- inheritance -------------------------------------------------------------------------------------------------------


@both_ways
def test_who_crashes_starts_again_with_what_its_siblings_know(way: str) -> None:
    @world(seed=3)
    async def scenario(w: World) -> None:
        WAYS[way](w)
        async with readers(3).running(log=False) as shop:
            refs = [shop.ref(f"w{n}") for n in range(3)]
            await at(refs[0], lambda me: _table(me).put("mine", 1))
            await at(refs[1], lambda me: _table(me).put("yours", 2))
            await w.advance(1.0)
            refs[0].tell(Boom())

            assert await at(refs[0], lambda me: (me.pid.incarnation, me.begun)) == (2, {"mine": 1, "yours": 2})

    scenario()


@both_ways
@pytest.mark.parametrize("end", ["stop", "terminate"])
def test_a_planned_end_loses_nothing_that_was_said_before(way: str, end: str) -> None:
    @world(seed=3)
    async def scenario(w: World) -> None:
        WAYS[way](w)
        async with shop(3).running(log=False) as tree:
            refs = [tree.ref(f"w{n}") for n in range(3)]
            await each_at(refs, _table)
            await w.advance(3.0)

            def say_much(me: Any) -> None:
                for n in range(50):
                    _table(me).put(n, n)

            await at(refs[0], say_much)
            await (tree.terminate_child("w0") if end == "terminate" else refs[0].stop())
            await w.advance(0.5)

            assert await each_at(refs[1:], lambda me: len(_read(me))) == [50, 50]

    scenario()


@world(seed=3)
async def test_what_broke_an_invariant_is_inherited_up_to_its_last_good_check(w: World) -> None:
    async with readers(3).running(log=False) as tree:
        refs = [tree.ref(f"w{n}") for n in range(3)]
        await at(refs[0], lambda me: (_table(me).put("good", 1), me.contact.checked()))
        await at(refs[0], lambda me: _table(me).put("bad", 2))
        await w.advance(1.0)
        await at(refs[0], lambda me: me.damage(1.0, "wrong"))
        refs[0].kill()
        await w.advance(1.0)

        assert await at(refs[0], _read) == {"good": 1}
        assert await at(refs[1], _read) == {"good": 1, "bad": 2}


@world(seed=3)
async def test_damage_that_a_later_check_did_not_find_again_costs_nothing(w: World) -> None:
    async with readers(2).running(log=False) as tree:
        refs = [tree.ref(f"w{n}") for n in range(2)]
        await each_at(refs, _table)
        await at(refs[0], lambda me: (_table(me).put("a", 1), me.damage(1.0, "wrong"), me.contact.checked()))
        await w.advance(1.0)
        refs[0].kill()
        await w.advance(1.0)

        assert await at(refs[0], _read) == {"a": 1}


@world(seed=3)
async def test_what_failed_a_check_up_inherits_its_last_good_copy_only(w: World) -> None:
    policy = Apoptosis(every=1.0)
    tree = Supervisor("shop", [child(Checked, id="w0", apoptosis=policy), child(Puppet, id="w1")])
    async with tree.running(log=False) as shop:
        refs = [shop.ref(f"w{n}") for n in range(2)]
        await at(refs[1], _table)
        await at(refs[0], lambda me: _table(me).put("good", 1))
        await w.advance(2.5)
        await at(refs[0], lambda me: me.spoil())
        await w.advance(1.2)
        refs[0].kill()
        await w.advance(0.9)

        assert await at(refs[0], _read) == {"good": 1}
        assert await at(refs[1], _read) == {"good": 1, "bad": 2}


class Checked(Reader):
    """Finds itself well until it is told not to be."""

    is_bad = False

    def spoil(self) -> None:
        _table(self).put("bad", 2)
        self.is_bad = True

    def vitals(self) -> Any:
        if self.is_bad:
            raise ValueError("bad")
        return None


class Teller(Reader):
    """Puts down which life it is, when it has started."""

    async def started(self) -> None:
        await super().started()
        _table(self).put(self.pid.incarnation, "here")
        await asyncio.sleep(1.0)


@world(seed=3)
async def test_who_died_of_a_poisoned_message_leaves_nothing_to_its_successor(w: World) -> None:
    poisoned = child(Teller, id="w0", mailbox=Mailbox(redeliver=2))
    async with Supervisor("shop", [poisoned, child(Reader, id="w1")], max_restarts=100).running(log=False) as shop:
        refs = [shop.ref(f"w{n}") for n in range(2)]
        refs[0].tell(Boom())
        await w.advance(10.0)
        assert refs[0].pid.incarnation == 3

        assert await at(refs[0], _read) == {3: "here"}
        assert await at(refs[1], _read) == {1: "here", 2: "here", 3: "here"}


# -- replacement -------------------------------------------------------------------------------------------------------


@both_ways
@pytest.mark.parametrize("siblings", [1, 3])
def test_a_successor_has_all_before_it_takes_traffic(way: str, siblings: int) -> None:
    @world(seed=3)
    async def scenario(w: World) -> None:
        WAYS[way](w)
        async with readers(siblings).running(log=False) as shop:
            ref = shop.ref("w0")
            await at(ref, lambda me: _table(me).put("a", 1))
            await shop.replace("w0")

            assert await at(ref, lambda me: (me.pid.incarnation, me.begun, _read(me))) == (2, {"a": 1}, {"a": 1})

    scenario()


class Slow(Puppet):
    """Has the table at once, and takes a second to be ready."""

    async def started(self) -> None:
        _table(self)
        self.firsts: list[dict[Any, Any]] = []
        if self.pid.incarnation > 1:
            await asyncio.sleep(1.0)


@both_ways
@pytest.mark.parametrize("siblings", [1, 3])
def test_what_the_old_life_says_while_its_successor_warms_up_is_not_lost(way: str, siblings: int) -> None:
    @world(seed=3)
    async def scenario(w: World) -> None:
        WAYS[way](w)
        tree = Supervisor("shop", [child(Slow, id=f"w{n}") for n in range(siblings)])
        async with tree.running(log=False) as shop:
            ref = shop.ref("w0")
            await at(ref, lambda me: _table(me).put("before", 1))
            replaced = asyncio.ensure_future(shop.replace("w0"))
            await asyncio.sleep(0.5)
            assert await at(ref, lambda me: (_table(me).put("meanwhile", 2), me.pid.incarnation)[1]) == 1
            await replaced
            at_once = await at(ref, lambda me: (me.pid.incarnation, _read(me)))
            await w.advance(20.0)

            assert at_once == (2, {"before": 1, "meanwhile": 2})
            assert await at(ref, _read) == {"before": 1, "meanwhile": 2}

    scenario()


@both_ways
@pytest.mark.parametrize("siblings", [1, 3])
def test_what_the_old_life_says_in_its_last_message_is_not_lost(way: str, siblings: int) -> None:
    @world(seed=3)
    async def scenario(w: World) -> None:
        WAYS[way](w)
        tree = Supervisor("shop", [child(Slow, id=f"w{n}") for n in range(siblings)])
        async with tree.running(log=False) as shop:
            ref = shop.ref("w0")
            await at(ref, lambda me: _table(me).put("before", 1))
            last = asyncio.ensure_future(at(ref, _say_late))
            await shop.replace("w0")
            await last
            await w.advance(20.0)

            assert await at(ref, lambda me: (me.pid.incarnation, _read(me))) == (2, {"before": 1, "late": 2})

    scenario()


async def _say_late(me: Any) -> None:
    await asyncio.sleep(2.0)
    _table(me).put("late", 2)


@both_ways
def test_a_state_of_many_packets_is_handed_over_before_the_successor_takes_traffic(way: str) -> None:
    @world(seed=3)
    async def scenario(w: World) -> None:
        WAYS[way](w)
        async with readers(1).running(log=False) as shop:
            ref = shop.ref("w0")
            for n in range(40):
                await at(ref, lambda me, n=n: _table(me).put(n, b"x" * 50_000))
            await shop.replace("w0")

            assert await at(ref, lambda me: (me.pid.incarnation, len(_read(me)))) == (2, 40)

    scenario()


@both_ways
def test_a_damaged_life_that_is_replaced_hands_over_its_last_good_copy_only(way: str) -> None:
    @world(seed=3)
    async def scenario(w: World) -> None:
        WAYS[way](w)
        async with readers(3).running(log=False) as shop:
            refs = [shop.ref(f"w{n}") for n in range(3)]
            await at(refs[0], lambda me: (_table(me).put("good", 1), me.contact.checked()))
            await at(refs[0], lambda me: (_table(me).put("bad", 2), me.damage(1.0, "wrong")))
            await w.advance(1.0)
            await shop.replace("w0")
            await w.advance(10.0)

            assert await at(refs[0], lambda me: (me.pid.incarnation, _read(me))) == (2, {"good": 1})
            assert await at(refs[1], _read) == {"good": 1, "bad": 2}

    scenario()


@both_ways
def test_a_successor_that_is_discarded_leaks_nothing_and_the_old_life_goes_on_sharing(way: str) -> None:
    @world(seed=3)
    async def scenario(w: World) -> None:
        WAYS[way](w)
        tree = Supervisor("shop", [child(Hopeless, id="w0"), child(Puppet, id="w1")])
        async with tree.running(log=False) as shop:
            refs = [shop.ref(f"w{n}") for n in range(2)]
            await each_at(refs, _table)
            site = shop.system.site
            await w.advance(1.0)
            bodies = len(site._bodies)
            for n in range(5):
                with pytest.raises(ActorError):
                    await shop.replace("w0")
                await at(refs[0], lambda me, n=n: _table(me).put(n, n))
                await w.advance(1.0)

            assert await at(refs[0], lambda me: me.pid.incarnation) == 1
            assert await each_at(refs, _read) == [{n: n for n in range(5)}] * 2
            assert len(site._bodies) == len(site._by_address) == bodies
            assert [each.pid.name for each in site.rosters()["shop"]] == ["shop/w0@shop", "shop/w1@shop"]
            assert site.wills == {}

    scenario()


class Hopeless(Puppet):
    """Its first life serves; no other starts, though it says a lot before."""

    async def started(self) -> None:
        if self.pid.incarnation > 1:
            _table(self).put("hopeless", self.pid.incarnation)
            self.contact.of("another").share("x", ORMap).put("hopeless", 1)
            self.contact.secrete("stress")
            raise ValueError("hopeless")


@both_ways
def test_all_are_replaced_under_way_and_nothing_is_lost_or_counted_twice(way: str) -> None:
    @world(seed=3)
    async def scenario(w: World) -> None:
        WAYS[way](w)
        async with shop(3).running(log=False) as tree:
            refs = [tree.ref(f"w{n}") for n in range(3)]
            await each_at(refs, _count)
            rolling = asyncio.ensure_future(tree.replace_all())
            said = 0
            while not rolling.done() or said < 30:
                await at(refs[said % 3], lambda me: _count(me).add(1))
                said += 1
                await asyncio.sleep(0.01)
            await w.advance(10.0)

            assert await rolling == 3
            assert await each_at(refs, lambda me: _count(me).value) == [said] * 3

    scenario()
