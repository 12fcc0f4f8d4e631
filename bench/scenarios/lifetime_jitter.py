"""How many of 50 workers that began together are under replacement at once when their lifetimes end?

Each lives 1,000 seconds and its successor takes 10 to start, 1 % of that; the disruption budget is wide open, so only
chance keeps them apart.  Virtual time, three lifetimes, 20 seeds: the median of the seeds, their worst (as p99).
The last row is what a supervisor allows unless told otherwise.

Targets: at most 6 with the default jitter of ±20 %; all 50 without jitter.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from actors import Actor
from actors.testing import World
from supervisors import Apoptosis, Disruption, Lifetime, Supervisor, child
from supervisors.apoptosis.events import Kept, Replaced, Replacing

from ..checks import expect
from ..harness import Context
from ..virtual import SEEDS, in_virtual_time

GROUP = "apoptosis"
MAX_REPEAT = 1
WORKERS = 50
LIFETIME = 1_000.0
REPLACEMENT = 10.0
LIFETIMES = 3
EVERY = 2.0
"""Seconds between two looks at the lifetimes."""

WIDE = Disruption(at_once=WORKERS, floor=0.0, everywhere=WORKERS)


class Worker(Actor):
    """Starts at once in its first life, and slowly in every later one."""

    async def started(self) -> None:
        if self.pid.incarnation > 1:
            await asyncio.sleep(REPLACEMENT)


async def run(ctx: Context) -> None:
    """One repeat."""
    workers, seeds = ctx.size(WORKERS), range(ctx.size(SEEDS, 1))
    cases = {
        "±20 %": (0.2, WIDE),
        "±5 %": (0.05, WIDE),
        "no jitter": (0.0, WIDE),
        "±20 %, default budget": (0.2, Disruption()),
    }
    for name, (jitter, disruption) in cases.items():
        most = await in_virtual_time(lives(workers, jitter, disruption), seeds)
        ctx.report_all(f"most at once, {name}", most, "count")
    ctx.target("most at once, ±20 %", at_most=6)
    ctx.target("most at once, no jitter", at_least=WORKERS)
    ctx.target("most at once, ±20 %, default budget", at_most=1)


def lives(workers: int, jitter: float, disruption: Disruption) -> Callable[[World], Awaitable[float]]:
    """A run of so many workers; returns the most that were under replacement at once."""

    async def main(w: World) -> float:
        now = most = replaced = 0

        def count(event: object) -> None:
            nonlocal now, most, replaced
            if isinstance(event, Replacing):
                now += 1
                most = max(most, now)
            elif isinstance(event, (Replaced, Kept)):
                now -= 1
                replaced += isinstance(event, Replaced)

        policy = Apoptosis(lifetime=Lifetime(seconds=LIFETIME, jitter=jitter), every=EVERY)
        children = [child(Worker, id=f"w{number}") for number in range(workers)]
        tree = Supervisor("workers", children, apoptosis=policy, disruption=disruption)
        async with tree.running(log=False, seed=w.seed) as running:
            running.system.events.subscribe(count)
            await w.advance(LIFETIME * LIFETIMES)
        expect("every worker replaced, on average", replaced >= workers, True)
        return most

    return main
