"""What does a one-way message cost, sent in a burst, until the last is handled?"""

from __future__ import annotations

from .. import messages
from ..floor import FiberFloor, QueueFloor, tell
from ..harness import Context
from ..parts import PlainCounter

GROUP = "messages"


async def run(ctx: Context) -> None:
    """One repeat."""
    count = ctx.size(200_000)
    await ctx.race(
        {
            "planaria": lambda: messages.tell(count),
            "pooled fibers": lambda: tell(FiberFloor, count),
            "asyncio.Queue": lambda: tell(QueueFloor, count),
            "planaria, def": lambda: messages.tell(count, PlainCounter),
        }
    )
