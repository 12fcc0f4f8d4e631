"""Does a pool without a controller follow its load as well as one with a central autoscaler?

Eight cells at the load they are right for; at 40 s it rises twofold, fivefold, tenfold, and stays.  A boot takes 5 s,
so a backlog grows that has to be worked off: the peak is above what is wanted in the end.

- *coins*: every cell flips for itself; what it knows of its siblings' levels came in packets, and of their births and
  starts a second late.  Only at the fivefold load.  *direct*: the same, but it looks at nine levels without packets.
- *hpa*: a central autoscaler that reads the same levels: every 3 s, tolerance 10 %, at most doubling with those that
  are starting, and on the way down the highest recommendation of the last 30 s.
- *naive*: each cell starts one above 0.9 and retires under 0.6, not again for a boot.

``peak``: cells, as a multiple of what the load wants; ``cleared``: seconds until the backlog is gone; ``changes``:
births and retirements within 90 s, by when all but the naive are at rest.  Arrivals vary by 10 % a quarter of a
second.  20 seeds, of the naive 5: median, and the worst of ours.

Targets: ours at most 1.1 times the HPA on peak, time and changes at the fivefold load; 180 to 280 s after the step the
size swings by at most 3 % of what is wanted, in the mean of the seeds, where arrivals vary by 30 %.
References (a simulation made before), fivefold: coins 2.31, 21 s, 192; HPA 2.79, 25 s, 207; naive 3.18, 12 s, 497.
Twofold: coins 1.56, 10.5 s, 43; HPA 1.57, 13 s, 34.  Tenfold: coins 2.97, 28 s, 493; HPA 3.22, 32 s, 499.  Swing where
arrivals vary by 30 %: coins 3 %, HPA 12 %.  Sensing 8 s late and without a refractory period the peak is 4.36.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass

from ..colony import BOOT, SET_POINT, Cell, Colony, Control, flip_coins
from ..harness import Context
from ..quantiles import median
from ..virtual import SEEDS

GROUP = "tissue"
MAX_REPEAT = 1
CELLS = 8
STEP_AT = 40.0
RISES = (2, 5, 10)
MEASURED = 5
"""The rise at which the targets hold."""

LOOKED_AT = 90.0
"""Seconds after the step within which the peak comes, the backlog goes, and what is too much retires."""

REST = 180.0, 280.0
"""Seconds after the step in which the size must not swing."""

NOISE = 0.1
MORE_NOISE = 0.3
LATE = 8.0
"""Seconds: later than a boot."""

FEW = 5
"""Seeds for what is only looked at beside."""

BACKLOG = 0.3
"""Units of work, for each fold of the rise, that are no backlog."""

QUANTITIES = (("peak", "x"), ("cleared", "s"), ("changes", "count"))


class Hpa:
    """A central autoscaler as Kubernetes has it, with a horizon of 30 s on the way down."""

    SYNC, TOLERANCE, HORIZON = 3.0, 0.1, 30.0

    def __init__(self) -> None:
        self.due = 0.0
        self.recommended: list[tuple[float, int]] = []

    def __call__(self, colony: Colony, now: float) -> None:
        """See :class:`~bench.colony.Control`."""
        if now < self.due:
            return
        self.due = now + self.SYNC
        live, total = len(colony.cells), len(colony.cells) + len(colony.starts)
        ratio = sum(cell.level.read(now) for cell in colony.cells.values()) / live / SET_POINT
        wanted = math.ceil(live * ratio) if abs(ratio - 1.0) > self.TOLERANCE else total
        self.recommended = [each for each in self.recommended if each[0] > now - self.HORIZON] + [(now, wanted)]
        for number in range(min(wanted, 2 * total) - total):
            colony.start(f"hpa{number}")
        if not colony.starts:
            for name in list(colony.cells)[max(each for _, each in self.recommended) :]:
                colony.retire(name)


class Naive:
    """Every cell by thresholds, with a pause of a boot after what it did."""

    ABOVE, BELOW = 0.9, 0.6

    def __init__(self) -> None:
        self.paused: dict[str, float] = {}

    def __call__(self, colony: Colony, now: float) -> None:
        """See :class:`~bench.colony.Control`."""
        for cell in list(colony.cells.values()):
            if now >= self.paused.get(cell.name, cell.born + BOOT):
                self.decide(colony, cell, now)

    def decide(self, colony: Colony, cell: Cell, now: float) -> None:
        """One cell."""
        level = cell.level.read(now)
        if level > self.ABOVE:
            colony.start(cell.name)
        elif level < self.BELOW:
            colony.retire(cell.name)
        else:
            return
        self.paused[cell.name] = now + BOOT


@dataclass(frozen=True, slots=True)
class Way:
    """How the size is decided."""

    control: Callable[[], Control] = lambda: flip_coins
    packets: bool = False
    lag: float = 1.0
    seeds: int = SEEDS


WAYS = {
    "coins": Way(packets=True),
    "direct": Way(),
    "hpa": Way(Hpa),
    "naive": Way(Naive, seeds=FEW),
}
OURS = ("coins", "direct")


async def run(ctx: Context) -> None:
    """One repeat."""
    await asyncio.to_thread(measure, ctx)


def measure(ctx: Context) -> None:
    """All cases; pure arithmetic, so away from the loop."""
    for rise in RISES[: ctx.size(len(RISES), 1)]:
        ways = {name: way for name, way in WAYS.items() if rise == MEASURED or not way.packets}
        for name, way in ways.items():
            report(ctx, f"x{rise}, {name}", [climb(ctx, seed, rise, way) for seed in range(ctx.size(way.seeds, 1))])
        for name in OURS:
            if name in ways:
                compare(ctx, f"x{rise}", name)
    late = [climb(ctx, seed, MEASURED, Way(lag=LATE)) for seed in range(ctx.size(FEW, 1))]
    ctx.report(f"x{MEASURED}, direct, sensing 8 s late: peak", median([each.peak for each in late]), "x")
    for name in ("direct", "hpa"):
        rest(ctx, name)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one step."""

    peak: float
    cleared: float
    changes: int


def climb(ctx: Context, seed: int, rise: int, way: Way) -> Outcome:
    """One step up."""
    colony = Colony(seed, step(rise), cells=CELLS, control=way.control(), lag=way.lag, noise=NOISE, packets=way.packets)
    until = STEP_AT + max(10.0, LOOKED_AT * ctx.scale)
    history = colony.run(until)
    return Outcome(
        max(history.between(STEP_AT, until)) / (CELLS * rise),
        min(history.cleared(STEP_AT, BACKLOG * rise), until - STEP_AT),
        sum(when >= STEP_AT for when in history.changes),
    )


def step(rise: int) -> Callable[[float], float]:
    """A load that rises at once."""
    return lambda now: CELLS * SET_POINT * (rise if now >= STEP_AT else 1)


def report(ctx: Context, name: str, outcomes: list[Outcome]) -> None:
    """The medians of the seeds, and of ours the worst."""
    for what, unit in QUANTITIES:
        values = [float(getattr(each, what)) for each in outcomes]
        ctx.report(f"{name}: {what}", median(values), unit)
        if name.endswith(OURS):
            ctx.report(f"{name}: {what}, worst", max(values), unit)


def compare(ctx: Context, rise: str, name: str) -> None:
    """Ours by the HPA's."""
    for what, _ in QUANTITIES:
        ours, theirs = (ctx.figures[f"{rise}, {each}: {what}"].median for each in (name, "hpa"))
        ctx.report(f"{rise}, {name} / hpa: {what}", ours / max(theirs, 1e-9), "x")
        if rise == f"x{MEASURED}":
            ctx.target(f"{rise}, {name} / hpa: {what}", at_most=1.1)


def rest(ctx: Context, name: str) -> None:
    """How the size moves when it has long been right."""
    since, until = (STEP_AT + each * ctx.scale for each in REST)
    swings, changes = [], []
    for seed in range(ctx.size(SEEDS, 1)):
        colony = Colony(seed, step(MEASURED), cells=CELLS, control=WAYS[name].control(), noise=MORE_NOISE)
        history = colony.run(until)
        sizes = history.between(since, until)
        swings.append((max(sizes) - min(sizes)) / (CELLS * MEASURED))
        changes.append(sum(since <= when < until for when in history.changes))
    label = f"at rest, arrivals vary by {MORE_NOISE:.0%}, {name}"
    ctx.report(f"{label}: swing", 100 * sum(swings) / len(swings), "%")
    ctx.report(f"{label}: swing, worst", 100 * max(swings), "%")
    ctx.report(f"{label}: changes", sum(changes) / len(changes), "x")
    if name in OURS:
        ctx.target(f"{label}: swing", at_most=3.0)
