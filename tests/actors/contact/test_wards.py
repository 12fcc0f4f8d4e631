"""Lives elsewhere as cells of this host, in simulated processes: who is close, what is shared, felt, found and told."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from actors import ActorSystem, Mailbox
from actors.messages import Pid
from actors.places.pipe import Pipe
from actors.testing import World, world
from actors.tissue.transport import Packet, pack
from supervisors import Apoptosis, Promote
from tests.actors.contact.cellmates import Please, Quiet, Trader, Word, all_do, do, house, refusals, running, until
from tests.actors.contact.kit import WAYS

PROCESS = "process"
both_ways = pytest.mark.parametrize("way", WAYS)


@both_ways
def test_lives_here_and_elsewhere_are_each_others_neighbours_under_the_names_of_their_places(way: str) -> None:
    @world(seed=1)
    async def scenario(w: World) -> None:
        WAYS[way](w)
        async with running(house(None, PROCESS, PROCESS)) as (_, refs):
            await w.advance(0.5)

            host = refs[0].system.name
            everybody = [f"shop/w{n}@{host}" for n in range(3)]
            assert await all_do(refs, "address") == everybody
            for n, ref in enumerate(refs):
                assert await do(ref, "mates") == [name for name in everybody if name != everybody[n]]

    scenario()


@both_ways
def test_what_is_shared_converges_here_and_elsewhere(way: str) -> None:
    @world(seed=2)
    async def scenario(w: World) -> None:
        WAYS[way](w)
        async with running(house(None, PROCESS, PROCESS, None)) as (_, refs):
            for n, ref in enumerate(refs):
                await do(ref, "put", f"key{n}", n)
                await do(ref, "add", n)
            await w.advance(1.0)

            expected = {f"key{n}": n for n in range(4)}
            assert await all_do(refs, "read") == [expected] * 4
            assert await all_do(refs, "total") == [6] * 4

    scenario()


@both_ways
@pytest.mark.parametrize("end", ["kill", "crash"])
def test_a_life_elsewhere_starts_warm_with_what_its_siblings_knew(way: str, end: str) -> None:
    @world(seed=3)
    async def scenario(w: World) -> None:
        WAYS[way](w)
        async with running(house(None, PROCESS, PROCESS)) as (_, refs):
            await do(refs[1], "put", "mine", 1)
            await do(refs[1], "add", 5)
            await do(refs[2], "put", "hers", 2)
            await w.advance(1.0)
            before = await do(refs[1], "life")
            if end == "kill":
                refs[1].kill()
            else:
                with pytest.raises(Exception, match="boom"):
                    await do(refs[1], "boom")
            await w.advance(0.01)
            assert await do(refs[1], "began") == (True, {"mine": 1, "hers": 2})
            assert await do(refs[1], "life") > before
            await do(refs[1], "add", 1)
            await w.advance(1.0)

            assert await all_do(refs, "total") == [6] * 3
            lives = [(await do(refs[0], "lives"))[f"shop/w1@{refs[0].system.name}"], await do(refs[1], "life")]
            assert lives[0] == lives[1]

    scenario()


def test_a_first_life_elsewhere_is_warm_at_once() -> None:
    @world(seed=4)
    async def scenario(w: World) -> None:
        WAYS["loop"](w)
        started = w.now()
        async with running(house(PROCESS)) as (_, refs):
            assert await do(refs[0], "began") == (True, {})
            assert w.now() - started < 0.1

    scenario()


@both_ways
def test_a_life_elsewhere_that_is_killed_is_gone_for_all_at_once(way: str) -> None:
    @world(seed=5)
    async def scenario(w: World) -> None:
        WAYS[way](w)
        async with running(house(None, PROCESS, PROCESS, restart="temporary")) as (_, refs):
            await w.advance(0.5)
            assert len(await do(refs[2], "mates")) == 2
            refs[1].kill()
            await w.advance(0.01)

            host = refs[0].system.name
            assert await do(refs[0], "mates") == [f"shop/w2@{host}"]
            assert await do(refs[2], "mates") == [f"shop/w0@{host}"]

    scenario()


@both_ways
def test_who_stands_in_for_a_life_elsewhere_takes_no_part_itself(way: str) -> None:
    @world(seed=6)
    async def scenario(w: World) -> None:
        WAYS[way](w)
        async with running(house(None, PROCESS)) as (_, refs):
            await w.advance(0.5)
            site = refs[0].system.site

            assert site.body_in(refs[1]._cell) is None
            assert [entry.pid.name.partition("@")[0] for entry in site.roster("shop")] == ["shop/w0", "shop/w1"]

    scenario()


@both_ways
def test_siblings_elsewhere_that_took_no_part_do_so_when_they_are_looked_for(way: str) -> None:
    @world(seed=7)
    async def scenario(w: World) -> None:
        WAYS[way](w)
        async with running(house(None, PROCESS, PROCESS, cls=Quiet)) as (_, refs):
            for looker in (1, 0):
                await do(refs[looker], "mates")
                await w.advance(0.5)
                assert len(await do(refs[looker], "mates")) == 2

    scenario()


@both_ways
def test_the_next_life_elsewhere_is_in_the_groups_of_the_last_one(way: str) -> None:
    @world(seed=8)
    async def scenario(w: World) -> None:
        WAYS[way](w)
        async with running(house(None, PROCESS)) as (_, refs):
            await all_do(refs, "join", "club")
            refs[1].kill()
            await w.advance(0.5)

            assert await do(refs[0], "mates", "club") == [f"shop/w1@{refs[0].system.name}"]

    scenario()


# -- successors --------------------------------------------------------------------------------------------------------


@both_ways
@pytest.mark.parametrize("places", [(PROCESS,), (None, PROCESS), (PROCESS, PROCESS)])
def test_a_replacement_elsewhere_knows_all_that_its_predecessor_knew_before_it_serves(way: str, places: Any) -> None:
    @world(seed=18)
    async def scenario(w: World) -> None:
        WAYS[way](w)
        policy = Apoptosis(ready_within=10.0, handover=5.0)
        async with running(house(*places, apoptosis=policy)) as (top, refs):
            ref = refs[-1]
            await w.advance(0.5)
            for n in range(20):
                await do(ref, "put", f"key{n}", n)
            await do(ref, "add", 7)
            before = await do(ref, "life")
            assert await top.replace(ref.name.rpartition("/")[2]) == ref
            table = {f"key{n}": n for n in range(20)}

            assert await do(ref, "began") == (True, table)
            assert (await do(ref, "total"), await do(ref, "life") > before) == (7, True)
            await do(ref, "add", 1)
            await do(ref, "put", "after", 1)
            await w.advance(1.0)
            assert await all_do(refs, "total") == [8] * len(refs)
            assert await all_do(refs, "read") == [{**table, "after": 1}] * len(refs)
            assert await all_do(refs, "mates") == [
                [f"{other.name}@{ref.system.name}" for other in refs if other is not each] for each in refs
            ]

    scenario()


@both_ways
def test_what_a_predecessor_elsewhere_learns_while_it_is_replaced_is_not_lost(way: str) -> None:
    @world(seed=19)
    async def scenario(w: World) -> None:
        WAYS[way](w)
        policy = Apoptosis(ready_within=10.0, handover=5.0)
        async with running(house(PROCESS, apoptosis=policy)) as (top, refs):
            written = {}
            replaced = asyncio.ensure_future(top.replace("w0"))
            for n in range(200):
                await do(refs[0], "put", f"key{n}", n)
                written[f"key{n}"] = n
                await w.advance(0.001)
            await replaced
            await w.advance(1.0)

            assert refs[0].pid.incarnation == 2
            assert await do(refs[0], "read") == written

    scenario()


@both_ways
@pytest.mark.parametrize("siblings", [0, 1])
def test_a_life_that_is_promoted_to_a_thread_and_comes_back_in_keeps_what_it_knew(way: str, siblings: int) -> None:
    @world(seed=22)
    async def scenario(w: World) -> None:
        WAYS[way](w)
        policy = Promote(after=1, calm=5.0)
        async with running(house(*[None] * (1 + siblings), promote=policy)) as (top, refs):
            ref = refs[0]
            await do(ref, "put", "at home", 1)
            await do(ref, "join", "club")
            await w.advance(0.5)
            top.system.blocked(ref._cell, "Cellmate.please", "Please", 0.5)
            await w.advance(0.1)
            assert ref._cell.actor.is_stand_in
            assert await do(ref, "began") == (True, {"at home": 1})
            await do(ref, "put", "away", 2)
            await w.advance(6.0)
            assert not ref._cell.actor.is_stand_in
            assert await do(ref, "began") == (True, {"at home": 1, "away": 2})
            await do(ref, "put", "back", 3)
            await w.advance(1.0)

            assert await all_do(refs, "read") == [{"at home": 1, "away": 2, "back": 3}] * len(refs)
            assert [len(each) for each in await all_do(refs, "mates")] == [siblings] * len(refs)
            assert ref.pid.incarnation == 3

    scenario()


@both_ways
@pytest.mark.parametrize(("damage", "is_checked", "kept"), [(False, False, 2), (True, False, 0), (True, True, 1)])
@pytest.mark.parametrize("place", [None, PROCESS])
def test_a_successor_elsewhere_inherits_as_one_here_does(
    place: Any, way: str, damage: bool, is_checked: bool, kept: int
) -> None:
    @world(seed=20)
    async def scenario(w: World) -> None:
        WAYS[way](w)
        async with running(house(place, None)) as (_, refs):
            await w.advance(0.5)
            await do(refs[0], "put", "first", 1)
            await w.advance(0.5)
            if is_checked:
                await do(refs[0], "check")
            await do(refs[0], "put", "second", 2)
            await w.advance(0.5)
            assert await do(refs[1], "read") == {"first": 1, "second": 2}
            if damage:
                await do(refs[0], "hurt")
            await w.advance(0.1)
            refs[0].kill()
            await w.advance(0.5)

            assert refs[0].pid.incarnation == 2
            assert list((await do(refs[0], "began"))[1]) == ["first", "second"][:kept]
            assert await do(refs[1], "read") == {"first": 1, "second": 2}

    scenario()


@both_ways
def test_a_successor_elsewhere_of_one_that_a_message_poisoned_inherits_nothing(way: str) -> None:
    @world(seed=21)
    async def scenario(w: World) -> None:
        WAYS[way](w)
        async with running(house(PROCESS, None, mailbox=Mailbox(redeliver=2))) as (_, refs):
            await w.advance(0.5)
            await do(refs[0], "put", "bad", 1)
            await w.advance(0.5)
            refs[0].tell(Please("boom"))
            await w.advance(1.0)

            assert refs[0].pid.incarnation == 3
            assert await do(refs[0], "began") == (True, {})
            assert await do(refs[1], "read") == {"bad": 1}

    scenario()


# -- signals -----------------------------------------------------------------------------------------------------------


@both_ways
def test_a_hormone_that_is_secreted_elsewhere_is_sensed_here_and_elsewhere(way: str) -> None:
    @world(seed=9)
    async def scenario(w: World) -> None:
        WAYS[way](w)
        async with running(house(None, PROCESS, PROCESS)) as (_, refs):
            await w.advance(0.5)
            await do(refs[1], "secrete", 20.0)
            await w.advance(1.0)

            assert all(level > 0.05 for level in await all_do(refs, "sense"))
            assert "Triggered" in await do(refs[2], "heard")

    scenario()


@both_ways
def test_a_gradient_leads_from_one_process_to_another(way: str) -> None:
    @world(seed=10)
    async def scenario(w: World) -> None:
        WAYS[way](w)
        async with running(house(None, PROCESS, PROCESS)) as (_, refs):
            await do(refs[2], "emit", "gpu")
            for ref in refs[:2]:
                assert await do(ref, "go", "gpu", "cat") == "cat from shop/w2"
            refs[2].kill()
            await w.advance(0.2)
            await do(refs[1], "emit", "gpu")
            assert await do(refs[0], "go", "gpu", "dog") == "dog from shop/w1"

    scenario()


@both_ways
def test_a_trail_leads_from_one_process_to_another(way: str) -> None:
    @world(seed=11)
    async def scenario(w: World) -> None:
        WAYS[way](w)
        async with running(house(None, PROCESS, PROCESS)) as (_, refs):
            await do(refs[2], "offer", "print")
            await all_do(refs, "follow", "print")
            await w.advance(3.0)
            for ref in refs[:2]:
                assert await do(ref, "trail", "print", "page") == "page from shop/w2"

    scenario()


@both_ways
def test_units_are_lent_values_computed_once_and_load_levelled_over_processes(way: str) -> None:
    @world(seed=23)
    async def scenario(w: World) -> None:
        WAYS[way](w)
        async with running(house(None, PROCESS, PROCESS, cls=Trader)) as (_, refs):
            await w.advance(1.0)
            assert await do(refs[1], "borrow", 10) == 10
            found = await asyncio.gather(*(do(ref, "get", "abc") for ref in refs))
            assert [value for value, _ in found] == ["ABC"] * 3
            await all_do(refs, "load", 0)
            await do(refs[2], "load", 90)
            await w.advance(10.0)
            assert await all_do(refs, "loaded") == [30, 30, 30]
            assert sum([(await do(ref, "get", "abc"))[1] for ref in refs]) == 1
            refs[1].kill()
            await w.advance(5.0)
            assert await do(refs[1], "borrow", 10) == 10

    scenario()


# -- messages ----------------------------------------------------------------------------------------------------------


@both_ways
def test_contact_messages_travel_both_ways(way: str) -> None:
    @world(seed=12)
    async def scenario(w: World) -> None:
        WAYS[way](w)
        async with running(house(None, PROCESS, PROCESS)) as (_, refs):
            await w.advance(0.5)
            for sender, receiver in ((0, 1), (1, 2), (2, 0)):
                told = await do(refs[sender], "ask", f"shop/w{receiver}", Word("hello"))
                assert told == f"hello from shop/w{receiver}"
                await do(refs[sender], "tell", f"shop/w{receiver}", Word("by the way"))
            await w.advance(0.5)
            assert await all_do(refs, "heard") == [["hello", "by the way"]] * 3

    scenario()


@both_ways
def test_what_is_published_anywhere_is_heard_once_everywhere(way: str) -> None:
    @world(seed=13)
    async def scenario(w: World) -> None:
        WAYS[way](w)
        async with running(house(None, PROCESS, PROCESS)) as (_, refs):
            await w.advance(0.5)
            for n, ref in enumerate(refs):
                await do(ref, "publish", {"news": n})
            await w.advance(1.0)

            for heard in await all_do(refs, "heard"):
                assert sorted(each["news"] for each in heard) == [0, 1, 2]

    scenario()


# -- what makes no sense -----------------------------------------------------------------------------------------------


@both_ways
def test_whatever_a_process_says_that_makes_no_sense_is_refused_and_harms_nobody(way: str) -> None:
    @world(seed=14)
    async def scenario(w: World) -> None:
        WAYS[way](w)
        async with running(house(None, PROCESS)) as (_, refs):
            await w.advance(0.5)
            system = refs[0].system
            ward, why = system.site.wards.of(refs[1]._cell), refusals(system)
            host = system.name
            for said in nonsense(host):
                ward.hear(*said)
                assert len(why) == 1, said
                why.clear()
            assert await do(refs[0], "mates") == [f"shop/w1@{host}"]
            assert await do(refs[1], "mates") == [f"shop/w0@{host}"]

    scenario()


def nonsense(host: str) -> list[list[Any]]:
    """What no process of ours says."""
    here, sender = f"shop/w0@{host}", Pid(f"shop/w1@{host}", 1)
    sound = pack(Packet(here, "shop", sender, "contact.syn", [1]))
    stranger = pack(Packet(here, "shop", Pid("x@elsewhere", 1), "contact.syn", [1]))
    to_host = pack(Packet(f"@{host}", "~", sender, "swim.ping", [1]))
    return [
        [], ["?"], [99], [11], [11, here], [11, here, "text"], [11, "nowhere", sound], [11, f"x@{host}", sound],
        [11, here, sound[:-1]], [11, here, sound + b"x"], [11, here, b"\x97\x02" + sound[2:]],
        [11, here, b"x" * (1 << 17) + b"y"], [11, here, stranger], [11, f"@{host}", to_host],
        [6, "", here, 1, [[], [], None, "", None]], [6, "shop", here, 1, [[], [], None, "", None]],
        [6, "shop", f"x@{host}", 0, [[], [], None, "", None]], [6, "shop", f"x@{host}", 1, None],
        [6, "shop", "x@elsewhere", 1, [[], [], None, "", None]], [7, "shop", "x", 1], [8, None], [8, "g" * 300],
        [9, "shop", f"x@{host}", 1, b"\xc1"], [9, "shop", f"x@{host}", 1, "text"],
    ]  # fmt: skip


@both_ways
def test_whatever_the_host_says_that_makes_no_sense_is_refused_there(way: str) -> None:
    @world(seed=15)
    async def scenario(w: World) -> None:
        WAYS[way](w)
        async with running(house(None, PROCESS)) as (_, refs):
            await w.advance(0.5)
            port, why = refs[1]._cell.extras.port, refusals(refs[0].system)
            for said in ([11, "x", b"cut"], [2, "shop"], [2, "shop", True, [1]], [3, "shop", "x", 1, 1, b"\xc1", 0],
                         [4, {"x": -1.0}], [0, []], [98]):  # fmt: skip
                port.say(*said)
                await w.advance(0.01)
                assert len(why) == 1, said
                why.clear()
            assert await do(refs[1], "mates") == [f"shop/w0@{refs[0].system.name}"]

    scenario()


@both_ways
def test_what_is_dropped_because_the_link_is_full_is_made_good_later(way: str) -> None:
    @world(seed=16)
    async def scenario(w: World) -> None:
        WAYS[way](w)
        async with running(house(None, PROCESS, PROCESS)) as (_, refs):
            await w.advance(0.5)
            Pipe.is_full = True
            try:
                site = refs[0].system.site
                refs[0].tell(_put("a"))
                await w.advance(3.0)
            finally:
                Pipe.is_full = False
            wards = [site.wards.of(ref._cell) for ref in refs[1:]]
            assert sum(ward.dropped for ward in wards) > 0
            await until(lambda: _all_know(refs, {"a": 1}), w)

    scenario()


def _put(key: str) -> Please:
    return Please("put", (key, 1))


async def _all_know(refs: list[Any], table: dict[str, Any]) -> bool:
    return await all_do(refs, "read") == [table] * len(refs)


# -- two hosts ---------------------------------------------------------------------------------------------------------


def test_lives_elsewhere_of_two_hosts_share_and_are_told_of_each_others_end() -> None:
    @world(seed=17)
    async def scenario(w: World) -> None:
        async with (
            ActorSystem("east") as east,
            ActorSystem("west") as west,
            ActorSystem("north") as north,
            running(house(None, PROCESS), system=east) as (_, here),
            running(house(None, PROCESS), system=west) as (_, there),
            running(house(None), system=north) as (_, (lonely,)),
        ):
            refs = [*here, *there, lonely]
            await until(lambda: _see(refs, 4), w)
            assert await do(lonely, "ask", "shop/w1", Word("hello")) == "hello from shop/w1"
            await do(here[1], "put", "a", 1)
            await do(there[1], "put", "b", 2)
            await until(lambda: _all_know(refs, {"a": 1, "b": 2}), w)
            there[1].kill()
            await until(lambda: _began(there[1], {"a": 1, "b": 2}), w)
            await do(there[1], "emit", "gpu")
            assert await do(here[1], "go", "gpu", "cat") == "cat from shop/w1"

    scenario()


async def _see(refs: list[Any], count: int) -> bool:
    return all(len(each) == count for each in await all_do(refs, "mates"))


async def _began(ref: Any, table: dict[str, Any]) -> bool:
    began = await do(ref, "began")
    return bool(began == (True, table))
