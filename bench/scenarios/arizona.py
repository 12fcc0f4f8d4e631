"""Does each server know for itself how far Arizona is, and know it again when the way there has changed?

W5.  100 servers scattered over the unit square, those within 0.22 linked, by their true distances; one of them emits
the field.  The product's fields, as path vectors, on a sheet of cores: actors around them would tell the same and take
ten times as long.  When all is at rest every value must be the length of the shortest way, as Dijkstra's algorithm
finds it, to the last bit but for the order of additions, and no two servers may have the same.

Then, each from the beginning: Arizona is elsewhere; it burns down, and no server may see it any more (a value above 4,
or none); 30 % of the servers die, whose neighbours are not told.  Rounds until every value is right within 5 % for
good.  Virtual time, 20 seeds, median and worst.

Targets: no value wrong, none twice, in any seed; healing as the reference within 20 %, and never more than 35 rounds.
References (a simulation made before, 5 seeds): moves 5.9 and burns down 21.5 rounds by median; 30 % killed 9.7 at
worst.
"""

from __future__ import annotations

import asyncio
import math

from actors.tissue.fields.config import Variant

from ..harness import Context
from ..sheet import distances
from ..virtual import SEEDS
from .gradient_heal import DENSER, begin, last_dies, moves, scattered, third_dies

GROUP = "tissue"
MAX_REPEAT = 1
WITHIN = 1e-9
VARIANT = Variant.PATH_VECTOR
HEALING = {"moves": moves, "burns down": last_dies, "30 % killed": third_dies}
MEDIAN = {"moves": 1.2 * 5.9, "burns down": 1.2 * 21.5}
WORST = {"moves": 35.0, "burns down": 35.0, "30 % killed": 1.2 * 9.7}


async def run(ctx: Context) -> None:
    """One repeat."""
    await asyncio.to_thread(measure, ctx)


def measure(ctx: Context) -> None:
    """All seeds; pure arithmetic, so away from the loop."""
    seeds = range(ctx.size(SEEDS, 1))
    found = [at_rest(seed) for seed in seeds]
    for number, name in enumerate(
        ("values that are wrong, worst seed", "values that are not the only ones, worst seed")
    ):
        ctx.report(name, max(each[number] for each in found), "count")
        ctx.target(name, at_most=0)
    for name, heals in HEALING.items():
        rounds = [heals(VARIANT, seed) for seed in seeds]
        ctx.report_all(f"{name}, rounds", rounds, "count")
        ctx.report(f"{name}, rounds, worst seed", max(rounds), "count")
        if name in MEDIAN:
            ctx.target(f"{name}, rounds", at_most=MEDIAN[name])
        ctx.target(f"{name}, rounds, worst seed", at_most=WORST[name])


def at_rest(seed: int) -> tuple[int, int]:
    """Values that are not the shortest way's length, and values that two servers have."""
    graph, measure, rng = scattered(DENSER, seed)
    arizona = rng.choice(list(graph))
    sheet = begin(graph, measure, VARIANT, seed, arizona, DENSER)
    truth = distances(graph, measure, [arizona])
    values = {name: sheet.value(name) for name in graph}
    wrong = sum(not math.isclose(values[name], truth[name], rel_tol=WITHIN) for name in graph)
    return wrong, len(values) - len(set(values.values()))
