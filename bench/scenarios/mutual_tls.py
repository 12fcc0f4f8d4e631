"""What does a link between two hosts cost, with mutual TLS, beside the least code that is one with TLS of its own?

Both are measured in turn, in the same repeat, each against a process of its own over loopback.  Ours has besides a
heartbeat, bounds and a check of each frame.  Needs the package cryptography, for the keys.
"""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path

from actors.cluster import keys

from ..farend import Floor, Planaria
from ..harness import Context
from ..secured import NAME, secured
from .wire import _ask_floor, _ask_ours, _large_floor, _large_ours, _tell_floor, _tell_ours

GROUP = "places"

BATCHES = (1, 10, 100, 1000)
SHARE = 0.7
"""Of the floor's messages a second, at the least."""


async def run(ctx: Context) -> None:
    """One repeat."""
    with tempfile.TemporaryDirectory(prefix="planaria-bench-") as place:
        keys.make_ca(Path(place) / "ca")
        folder = keys.make_host(NAME, Path(place) / "ca", Path(place) / NAME)
        floor, ours = Floor(), Planaria()
        async with secured("floor", folder, floor), secured("wire", folder, ours.link):
            await ours.ready
            await floor.ask(1)
            await links(ctx, ours, floor)


async def links(ctx: Context, ours: Planaria, floor: Floor) -> None:
    """Questions, messages and payloads, over one and over the other."""
    trips = ctx.size(3000)
    await ctx.race(
        {"round trip": lambda: _ask_ours(ours, trips), "round trip, floor": lambda: _ask_floor(floor, trips)}
    )
    ctx.target("round trip / round trip, floor", at_most=1 / SHARE)
    for batch in BATCHES:
        frames = ctx.size(200_000 // batch, 4)
        name = f"one way, {batch} a frame"
        await ctx.race(
            {
                name: partial(_tell_ours, ctx, ours, frames, batch),
                f"{name}, floor": partial(_tell_floor, floor, frames, batch),
            }
        )
        ctx.target(f"{name} / {name}, floor", at_most=1 / SHARE)
    count = ctx.size(300, 5)
    await ctx.race({"1 MB": lambda: _large_ours(ctx, ours, count), "1 MB, floor": lambda: _large_floor(floor, count)})
    ctx.target("1 MB / 1 MB, floor", at_most=1 / SHARE)
