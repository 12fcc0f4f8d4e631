"""How long after a crash is the same ref answered again?

From the message that kills a child to the answer of its successor, per strategy and number of siblings.  Under
``one_for_all`` and, for the first child, ``rest_for_one`` all of them are stopped and started again meanwhile.
"""

from __future__ import annotations

from ..harness import Context
from ..recovery import Strategy, crash_to_serving

GROUP = "recovery"
CASES: tuple[tuple[Strategy, int, int], ...] = (
    ("one_for_one", 1, 300),
    ("one_for_one", 1_000, 300),
    ("rest_for_one", 10, 200),
    ("one_for_all", 10, 200),
    ("one_for_all", 1_000, 20),
)


async def run(ctx: Context) -> None:
    """One repeat."""
    for strategy, size, times in CASES:
        size = min(size, 100) if ctx.is_quick else size
        taken = await crash_to_serving(strategy, size, ctx.size(times, 5))
        ctx.report_all(f"{strategy} of {size:,}", taken, "ns")
