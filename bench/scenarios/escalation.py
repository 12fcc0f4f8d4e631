"""How long until a leaf serves again when its crash is passed up through d supervisors that all give up?

Every supervisor but the root allows no restart, so a crash at the bottom climbs to the root, which starts the whole
branch anew.
"""

from __future__ import annotations

import asyncio

from supervisors import Supervisor, child

from ..harness import Context
from ..parts import PATIENCE, UNLIMITED, Crash, Mortal, Tally, ns

GROUP = "recovery"
DEPTHS = (1, 2, 4, 8)
TIMES = 50
SETTLE = 0.0005


def tree_of(depth: int, starts: Tally) -> Supervisor:
    """A root above ``depth`` supervisors, one in the other, above a leaf."""
    branch = Supervisor(f"s{depth}", [child(Mortal, starts, id="leaf")], max_restarts=0)
    for level in range(depth - 1, 0, -1):
        branch = Supervisor(f"s{level}", [branch], max_restarts=0)
    return Supervisor("root", [branch], max_restarts=UNLIMITED)


async def run(ctx: Context) -> None:
    """One repeat."""
    for depth in DEPTHS:
        starts, taken = Tally(), []
        path = "/".join([*(f"s{level}" for level in range(1, depth + 1)), "leaf"])
        async with tree_of(depth, starts).running() as running:
            for number in range(1, ctx.size(TIMES, 5) + 1):
                ref = running.ref(path)
                began = ns()
                ref.tell(Crash())
                await starts.reach(number + 1)
                await asyncio.sleep(0)
                ctx.expect("answer of the new leaf", await running.ref(path).ask(number, timeout=PATIENCE), number)
                taken.append(float(ns() - began))
                await asyncio.sleep(SETTLE)
            ctx.expect("starts of the leaf", starts.count, len(taken) + 1)
        ctx.report_all(f"through {depth}", taken, "ns")
