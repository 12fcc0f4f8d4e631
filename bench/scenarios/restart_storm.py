"""What does each recovery cost when all children crash at once, and does that stay flat?"""

from __future__ import annotations

import gc

from ..harness import Context
from ..recovery import storm

GROUP = "recovery"
MAX_REPEAT = 3
SIZES = (1_000, 10_000, 100_000)


async def run(ctx: Context) -> None:
    """One repeat."""
    each = {}
    for full in SIZES:
        gc.collect()
        each[full] = await storm(ctx.size(full))
        ctx.report(f"per child of {full:,}", each[full], "ns")
    ctx.report("100,000 / 1,000", each[100_000] / each[1_000], "x")
