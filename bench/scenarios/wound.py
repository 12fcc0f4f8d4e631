"""When 30 of 100 cells that touch each other die at once, does the rest close the gap, from its rim inward?

W1.  The sheet of ``planaria demo wound``, real actors in a world: 10 by 10, each linked to the four beside it; a ball
of 30 around the trail on which requests cross the sheet is killed.  Its phases are told by the cells themselves:

- *clot*: exit signals cut the links, and requests go around the gap.  The first one after the wound, and the slowest
  of those that were under way then or sent within a second, from being sent until it has arrived: all hops of its way
  are in this.  Held against one timer of a link that has measured nothing yet, 1 s; that of a link in use is 20 ms,
  about what the mere walk takes.
- *inflammation*: stress is secreted beside the gap, spreads and fades; who feels it looks around twice as often and
  does half its work.  How many of the survivors within 3 hops felt it; half-lives from the last secretion until no
  level is above 5 % of the peak.
- *proliferation*: claims in turn, one successor each; the front's speed is the layers of the wound to the periods until
  it is closed.
- *remodelling*: surplus cells have left, newborns know what their predecessors had done.  Each cell works once a
  second (u) and shares it with one far away, in periods p of 0.2 s; what is a place's own never moves, so there are no
  shards to be moved back.

A period is 0.25 s, a new cell takes one to come up.  Virtual time, 20 seeds, median and worst.

Targets, in every seed: 1.2 spawns a death at most; a front of 0.3 cells a period at least; all places filled within
detection + boot + layers / 0.3 periods; no cell lost more than u p / 2 pieces of work on average; re-routed within one
timer; 5 % of the stress after 4.4 half-lives at most.
Reference (a simulation made before): 0.34 cells a period.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from actors.tissue.links.rto import RtoConfig
from supervisors.cli.wound.cell import CALM as NOTICED
from supervisors.cli.wound.cell import HALF_LIFE
from supervisors.cli.wound.healing import Settings, Sheet, heal
from supervisors.cli.wound.notebook import Phase
from supervisors.cli.wound.plan import Plan
from supervisors.cli.wound.watch import BOOT, PERIOD

from ..harness import Context
from ..quantiles import median
from ..virtual import SEEDS

GROUP = "tissue"
MAX_REPEAT = 1
SIDE, SMALL = 10, 5
CALM_BEFORE = 3.0
WORK = 1.0
"""Seconds between two pieces of a cell's work."""

CONTACT_PERIOD = 0.2
NEAR = 3
SPEED = 0.3


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of one run; times are seconds since the wound."""

    clot: float
    slowest: float
    phases: tuple[float, ...]
    felt: float
    half_lives: float
    spawns: float
    speed: float
    rounds: float
    of_bound: float
    forgotten: float
    left: float


async def run(ctx: Context) -> None:
    """One repeat."""
    await asyncio.to_thread(compare, ctx)


def compare(ctx: Context) -> None:
    """All seeds; each in a world of its own, so away from the loop."""
    plan = Plan(SMALL, SMALL) if ctx.is_quick else Plan(SIDE, SIDE)
    runs = [outcome(ctx, seed, plan) for seed in range(ctx.size(SEEDS, 1))]
    show(ctx, "spawns a death", [each.spawns for each in runs], "x", at_most=1.2)
    show(ctx, "front, cells a period", [each.speed for each in runs], "x", at_least=SPEED)
    show(ctx, "whole again, periods", [each.rounds for each in runs], "x")
    show(ctx, "whole again, of the bound", [each.of_bound for each in runs], "x", at_most=1.0)
    bound = CONTACT_PERIOD / WORK / 2
    show(ctx, "pieces of work lost, a cell", [each.forgotten for each in runs], "x", at_most=bound)
    show(ctx, "first request around it", [each.clot for each in runs], "s", at_most=RtoConfig().initial)
    show(ctx, "slowest request around it", [each.slowest for each in runs], "s", at_most=RtoConfig().initial)
    show(ctx, "stress faded, half-lives", [each.half_lives for each in runs], "x", at_most=4.4)
    show(ctx, "felt within 3 hops", [each.felt for each in runs], "%", at_least=100.0)
    show(ctx, "surplus that is left", [each.left for each in runs], "count", at_most=0.0)
    for number, phase in enumerate(Phase):
        ctx.report(f"{phase} begins after", median([each.phases[number] for each in runs]), "s")


def show(
    ctx: Context,
    name: str,
    values: Sequence[float],
    unit: str,
    *,
    at_most: float | None = None,
    at_least: float | None = None,
) -> None:
    """Median and worst, and what the worst has to be."""
    worst = max(values) if at_least is None else min(values)
    better = "lower" if at_least is None else "higher"
    ctx.report_all(name, values, unit, better)  # type: ignore[arg-type]
    ctx.report(f"{name}, worst seed", worst, unit, better)  # type: ignore[arg-type]
    if at_most is not None or at_least is not None:
        ctx.target(f"{name}, worst seed", at_most=at_most, at_least=at_least)


def outcome(ctx: Context, seed: int, plan: Plan) -> Outcome:
    """One run."""
    sheet = heal(Settings(plan, seed, CALM_BEFORE, WORK, patience=0.0))
    book, figures = sheet.book, sheet.figures()
    ctx.expect("cells that live", figures.living, figures.cells)
    ctx.expect("phases in the log", {note.phase for note in book.notes}, set(Phase))
    began = tuple(min(note.at for note in book.notes if note.phase is phase) for phase in Phase)
    ctx.expect("phases in their order", began, tuple(sorted(began)))
    claimed = [book.layers[place] for _, place in book.claims]
    ctx.expect("layers claimed from the rim inward", claimed, sorted(claimed))
    near = [place for place, away in plan.away(book.wound).items() if 0 < away <= NEAR]
    bound = ((book.gaps[0] - book.wounded_at) + BOOT) / PERIOD + figures.depth / SPEED
    return Outcome(
        clot=first_trip(sheet),
        slowest=max(trips(sheet)),
        phases=began,
        felt=100 * fmean(sheet.highest.get(place, 0.0) >= NOTICED for place in near),
        half_lives=(sheet.faded - (book.gaps[-1] - book.wounded_at)) / HALF_LIFE,
        spawns=figures.spawns_per_death,
        speed=figures.speed,
        rounds=figures.rounds,
        of_bound=figures.rounds / bound,
        forgotten=figures.forgotten / figures.deaths,
        left=figures.extra,
    )


def trips(sheet: Sheet) -> list[float]:
    """Seconds that each request took that was under way at the wound or sent within a second of it, in their order;
    ``inf`` for one that was lost.
    """
    book = sheet.book
    ends = {number: book.answered_at.get(number, math.inf) for number in book.sent}
    return [
        ends[number] - at
        for number, at in sorted(book.sent.items())
        if at < book.wounded_at + 1.0 and ends[number] > book.wounded_at
    ]


def first_trip(sheet: Sheet) -> float:
    """Seconds that the first request took that was sent after the wound and arrived; ``inf`` if none did."""
    book = sheet.book
    return math.inf if book.detour is None else book.answered_at[book.detour] - book.sent[book.detour]
