"""What does a message cost when one sender feeds sixty receivers in turn?

Fork-join throughput: 60 actors, 2,000 messages each.
"""

from __future__ import annotations

import asyncio

from actors import ActorSystem

from ..floor import AsyncFloor, FiberFloor, QueueFloor
from ..harness import Context
from ..parts import PATIENCE, Counter, Total, ns

GROUP = "messages"
ACTORS = 60


async def run(ctx: Context) -> None:
    """One repeat."""
    each = ctx.size(2_000)
    await ctx.race(
        {
            "planaria": lambda: ours(ctx, each),
            "pooled fibers": lambda: bare(FiberFloor, each),
            "asyncio.Queue": lambda: bare(QueueFloor, each),
        }
    )


async def ours(ctx: Context, each: int) -> float:
    """On planaria: nanoseconds for each."""
    async with ActorSystem("fan-out") as system:
        refs = [await system.spawn(Counter) for _ in range(ACTORS)]
        began = ns()
        for number in range(each):
            for ref in refs:
                ref.tell(number)
        totals = [await ref.ask(Total(), timeout=PATIENCE) for ref in refs]
        took = ns() - began
    ctx.expect("messages handled", totals, [each] * ACTORS)
    return took / (each * ACTORS)


async def bare(kind: type[AsyncFloor], each: int) -> float:
    """On the floor: nanoseconds for each."""
    floor, done, left = kind(), asyncio.get_running_loop().create_future(), each * ACTORS

    async def count(_: int) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            done.set_result(None)

    actors = [floor.actor(count) for _ in range(ACTORS)]
    await asyncio.sleep(0)
    began = ns()
    for number in range(each):
        for actor in actors:
            actor.tell(number)
    await done
    took = ns() - began
    await floor.close()
    return took / (each * ACTORS)
