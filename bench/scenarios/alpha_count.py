"""After how many checks does the alpha-count tell a fault that lasts from one that passes?

Each check is bad with a fixed probability; a trial lasts until the threshold is reached (K = 0.8, threshold 3, weight
1).  Targets, means: more than 150,000 checks where 1 % are bad; 4,371 at 5 %, 23 at 30 %, 9 at 50 % and 3 at 100 %,
each within 20 %.  The last figure is the trial that ended first at 1 %: how soon a healthy life may be unlucky.

At 1 % and 5 % whole runs of good checks are taken in one step, as a check-up does that looks at a second's messages.
"""

from __future__ import annotations

import math
import random

from supervisors.apoptosis.alpha import AlphaCount

from ..harness import Context

GROUP = "apoptosis"
MAX_REPEAT = 1
SEED = 3
FORGIVEN = 150_000
"""Checks on average that a fault which shows in 1 % of them must at least take."""

WANTED = ((0.05, 4_371), (0.3, 23), (0.5, 9), (1.0, 3))
TOLERANCE = 0.2
BY_RUNS = 0.1
"""Below this share of bad checks good ones are counted a run at a time: nearly all of them are."""


async def run(ctx: Context) -> None:
    """One repeat."""
    rng = random.Random(SEED)
    for share, wanted in WANTED:
        trials = [checks_to_exit(share, rng) for _ in range(ctx.size(4_000))]
        name = f"mean checks to exit at {share:.0%}"
        ctx.report(name, sum(trials) / len(trials), "count")
        ctx.target(name, at_least=wanted * (1 - TOLERANCE), at_most=wanted * (1 + TOLERANCE))
    trials = [checks_to_exit(0.01, rng) for _ in range(ctx.size(200, 2))]
    ctx.report("mean checks to exit at 1%", sum(trials) / len(trials), "count", "higher")
    ctx.target("mean checks to exit at 1%", at_least=FORGIVEN)
    ctx.report("fewest checks to exit at 1%", min(trials), "count", "higher")


def checks_to_exit(share: float, rng: random.Random) -> int:
    """One trial: checks until the threshold is reached, each bad with probability ``share``."""
    alpha, checks = AlphaCount(), 0
    while not alpha.is_over:
        if share < BY_RUNS:
            good = int(math.log(1.0 - rng.random()) / math.log(1.0 - share))
            alpha.good(good)
            alpha.bad()
            checks += good + 1
        else:
            checks += 1
            if rng.random() < share:
                alpha.bad()
            else:
                alpha.good()
    return checks
