"""Planaria, through its public face: ``ActorSystem`` for messages, ``Supervisor`` for recovery."""

from __future__ import annotations

from .. import messages
from ..parts import PlainEcho
from ..recovery import crash_to_serving
from .contract import Figures, Sizes, crash_figures, run_loop


def measure(sizes: Sizes, variant: str) -> Figures:
    """One round."""

    async def main() -> Figures:
        return {
            "ask": await messages.ask(sizes.ask),
            "ask, def": await messages.ask(sizes.ask, PlainEcho),
            "tell": await messages.tell(sizes.tell),
            "hop": await messages.hop(sizes.hop),
            "spawn": await messages.spawn(sizes.spawn),
            **crash_figures(await crash_to_serving("one_for_one", 1, sizes.crash)),
        }

    figures: Figures = run_loop(main)
    return figures
