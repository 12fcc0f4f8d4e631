"""How much of a pooled budget is used where a tenth of the cells wants ten times its share, and the others nothing?

50 cells that own 10 units each, on a random graph in which everybody has five neighbours; a tenth of them wants 100
units.  Every 30 seconds it is another tenth.  ``used``: units in use of those wanted, the seconds after each change
among them (a loan lasts 10).  Beside it a *static split*, where each has what it owns.  Then the milder case: all want
something, some ten times what the others want, and together as much as there is.  Virtual time, 20 seeds: their median,
and the worst.

Checked all the time: never is more in use than there is.
Targets: at least 90 % in every seed, where a static split is at 30 % or less.
"""

from __future__ import annotations

import asyncio

from actors.testing.arena import Arena
from actors.testing.topology import regular
from actors.tissue.mycorrhiza.lending import Lending

from ..harness import Context
from ..virtual import SEEDS

GROUP = "tissue"
MAX_REPEAT = 1
CELLS = 50
OWNED = 10
DEGREE = 5
TURNS = 4
TURN = 30.0


async def run(ctx: Context) -> None:
    """One repeat."""
    await asyncio.to_thread(compare, ctx)


def compare(ctx: Context) -> None:
    """All cases; pure arithmetic, so away from the loop."""
    cells, seeds = ctx.size(CELLS, 10), range(ctx.size(SEEDS, 1))
    turns = ctx.size(TURNS, 1)
    hot = max(1, cells // 10)
    plain = [10 * OWNED] * hot + [0] * (cells - hot)
    runs = [usage(ctx, seed, plain, turns) for seed in seeds]
    ctx.report_all("used, pooled", [pooled for pooled, _ in runs], "%", "higher")
    ctx.report("used, pooled, worst seed", min(pooled for pooled, _ in runs), "%", "higher")
    ctx.target("used, pooled, worst seed", at_least=90.0)
    ctx.report("used, static split", runs[0][1], "%", "higher")
    ctx.target("used, static split", at_most=30.0)
    cold = round(cells * OWNED / (10 * hot + cells - hot))
    mild = [10 * cold] * hot + [cold] * (cells - hot)
    runs = [usage(ctx, seed, mild, turns) for seed in seeds]
    ctx.report_all("used, pooled, all want something", [pooled for pooled, _ in runs], "%", "higher")
    ctx.report("used, pooled, all want something, worst seed", min(pooled for pooled, _ in runs), "%", "higher")
    ctx.report("used, static split, all want something", runs[0][1], "%", "higher")


def usage(ctx: Context, seed: int, demand: list[int], turns: int) -> tuple[float, float]:
    """Per cent of what is wanted, or of what there is, that is in use: pooled, and with a static split."""
    cells = len(demand)
    arena: Arena[Lending] = Arena(seed)
    for name, near in regular(cells, DEGREE, seed).items():
        arena.add(name, lambda pid, rng, now: Lending(pid, rng, now, OWNED))
        arena.tell(name, lambda cell, now, near=near: cell.neighbours(near, now))  # type: ignore[misc]
    names, possible = list(arena.cells), min(sum(demand), cells * OWNED)
    used, split, samples, most = 0, 0, 0, 0
    for turn in range(turns):
        wanted = dict(zip(arena.rng.sample(names, cells), demand, strict=True))
        for name, units in wanted.items():
            arena.tell(name, lambda cell, now, units=units: cell.want(units, now))  # type: ignore[misc]
        for second in range(round(TURN)):
            arena.run(turn * TURN + second + 1.0)
            most = max(most, sum(cell.held for cell in arena.cells.values()))
            used += sum(min(cell.held, wanted[name]) for name, cell in arena.cells.items())
            split += sum(min(OWNED, units) for units in demand)
            samples += 1
    ctx.expect("more in use than there is", most > cells * OWNED, False)
    return 100.0 * used / samples / possible, 100.0 * split / samples / possible
