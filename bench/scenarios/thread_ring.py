"""Does a hop stay as cheap when the token travels around a hundred actors?"""

from __future__ import annotations

import asyncio

from actors import ActorSystem

from ..floor import AsyncFloor, FiberFloor, FloorActor, QueueFloor
from ..harness import Context
from ..parts import Meet, Player, ns

GROUP = "messages"
ACTORS = 100


async def run(ctx: Context) -> None:
    """One repeat."""
    hops = ctx.size(100_000)
    await ctx.race(
        {
            "planaria": lambda: ours(hops),
            "pooled fibers": lambda: bare(FiberFloor, hops),
            "asyncio.Queue": lambda: bare(QueueFloor, hops),
        }
    )


async def ours(hops: int) -> float:
    """On planaria: nanoseconds for each."""
    done: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    async with ActorSystem("ring") as system:
        ring = [await system.spawn(Player, done) for _ in range(ACTORS)]
        for place, ref in enumerate(ring):
            ref.tell(Meet(ring[(place + 1) % ACTORS]))
        await asyncio.sleep(0)
        began = ns()
        ring[0].tell(hops)
        await done
        return (ns() - began) / hops


async def bare(kind: type[AsyncFloor], hops: int) -> float:
    """On the floor: nanoseconds for each."""
    floor, done = kind(), asyncio.get_running_loop().create_future()
    ring: list[FloorActor] = []

    def member(place: int) -> FloorActor:
        async def hop(message: int) -> None:
            if message == 0:
                done.set_result(None)
            else:
                ring[(place + 1) % ACTORS].tell(message - 1)

        return floor.actor(hop)

    ring.extend(member(place) for place in range(ACTORS))
    began = ns()
    ring[0].tell(hops)
    await done
    took = ns() - began
    await floor.close()
    return took / hops
