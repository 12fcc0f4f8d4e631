"""How much memory does an idle actor in a process of its own take?

Its proportional set size, as the kernel counts: what it has alone, and its share of what it has in common with others.
Ten of them, and one alone; each has answered questions before.  Beside it, in the same repeat, a process that was
started by itself and has imported as much: what a worker of a plain pool takes.
"""

from __future__ import annotations

import asyncio

from ..farend import Floor, far_end
from ..harness import Context
from ..idle_isolates import measure_apart
from ..isolates import proportional_set
from ..quantiles import median

GROUP = "places"
LIMIT = 8 * 1024 * 1024


async def run(ctx: Context) -> None:
    """One repeat."""
    loop = asyncio.get_running_loop()
    for name, size in ("with ten", 10), ("one alone", 1):
        taken = await loop.run_in_executor(None, measure_apart, size)
        ctx.expect("isolates", len(taken), size)
        ctx.report(name, median(taken), "B")
        ctx.target(name, at_most=LIMIT)
    floor = Floor()
    async with far_end("floor", floor) as process:
        await floor.ask(1)
        ctx.report("a process by itself", float(proportional_set(process.pid)), "B")
