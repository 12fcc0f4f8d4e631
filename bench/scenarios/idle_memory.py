"""How many bytes is an actor that waits, and does an answer take longer among a million of them?

Resident memory of a fresh process for each count, actors that have answered nothing yet; then questions to actors drawn
at random.
"""

from __future__ import annotations

from ..harness import Context
from ..memory import measure_apart

GROUP = "messages"
MAX_REPEAT = 1
COUNTS = (1_000, 10_000, 100_000, 1_000_000)


async def run(ctx: Context) -> None:
    """One repeat."""
    for count in COUNTS[:1] if ctx.is_quick else COUNTS:
        idle = measure_apart(count)
        ctx.expect("actors alive", idle.alive, count)
        ctx.report(f"bytes each at {count:,}", idle.bytes_each, "B")
        ctx.report(f"spawn at {count:,}", idle.spawn, "ns")
        ctx.report_all(f"ask at {count:,}", idle.asks, "ns")
