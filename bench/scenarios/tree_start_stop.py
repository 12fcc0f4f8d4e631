"""Do start and stop of a tree stay linear up to 100,000 children?"""

from __future__ import annotations

import gc

from ..harness import Context
from ..quantiles import median
from ..recovery import start_stop

GROUP = "recovery"
MAX_REPEAT = 3
SMALL, LARGE = 1_000, 100_000
PASSES = 9
"""Passes of the small tree, which is over in milliseconds; their median counts."""


async def run(ctx: Context) -> None:
    """One repeat."""
    small = []
    for _ in range(ctx.size(PASSES, 1)):
        gc.collect()
        small.append(await start_stop(ctx.size(SMALL)))
    gc.collect()
    large = await start_stop(ctx.size(LARGE))
    start, stop = median([pair[0] for pair in small]), median([pair[1] for pair in small])
    for label, (starting, stopping) in ((f"of {SMALL:,}", (start, stop)), (f"of {LARGE:,}", large)):
        ctx.report(f"start, per child {label}", starting, "ns")
        ctx.report(f"stop, per child {label}", stopping, "ns")
    ctx.report("start + stop, 100,000 / 1,000", sum(large) / (start + stop), "x")
