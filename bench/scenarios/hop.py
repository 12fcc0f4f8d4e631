"""What does one message between two actors cost?

Two actors hand a counter to and fro (ping-pong), each in a context of its own.
"""

from __future__ import annotations

from .. import messages
from ..floor import FiberFloor, QueueFloor, hop
from ..harness import Context
from ..parts import PlainPlayer

GROUP = "messages"


async def run(ctx: Context) -> None:
    """One repeat."""
    hops = ctx.size(100_000)
    await ctx.race(
        {
            "planaria": lambda: messages.hop(hops),
            "pooled fibers": lambda: hop(FiberFloor, hops),
            "asyncio.Queue": lambda: hop(QueueFloor, hops),
            "planaria, def": lambda: messages.hop(hops, PlainPlayer),
        }
    )
