"""How long does it take to start an actor, until it could answer?"""

from __future__ import annotations

from .. import messages
from ..floor import FiberFloor, QueueFloor, spawn
from ..harness import Context

GROUP = "messages"


async def run(ctx: Context) -> None:
    """One repeat."""
    actors = ctx.size(20_000)
    await ctx.race(
        {
            "planaria": lambda: messages.spawn(actors),
            "pooled fibers": lambda: spawn(FiberFloor, actors),
            "asyncio.Queue": lambda: spawn(QueueFloor, actors),
        }
    )
