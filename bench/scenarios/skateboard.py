"""When a wheel crushes six inches of the column, how soon do ants arrive again, and do they take the short way home?

W2.  A mesh of 8 by 8 cells, over which 10 requests a round of one second flow steadily from one side to the other, on
trails that are learned by walking them.  6 % of the cells, the 4 around the middle of the way in use, are crushed for
100 rounds, then born again.  Their neighbours have exit signals.  The product's trails in the arena, without actors
around them; :mod:`~.reroute` holds the same against walls, shorter times, and other ways to lay trails.

*Back* are the rounds from the crush until the first of whose requests 95 % arrive; *lost* are those of the 100 rounds
until the healing; *home* are the rounds after it until the hops walked are at most 1.05 times those of the shortest
way, all 55 if they never are.  Virtual time, 20 seeds, median and worst.

Targets: back within 5 rounds, at most 3 % lost, home within 50 rounds, in every seed.
Reference, 6 by 6 cells, from a simulation made before: back after 1 round, 0.4 % of 100 rounds lost, stretch 1.00.
"""

from __future__ import annotations

import asyncio

from ..harness import Context
from ..virtual import SEEDS
from .reroute import Case, crush

GROUP = "tissue"
MAX_REPEAT = 1
MESH = Case(8, "c32", "c39", None, (30, 130, 185), 4)
SMALL = Case(4, "c4", "c7", ("c6",), (3, 6, 11))


async def run(ctx: Context) -> None:
    """One repeat."""
    await asyncio.to_thread(compare, ctx)


def compare(ctx: Context) -> None:
    """All seeds; pure arithmetic, so away from the loop."""
    runs = [crush(seed, SMALL if ctx.is_quick else MESH) for seed in range(ctx.size(SEEDS, 1))]
    rows = [
        ("back, rounds", [float(each.back) for each in runs], "count", 5.0),
        ("lost", [100 * each.lost for each in runs], "%", 3.0),
        ("home, rounds", [float(each.home) for each in runs], "count", 50.0),
        ("stretch before", [each.before for each in runs], "x", None),
        ("stretch during", [each.during for each in runs], "x", None),
        ("stretch after", [each.after for each in runs], "x", None),
    ]
    for name, values, unit, most in rows:
        ctx.report_all(name, values, unit)
        ctx.report(f"{name}, worst seed", max(values), unit)
        if most is not None:
            ctx.target(f"{name}, worst seed", at_most=most)
    ctx.report("seeds that are home within 50 rounds", sum(each.home <= 50 for each in runs), "count", "higher")
