"""The tissue over real links between two hosts of this machine, with cells in their loops and in processes."""

from __future__ import annotations

import time
from contextlib import AsyncExitStack
from typing import Any

import pytest

from actors.cluster.values import Membership
from actors.places.place import Host
from tests.actors.cluster.kit import Tap, free_port, hosts, node
from tests.actors.contact.cellmates import all_do, do, house, running, until
from tests.reality import real
from tests.reality import until as until_it_is

pytestmark = pytest.mark.process


async def _met(refs: list[Any]) -> None:
    async def all_see_all() -> bool:
        return all(len(each) == len(refs) - 1 for each in await all_do(refs, "mates"))

    await until(all_see_all)


def test_two_hosts_are_one_group_over_whose_partition_nothing_acknowledged_is_lost() -> None:
    async def main() -> None:
        ports = free_port(), free_port()
        async with AsyncExitStack() as stack:
            taps = [await stack.enter_async_context(Tap(port)) for port in ports]
            own: list[dict[str, Any]] = [
                {"listen": f"127.0.0.1:{port}", "advertise": tap.address, "zone": zone}
                for port, tap, zone in zip(ports, taps, ("eu/a", "us/b"), strict=True)
            ]
            a = await stack.enter_async_context(node("a", **own[0]))
            b = await stack.enter_async_context(node("b", taps[0].address, **own[1]))
            refs = []
            for each in (a, b):
                _, found = await stack.enter_async_context(running(house(None, "process"), system=each.system))
                refs += found
            await _met(refs)
            assert await all_do(refs, "address") == ["shop/w0@a", "shop/w1@a", "shop/w0@b", "shop/w1@b"]
            assert [distance for _, distance in await do(refs[1], "near", "zone")] == [0, 4, 4]

            async def is_measured() -> bool:
                near = await do(refs[1], "near", "latency")
                return len(near) == 3 and all((distance > 0) == name.endswith("@b") for name, distance in near)

            await until(is_measured)
            await do(refs[3], "offer", "print")
            await all_do(refs, "follow", "print")

            async def is_found() -> bool:
                return bool(await do(refs[1], "trail", "print", "page") == "page from shop/w1")

            await until(is_found)

            for tap in taps:
                tap.to = tap.back = False
            for n, ref in enumerate(refs):
                assert await do(ref, "put", f"during{n}", n)
            await until_it_is(lambda: not (a.ups() or b.ups()))
            assert [len(each) for each in await all_do(refs, "mates")] == [1] * 4
            for n, ref in enumerate(refs):
                assert await do(ref, "put", f"apart{n}", n)
            for tap in taps:
                tap.to = tap.back = True
            await until_it_is(lambda: a.ups() and b.ups())
            healed = time.monotonic()
            table = {f"{when}{n}": n for n in range(4) for when in ("during", "apart")}

            async def all_know() -> bool:
                return await all_do(refs, "read") == [table] * 4

            await until(all_know)
            await _met(refs)
            assert time.monotonic() - healed < 5.0

    real(main())


def test_lives_that_are_lost_with_their_host_come_back_on_another_one_and_know_what_their_siblings_knew() -> None:
    async def main() -> None:
        async with hosts("a", "b", a=("--zone", "eu/a"), b=("--zone", "eu/b")) as started:
            join = tuple([await each.listens() for each in started.values()])
            tree = house(None, Host(host="a"), Host(zone="eu"))
            cluster = Membership("t", join=join, zone="us/t")
            async with tree.running(cluster=cluster, log=False) as top:
                refs = [top.ref(f"w{n}") for n in range(3)]
                await _met(refs)
                assert await all_do(refs, "address") == [f"shop/w{n}@t" for n in range(3)]
                assert sorted(await do(refs[0], "near", "zone")) == [("shop/w1@t", 4), ("shop/w2@t", 4)]
                for n, ref in enumerate(refs):
                    await do(ref, "put", f"key{n}", n)
                table = {f"key{n}": n for n in range(3)}

                async def all_know() -> bool:
                    return await all_do(refs, "read") == [table] * 3

                await until(all_know)
                lost = refs[2]
                await until_it_is(lambda: lost.is_alive)
                started["b"].kill()
                await until_it_is(lambda: lost.pid.incarnation == 2 and lost.is_alive)

                assert await do(lost, "began") == (True, table)
                await _met(refs)

    real(main())
