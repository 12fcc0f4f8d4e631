"""The tissue over hosts: who is there as the links say, what is shared over a partition, and whom a trail leads to."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import Any

import pytest

from actors.messages import Pid
from actors.testing import World, world
from actors.tissue.repair.desired import LAN
from actors.tissue.transport import FRAME_BYTES, Packet, pack
from tests.actors.cluster.wires import CHANNEL, PATIENCE, Backbone, hosts
from tests.actors.contact.cellmates import Word, all_do, do, house, refusals, running, until
from tests.supervisors.repair.crews import fixed, serving, shop

PROCESS = "process"


async def _houses(stack: AsyncExitStack, systems: list[Any], *places: Any) -> list[Any]:
    """A house on each host; the refs of all cells, host by host."""
    found = []
    for system in systems:
        _, refs = await stack.enter_async_context(running(house(*places), system=system))
        found += refs
    return found


async def _met(refs: list[Any], w: World) -> None:
    async def all_see_all() -> bool:
        return all(len(each) == len(refs) - 1 for each in await all_do(refs, "mates"))

    await until(all_see_all, w)


async def _agree(refs: list[Any], w: World, table: dict[str, Any], limit: float = 20.0) -> None:
    async def all_know() -> bool:
        return await all_do(refs, "read") == [table] * len(refs)

    await until(all_know, w, limit)


def test_cells_of_all_hosts_here_and_in_processes_are_one_group_and_share() -> None:
    @world(seed=1)
    async def scenario(w: World) -> None:
        async with hosts(Backbone(), "a", "b", "c") as systems, AsyncExitStack() as stack:
            refs = await _houses(stack, systems, None, PROCESS)
            await _met(refs, w)
            for n, ref in enumerate(refs):
                await do(ref, "put", f"key{n}", n)
            await _agree(refs, w, {f"key{n}": n for n in range(6)}, 3.0)
            answer = await do(refs[1], "near", "latency")
            assert len(answer) > 0

    scenario()


def test_a_host_that_cannot_be_reached_is_gone_and_back_with_its_link() -> None:
    @world(seed=2)
    async def scenario(w: World) -> None:
        backbone = Backbone()
        async with hosts(backbone, "a", "b", "c") as systems, AsyncExitStack() as stack:
            refs = await _houses(stack, systems, None, PROCESS)
            await _met(refs, w)
            backbone.partition(["a", "b"], ["c"])
            await w.advance(PATIENCE + 0.1)
            assert [len(each) for each in await all_do(refs, "mates")] == [3, 3, 3, 3, 1, 1]
            backbone.heal()
            await w.advance(1.0)

            assert [len(each) for each in await all_do(refs, "mates")] == [5] * 6

    scenario()


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("seconds", [2.0, 30.0, 90.0])
def test_no_write_on_either_side_of_a_partition_is_lost(seed: int, seconds: float) -> None:
    @world(seed)
    async def scenario(w: World) -> None:
        backbone = Backbone()
        async with hosts(backbone, "a", "b", "c") as systems, AsyncExitStack() as stack:
            refs = await _houses(stack, systems, None, PROCESS)
            await _met(refs, w)
            backbone.partition(["a"], ["b", "c"])
            acknowledged = {}
            for n in range(30):
                ref = w.rng.choice(refs)
                if n == 15:  # a process dies on each side, when all others of its side know what it wrote
                    await w.advance(1.0)
                    refs[1].kill()
                    refs[3].kill()
                    await w.advance(0.5)
                acknowledged[f"key{n}"] = n
                assert await do(ref, "put", f"key{n}", n)
                await do(ref, "add", 1)
                await w.advance(seconds / 30)
            backbone.heal()

            await _agree(refs, w, acknowledged, 5.0)
            assert await all_do(refs, "total") == [30] * 6

    scenario()


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("seconds", [2.0, 30.0])
def test_after_a_partition_there_is_one_life_a_name_within_two_settle_periods(seed: int, seconds: float) -> None:
    @world(seed)
    async def scenario(w: World) -> None:
        backbone = Backbone()
        async with hosts(backbone, "a", "b", "c") as systems, AsyncExitStack() as stack:
            trees = [await stack.enter_async_context(shop(fixed(6)).running(system=s, log=False)) for s in systems]
            await w.advance(20.0)
            names = [f"w-{n}" for n in range(1, 7)]
            assert sorted(each for tree in trees for each in serving(tree)) == names
            backbone.partition(["a"], ["b", "c"])
            await w.advance(seconds)
            if seconds > 10.0:  # each side has found that somebody is missing, and put others in their places
                assert sorted(serving(trees[0])) == names
                assert sorted([*serving(trees[1]), *serving(trees[2])]) == names
            backbone.heal()
            await w.advance(2 * LAN.settle)

            assert sorted(each for tree in trees for each in serving(tree)) == names

    scenario()


def test_a_trail_and_a_gradient_lead_from_a_process_of_one_host_to_one_of_another() -> None:
    @world(seed=5)
    async def scenario(w: World) -> None:
        async with hosts(Backbone(), "a", "b") as systems, AsyncExitStack() as stack:
            refs = await _houses(stack, systems, None, PROCESS)
            await _met(refs, w)
            await do(refs[3], "offer", "print")
            await do(refs[3], "emit", "gpu")
            await all_do(refs, "follow", "print")
            await w.advance(3.0)
            for ref in refs[:3]:
                assert await do(ref, "go", "gpu", "cat") == "cat from shop/w1"
                assert await do(ref, "trail", "print", "page") == "page from shop/w1"
            assert len(await do(refs[3], "heard")) == 6
            await do(refs[3], "secrete", 20.0)
            await w.advance(1.0)
            assert all(level > 0.02 for level in await all_do(refs, "sense"))
            await do(refs[1], "publish", "news")
            await w.advance(1.0)
            assert all("news" in heard for heard in await all_do(refs, "heard"))
            assert (await do(refs[0], "ask", "shop/w1", Word("x"))).startswith("x from")

    scenario()


def test_closeness_is_by_what_the_links_measure_and_by_the_zones_of_the_hosts() -> None:
    @world(seed=6)
    async def scenario(w: World) -> None:
        zones = {"a": "eu/a", "b": "eu/b", "c": "us/c"}
        trips = {"b": 0.080, "c": 0.002}
        async with hosts(Backbone(), "a", "b", "c", zones=zones, trips=trips) as systems, AsyncExitStack() as stack:
            refs = await _houses(stack, systems, None, PROCESS)
            await _met(refs, w)
            await do(refs[1], "near", "latency")  # a process asks its host how far others are
            await w.advance(0.1)
            for ref in refs[:2]:
                zoned = [distance for _, distance in await do(ref, "near", "zone")]
                assert zoned == [0, 2, 2, 4, 4]
                near = await do(ref, "near", "latency")
                assert [(name[-1], distance) for name, distance in near][1:] == [
                    ("c", 0.002), ("c", 0.002), ("b", 0.080), ("b", 0.080),
                ]  # fmt: skip

    scenario()


def test_a_datagram_that_is_no_packet_or_comes_over_the_wrong_link_is_refused() -> None:
    @world(seed=7)
    async def scenario(w: World) -> None:
        backbone = Backbone()
        async with hosts(backbone, "a", "b") as systems, AsyncExitStack() as stack:
            refs = await _houses(stack, systems, None)
            await _met(refs, w)
            why, cluster = refusals(systems[0]), backbone.hosts["a"]
            sound = pack(Packet("shop/w0@a", "shop", Pid("shop/w0@b", 1), "contact.syn", [1]))
            strange = pack(Packet("shop/w0@a", "shop", Pid("shop/w0@c", 1), "contact.syn", [1]))
            lost = pack(Packet("shop/w0@c", "shop", Pid("shop/w0@b", 1), "contact.syn", [1]))
            for data in (
                b"",
                sound[:-1],
                sound + b"x",
                b"\x97\x02" + sound[2:],
                b"x" * (FRAME_BYTES + 1),
                strange,
                lost,
            ):
                cluster.arrive("b", CHANNEL, data)
                assert len(why) == 1, data[:80]
                why.clear()
            assert [len(each) for each in await all_do(refs, "mates")] == [1, 1]

    scenario()
