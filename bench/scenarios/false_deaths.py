"""How many healthy members do slow observers bury, with and without Lifeguard?

64 members, 4 of them slow: for 80 seconds each stands still for 16 of every 20, and what it sends and receives is held
meanwhile, while its timers go on.  It hears no answers and accuses everybody.  Counted is every member's view in which
a *healthy* one is declared dead.  *SWIM* is the same core with Lifeguard switched off: it trusts itself, and no suspect
waits for confirmation.  Virtual time, 20 seeds: their median, and the worst of them; 3 seeds of the harder cases, which
a smoke run leaves out.

Targets: at most 5 in every seed, and at least 100 times fewer than SWIM over all seeds (none counts as one).
References, means: 3,878 with SWIM and 0.8 with Lifeguard at 4 slow of 64; 4.6 at 8 slow; 2.2 at 32 s (a simulation of
our own made before, at another spacing of the standstills); over 50 times fewer (Lifeguard, DSN-W 2018).
"""

from __future__ import annotations

import asyncio

from actors.tissue.swim.config import LAN, PLAIN, SwimConfig
from actors.tissue.swim.updates import Dead

from ..harness import Context
from ..virtual import SEEDS
from .first_detection import cluster

GROUP = "tissue"
MAX_REPEAT = 1
MEMBERS = 64
SLOW = 4
PAUSE = 16.0
GAP = 4.0
SPAN = 80.0
WARM_UP = 2.0
FEW = 3
"""Seeds of the harder cases."""


async def run(ctx: Context) -> None:
    """One repeat."""
    await asyncio.to_thread(compare, ctx)


def compare(ctx: Context) -> None:
    """All cases; pure arithmetic, so away from the loop."""
    members, seeds, few = ctx.size(MEMBERS, 12), range(ctx.size(SEEDS, 1)), range(FEW)
    plain = [buried(seed, members, PLAIN, SLOW, PAUSE) for seed in seeds]
    ours = [buried(seed, members, LAN, SLOW, PAUSE) for seed in seeds]
    ctx.report_all("false deaths, SWIM", plain, "count")
    ctx.report_all("false deaths, Lifeguard", ours, "count")
    ctx.report("false deaths, Lifeguard, worst seed", max(ours), "count")
    ctx.target("false deaths, Lifeguard, worst seed", at_most=5)
    ctx.report("SWIM / Lifeguard, all seeds", sum(plain) / max(1, sum(ours)), "x", "higher")
    ctx.target("SWIM / Lifeguard, all seeds", at_least=100)
    if ctx.is_quick:
        return
    harder = {"8 slow": (2 * SLOW, PAUSE), "4 slow for 32 s": (SLOW, 2 * PAUSE)}
    for name, (slow, pause) in harder.items():
        counts = [buried(seed, members, LAN, slow, pause) for seed in few]
        ctx.report_all(f"false deaths, Lifeguard, {name}", counts, "count")


def buried(seed: int, members: int, config: SwimConfig, slow: int, pause: float) -> int:
    """Views in which a healthy member was declared dead."""
    arena = cluster(seed, members, config)
    names = [f"c{number}" for number in range(slow)]

    def stand_still(name: str) -> None:
        if arena.now + pause <= WARM_UP + SPAN:
            arena.network.pause(name, arena.now + pause)
            arena.at(arena.now + pause + GAP, lambda: stand_still(name))

    for name in names:
        arena.at(WARM_UP + arena.rng.random() * (pause + GAP), lambda name=name: stand_still(name))  # type: ignore[misc]
    arena.run(WARM_UP + SPAN)
    return sum(isinstance(event, Dead) and event.pid.name not in names for _, _, event in arena.events)
