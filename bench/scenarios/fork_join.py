"""What does a whole short life cost: start, one message, stop?

Fork-join create: 10,000 actors handle one message each and end themselves.  The floor has no ends: it starts and sends.
"""

from __future__ import annotations

import asyncio

from actors import Actor, ActorSystem, handle

from ..floor import AsyncFloor, FiberFloor, QueueFloor
from ..harness import Context
from ..parts import Tally, ns

GROUP = "messages"


class Mayfly(Actor):
    """Lives for one message."""

    def __init__(self, handled: Tally, ended: Tally) -> None:
        self.handled = handled
        self.ended = ended

    def stopping(self, reason: object) -> None:
        self.ended.add()

    @handle
    async def live(self, message: int) -> None:
        self.handled.add()
        self.stop()


async def run(ctx: Context) -> None:
    """One repeat."""
    actors = ctx.size(10_000)
    await ctx.race(
        {
            "planaria": lambda: ours(ctx, actors),
            "pooled fibers": lambda: bare(FiberFloor, actors),
            "asyncio.Queue": lambda: bare(QueueFloor, actors),
        }
    )


async def ours(ctx: Context, actors: int) -> float:
    """On planaria: nanoseconds for each."""
    handled, ended = Tally(), Tally()
    async with ActorSystem("fork-join") as system:
        began = ns()
        for number in range(actors):
            (await system.spawn(Mayfly, handled, ended)).tell(number)
        await ended.reach(actors)
        took = ns() - began
        ctx.expect("messages handled", handled.count, actors)
    return took / actors


async def bare(kind: type[AsyncFloor], actors: int) -> float:
    """On the floor: nanoseconds for each."""
    floor, handled = kind(), Tally()

    async def live(_: int) -> None:
        handled.add()

    began = ns()
    for number in range(actors):
        floor.actor(live).tell(number)
    await handled.reach(actors)
    took = ns() - began
    await asyncio.sleep(0)
    await floor.close()
    return took / actors
