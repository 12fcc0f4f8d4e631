"""How long does a question with a deadline take, there and back?"""

from __future__ import annotations

from .. import messages
from ..floor import FiberFloor, QueueFloor, ask, ask_drain
from ..harness import Context
from ..parts import PlainEcho

GROUP = "messages"


async def run(ctx: Context) -> None:
    """One repeat."""
    asks = ctx.size(30_000)
    await ctx.race(
        {
            "planaria": lambda: messages.ask(asks),
            "pooled fibers": lambda: ask(FiberFloor, asks),
            "call_soon": lambda: ask_drain(asks),
            "asyncio.Queue": lambda: ask(QueueFloor, asks),
            "planaria, def": lambda: messages.ask(asks, PlainEcho),
        }
    )
