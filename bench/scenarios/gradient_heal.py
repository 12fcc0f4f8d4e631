"""After how many rounds is a gradient right again when its source moves or dies, or cells on the way do?

Each figure: periods until every cell is within 5 % for good, cells out of step by 10 %, neighbours forgotten after 3
silent periods (nobody is told of a death).  Path vectors are the default; CRF and BIS heal at a speed that is set, here
a usual link a period; classic is plain Bellman-Ford.  Virtual time, 20 seeds, their median and worst (as p99); the
controls that take long, 5.

===================================================== ======= ==== ==== ============
reference (median of 5 seeds, but the last row's worst) classic CRF  BIS  path vector
===================================================== ======= ==== ==== ============
line of 40, source jumps from end to end                   21   36   21         19
grid 10x10, source jumps from corner to corner             12   18   12          9
geometric, 100 cells, r = .18, source moves                16  6.5    8        5.9
the same, the last source dies (value above 4, or none)   290   25   34       21.5
line with one link of 0.01, source dies (above 50)       2171   51   50        6.4
grid 10x10, a column crushed but for one cell              16   21   16       12.9
geometric, r = .22, 30 % killed (worst seed)             86.9 20.3 31.4        9.7
===================================================== ======= ==== ==== ============

Targets, path vectors: 35 rounds when the last source dies, 15 with the short link, in every seed.  And for a field of
10,000 cells 10,000 ns of processor time a cell and round, ticks and packets: while it settles, on a torus, where it
passes as a wave, and on a random overlay with 5 neighbours each, where it is everywhere in 7 rounds; and at rest.  What
the simulation takes by itself is found with cells that do nothing, and is not counted.
"""

from __future__ import annotations

import asyncio
import gc
import math
import random
import time
from collections.abc import Callable

from actors.testing import topology
from actors.testing.topology import Graph
from actors.tissue.fields.config import FieldConfig, Variant

from ..checks import expect
from ..harness import Context
from ..quantiles import median
from ..sheet import Hollow, Measure, Sheet, connected, distances, is_within
from ..virtual import SEEDS

GROUP = "tissue"
MAX_REPEAT = 1
SHARE = 0.05
FEW = 5
"""Seeds of the controls that take hundreds of rounds."""

ENOUGH = 300.0
"""Rounds within which any gradient has spread."""

AFTERWARDS = 10
"""Rounds at rest that are looked at."""

LIMIT = 9_000.0
MANY = 10_000
PAIRED_AT_ONCE = 136
"""A seed with which so large a random graph is found without hundreds of attempts."""

SHORT = 0.01
CELLS, RADIUS, DENSER = 100, 0.18, 0.22

Case = Callable[[Variant, int], float]


async def run(ctx: Context) -> None:
    """One repeat."""
    await asyncio.to_thread(heal, ctx)


def heal(ctx: Context) -> None:
    """All cases; pure arithmetic, so away from the loop."""
    for case, heals in CASES.items():
        for variant in Variant:
            is_slow = variant is Variant.CLASSIC and case in LASTING
            if ctx.is_quick and variant is not Variant.PATH_VECTOR and (is_slow or case not in SMALL):
                continue
            seeds = range(ctx.size(FEW if is_slow else SEEDS, 1))
            values = [heals(variant, seed) for seed in seeds]
            ctx.report_all(f"{case}, {variant}", values, "count")
            if variant is Variant.PATH_VECTOR and case in LASTING:
                ctx.report(f"{case}, {variant}, worst seed", max(values), "count")
                ctx.target(f"{case}, {variant}, worst seed", at_most=LASTING[case])
    side = ctx.size(math.isqrt(MANY), 5)
    spread(ctx, "torus", topology.torus(side, side), FieldConfig(max_hops=side + 1))
    spread(ctx, "overlay", topology.regular(ctx.size(MANY, 20), 5, PAIRED_AT_ONCE), FieldConfig())


def spread(ctx: Context, name: str, graph: Graph, config: FieldConfig) -> None:
    """Processor time that a cell takes a round while a field spreads from one source, and afterwards at rest."""
    sheet = Sheet(graph, unit, config, 1)
    truth = distances(graph, unit, ["c0"])
    gc.collect()  # what the sheet left to be looked at is not the field's
    sheet.emit("c0")
    settling: list[float] = []
    while not is_within(sheet, truth, 0.0, math.inf):
        settling.append(one_round(sheet))
        ctx.expect(f"the field is there in time, {name}", len(settling) <= len(graph), True)
    after = [one_round(sheet) for _ in range(AFTERWARDS)]
    hollow = Sheet(graph, unit, config, 1, Hollow)
    hollow.emit("c0")
    own = [one_round(hollow) for _ in range(len(settling) + AFTERWARDS)]
    while_settling, at_rest = f"a cell and round, {name}, while it settles", f"a cell and round, {name}, at rest"
    ctx.report(while_settling, max(0.0, sum(settling) - sum(own[: len(settling)])) / len(settling), "ns")
    ctx.target(while_settling, at_most=10_000)
    ctx.report(at_rest, max(0.0, median(after) - median(own[len(settling) :])), "ns")
    ctx.target(at_rest, at_most=10_000)
    ctx.report(f"not counted, the sheet by itself, {name}", median(own[len(settling) :]), "ns")
    ctx.report(f"rounds until it is there, {name}", len(settling), "count")


def one_round(sheet: Sheet) -> float:
    """Nanoseconds of processor time a cell, the sheet's own among them."""
    began = time.process_time_ns()
    sheet.run(1.0)
    return (time.process_time_ns() - began) / len(sheet.cells)


# -- the cases ---------------------------------------------------------------------------------------------------------


def unit(cell: str, neighbour: str) -> float:
    """All links are as long."""
    return 1.0


def begin(graph: Graph, measure: Measure, variant: Variant, seed: int, source: str, link: float = 1.0) -> Sheet:
    """A field that has spread from one source; ``link``: how long a usual link is."""
    speed = link / FieldConfig().period
    sheet = Sheet(graph, measure, FieldConfig(variant=variant, raising_speed=speed, information_speed=speed), seed)
    sheet.emit(source)
    truth = distances(graph, measure, [source])
    took = sheet.settle(lambda: is_within(sheet, truth, SHARE, math.inf), ENOUGH)
    expect(f"{variant} spreads", took < ENOUGH, True)
    return sheet


def jump(sheet: Sheet, source: str, to: str) -> float:
    """The source is elsewhere at once."""
    sheet.retract(source)
    sheet.emit(to)
    truth = distances(sheet.graph, sheet.measure, [to])
    return sheet.settle(lambda: is_within(sheet, truth, SHARE, math.inf), LIMIT)


def die(sheet: Sheet, victims: list[str], sources: list[str], beyond: float) -> float:
    """Cells die; values that have no source any more have to rise above ``beyond``."""
    sheet.kill(*victims)
    truth = distances(sheet.graph, sheet.measure, sources, victims)
    return sheet.settle(lambda: is_within(sheet, truth, SHARE, beyond), LIMIT)


def line(variant: Variant, seed: int) -> float:
    """The source jumps from end to end."""
    return jump(begin(topology.line(40), unit, variant, seed, "c0"), "c0", "c39")


def grid(variant: Variant, seed: int) -> float:
    """The source jumps from corner to corner."""
    return jump(begin(topology.grid(10, 10), unit, variant, seed, "c0"), "c0", "c99")


def scattered(radius: float, seed: int) -> tuple[Graph, Measure, random.Random]:
    """The greatest piece of a geometric graph, its distances, and chance."""
    graph, points = topology.geometric(CELLS, radius, seed)
    return connected(graph), lambda one, other: math.dist(points[one], points[other]), random.Random(seed)


def moves(variant: Variant, seed: int) -> float:
    """The source moves anywhere."""
    graph, measure, rng = scattered(RADIUS, seed)
    source, to = rng.sample(list(graph), 2)
    return jump(begin(graph, measure, variant, seed, source, RADIUS), source, to)


def last_dies(variant: Variant, seed: int) -> float:
    """The only source dies."""
    graph, measure, rng = scattered(RADIUS, seed)
    source = rng.choice(list(graph))
    return die(begin(graph, measure, variant, seed, source, RADIUS), [source], [], 4.0)


def short_link(variant: Variant, seed: int) -> float:
    """The source at the end of a line dies that has a link of 0.01 in its middle."""
    ends = {"c4", "c5"}
    sheet = begin(topology.line(10), lambda one, other: SHORT if {one, other} == ends else 1.0, variant, seed, "c0")
    return die(sheet, ["c0"], [], 50.0)


def crushed(variant: Variant, seed: int) -> float:
    """A column dies but for its lowest cell."""
    sheet = begin(topology.grid(10, 10), unit, variant, seed, "c0")
    return die(sheet, [f"c{10 * row + 5}" for row in range(9)], ["c0"], math.inf)


def third_dies(variant: Variant, seed: int) -> float:
    """30 % die, any but the source; who is cut off has to rise above 4."""
    graph, measure, rng = scattered(DENSER, seed)
    source, *others = rng.sample(list(graph), len(graph))
    sheet = begin(graph, measure, variant, seed, source, DENSER)
    return die(sheet, others[: len(graph) * 3 // 10], [source], 4.0)


CASES: dict[str, Case] = {
    "line, source jumps": line,
    "grid, source jumps": grid,
    "geometric, source moves": moves,
    "geometric, last source dies": last_dies,
    "link of 0.01, source dies": short_link,
    "grid, column crushed": crushed,
    "geometric, 30 % killed": third_dies,
}

LASTING = {"geometric, last source dies": 35.0, "link of 0.01, source dies": 15.0}
"""Cases that take the classic gradient hundreds of rounds, and what path vectors may take."""

SMALL = {"line, source jumps", "link of 0.01, source dies"}
"""Cases in which a smoke run looks at the controls too."""
