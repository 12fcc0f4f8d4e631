"""How fast does a wound close from its rim, when every cell of the rim sees only the places next to it?

All cells within 4, 8 or 16 of the middle of a grid die at once: 49, 197, 797.  Those next to them notice within a
period, each at a moment of its own; an empty place is claimed, by turns and looking again, by those who live next to
it, and a new cell is up 0.5 s after its claim.  Cores in virtual time, packets of 0.5 to 2 ms: contact state and the
reconciler among the at most four cells around each place, as they come, with a settle period and a delta of one period,
1 s.  20 seeds, 5 for radius 16; the median, and the worst.

The front's speed is the radius by the periods until the last place is filled.  That it does not fall with the radius is
what "heals with the radius, not the area" means.

Targets: at least 0.3 cells a period in every seed, at most 1.2 spawns a death in every seed, and a wound of twice the
radius takes at most 2.5 times as long (its area: 4 times).
Reference (a simulation made before, each cell of the rim divides with probability 0.3 a period): closed in 11, 24, 48
periods, 0.34 to 0.36 cells a period.
"""

from __future__ import annotations

import asyncio
import math

from actors.testing.topology import grid
from actors.tissue.repair.desired import LAN

from ..harness import Context
from ..quantiles import median
from ..skin import Skin
from ..virtual import SEEDS

GROUP = "tissue"
MAX_REPEAT = 1
RADII = {4: SEEDS, 8: SEEDS, 16: 5}
MARGIN = 2
"""Whole cells around the wound; more of them have nothing to do."""

REFERENCE = {4: 11, 8: 24, 16: 48}
PATIENCE = 20.0
"""Periods a cell of radius, after which it is not going to heal any more."""


async def run(ctx: Context) -> None:
    """One repeat."""
    await asyncio.to_thread(compare, ctx)


def compare(ctx: Context) -> None:
    """All radii; pure arithmetic, so away from the loop."""
    took: dict[int, float] = {}
    for radius, seeds in RADII.items():
        if ctx.is_quick and radius > min(RADII):
            break
        runs = [wound(ctx, radius, seed) for seed in range(ctx.size(seeds, 1))]
        periods, spawns = [each for each, _ in runs], [each for _, each in runs]
        took[radius] = median(periods)
        ctx.report_all(f"periods to heal, radius {radius}", periods, "count")
        ctx.report(f"periods to heal, radius {radius}, reference", REFERENCE[radius], "count")
        ctx.report(f"cells a period, radius {radius}", radius / took[radius], "x", "higher")
        ctx.report(f"cells a period, radius {radius}, worst seed", radius / max(periods), "x", "higher")
        ctx.target(f"cells a period, radius {radius}, worst seed", at_least=0.3)
        ctx.report_all(f"spawns a death, radius {radius}", spawns, "x")
        ctx.report(f"spawns a death, radius {radius}, worst seed", max(spawns), "x")
        ctx.target(f"spawns a death, radius {radius}, worst seed", at_most=1.2)
    for small, large in zip(took, list(took)[1:], strict=False):
        ctx.report(f"time, radius {large} / {small}", took[large] / took[small], "x")
        ctx.target(f"time, radius {large} / {small}", at_most=2.5)


def wound(ctx: Context, radius: int, seed: int) -> tuple[float, float]:
    """Periods until the wound has closed, and spawns a death."""
    side = 2 * (radius + MARGIN) + 1
    names = list(graph := grid(side, side))
    middle = side // 2
    dead = [
        name for place, name in enumerate(names) if math.hypot(place // side - middle, place % side - middle) <= radius
    ]
    skin = Skin(graph, seed)
    skin.wound(dead, noticed_within=LAN.period)
    healed = skin.heal(PATIENCE * radius * LAN.period)
    ctx.expect("cells in the end", len(skin.arena.cells), len(graph))
    return healed / LAN.period, len(skin.spawned) / len(dead)
