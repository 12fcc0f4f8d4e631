"""What does each recovery cost when all children crash at once, and does that stay flat?"""

from __future__ import annotations

import gc

from ..harness import Context
from ..quantiles import median
from ..recovery import storm

GROUP = "recovery"
MAX_REPEAT = 3
PASSES = {1_000: 15, 10_000: 3, 100_000: 1}
"""Children, and passes in a repeat: a thousand crashes are over in 20 ms; the median of the passes counts."""


async def run(ctx: Context) -> None:
    """One repeat."""
    each = {}
    for full, passes in PASSES.items():
        taken = []
        for _ in range(ctx.size(passes, 1)):
            gc.collect()
            taken.append(await storm(ctx.size(full)))
        each[full] = median(taken)
        ctx.report(f"per child of {full:,}", each[full], "ns")
    ctx.report("100,000 / 1,000", each[100_000] / each[1_000], "x")
