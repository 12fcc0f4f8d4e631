"""How much does the chooser lose to somebody who always knew the best strategy?

Three strategies succeed with fixed probabilities, and in the second case they change places every 500 choices.  Regret
is what was missed of the successes that the best one (of each stretch) can expect in 2,000 choices; median of 50 seeds,
their worst, and beside it a choice by lot.

Targets, where the strategies differ clearly (0.9, 0.6, 0.3) and where they are near (0.7, 0.6, 0.5): at most 10 % where
nothing changes, at most 20 % where it does; the worst seed never worse than the worst strategy.  Where success is rare
(0.2, 0.1, 0.05) it is shown only: the last 50 rewards, which is what is remembered, do not tell them apart for sure.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TypeVar

from actors import Chooser

from ..harness import Context

T = TypeVar("T")

GROUP = "overload"
MAX_REPEAT = 1
CHOICES = 2_000
SWITCH = 500
SEEDS = 50
CASES = {"clear": (0.9, 0.6, 0.3), "near": (0.7, 0.6, 0.5), "rare": (0.2, 0.1, 0.05)}
JUDGED = ("clear", "near")
WANTED = {"steady": 10.0, "switching": 20.0}


async def run(ctx: Context) -> None:
    """One repeat."""
    choices, seeds = ctx.size(CHOICES), range(ctx.size(SEEDS, 2))
    stretches = {"steady": choices, "switching": SWITCH * choices // CHOICES}
    for case, odds in CASES.items():
        for name, stretch in stretches.items():
            regrets = [100 * regret(odds, choices, stretch, random.Random(seed)) for seed in seeds]
            ctx.report_all(f"regret, {case}, {name}", regrets, "%")
            ctx.report(f"regret, {case}, {name}, worst", max(regrets), "%")
            if case in JUDGED:
                ctx.target(f"regret, {case}, {name}", at_most=WANTED[name])
                ctx.target(f"regret, {case}, {name}, worst", at_most=100 * (1 - min(odds) / max(odds)))
        ctx.report(f"regret, {case}, by lot", 100 * (1 - sum(odds) / len(odds) / max(odds)), "%")


def regret(success: Sequence[float], choices: int, stretch: int, rng: random.Random) -> float:
    """The share of the best strategy's expected successes that was missed."""
    chooser = Chooser(range(len(success)), rng=rng)
    got = 0.0
    for number in range(choices):
        odds = turned(success, number // stretch)
        arm = chooser.pick()
        got += odds[arm]
        chooser.reward(arm, float(rng.random() < odds[arm]))
    return 1 - got / (choices * max(success))


def turned(values: Sequence[T], by: int) -> tuple[T, ...]:
    """The values, each moved ``by`` places on."""
    by %= len(values)
    return (*values[-by:], *values[:-by]) if by else tuple(values)
