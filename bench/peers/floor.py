"""The floor as a contender: pooled fibers, ``asyncio.Queue`` or ``call_soon``, without supervision or deadlines."""

from __future__ import annotations

from .. import floor
from .contract import Figures, Sizes, run_loop

KINDS: dict[str, type[floor.AsyncFloor]] = {"fibers": floor.FiberFloor, "queue": floor.QueueFloor}


def measure(sizes: Sizes, variant: str) -> Figures:
    """One round."""

    async def main() -> Figures:
        if variant == "call_soon":
            return {"ask": await floor.ask_drain(sizes.ask)}
        kind = KINDS[variant]
        return {
            "ask": await floor.ask(kind, sizes.ask),
            "tell": await floor.tell(kind, sizes.tell),
            "hop": await floor.hop(kind, sizes.hop),
            "spawn": await floor.spawn(kind, sizes.spawn),
        }

    figures: Figures = run_loop(main)
    return figures
