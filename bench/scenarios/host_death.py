"""How long until a host's death is noticed, and its lives serve elsewhere?  And is one ever taken for dead that is not?

Three hosts and a tree with six lives on them, each on a machine of its own (a network namespace, with mutual TLS; where
these cannot be made, all on this machine, and the cable is not pulled).

- ``killed``: all processes of a host get SIGKILL at once; the kernel closes its connections.
- ``cable pulled``: the same, but no word of it gets out: it is noticed by silence.  ``noticed``: the tree's machine
  says that the host is down; ``serving``: all six lives answer again.
- ``taken for dead under load``: hosts that are well, in ten minutes in which twice as many processes as there are cores
  compute, and the lives are asked all the time.

Targets, at the worst: noticed within 1.5 s, serving within 2.5 s, nobody taken for dead who is not.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter

from ..harness import Context
from ..machines import CORES, Machines, load, machines, until
from ..quantiles import median

GROUP = "places"
MAX_REPEAT = 1

ROUNDS = 20
LOAD_TIME = 600
BEAT = 0.02
"""Seconds between two questions under load."""

NOTICED, SERVING = 1.5e9, 2.5e9


async def run(ctx: Context) -> None:
    """One repeat."""
    async with machines("a", "b", "c", lives=6) as at:
        rounds = ctx.size(ROUNDS, 1)
        await _deaths(ctx, at, "killed", rounds)
        if at.net is not None:
            await _deaths(ctx, at, "cable pulled", rounds)
        seconds = 1 if ctx.is_quick else LOAD_TIME
        at.falls = 0
        with load(2 * CORES):
            until_then = time.monotonic() + seconds
            asked = 0
            while time.monotonic() < until_then:
                await at.where(at.ids[asked % len(at.ids)])
                asked += 1
                await asyncio.sleep(BEAT)
        ctx.report("taken for dead under load", at.falls, "count")
        ctx.target("taken for dead under load", at_most=0)
        ctx.expect("lives were asked", asked > 0, True)


async def _deaths(ctx: Context, at: Machines, how: str, rounds: int) -> None:
    noticed, serving = [], []
    for _ in range(rounds):
        lodgers = Counter(each["host"] for each in (await at.spread()).values())
        ((victim, _),) = lodgers.most_common(1)
        at.downs.clear()
        if how == "cable pulled" and at.net is not None:
            at.net.pull(victim)
        at.hosts[victim].kill()
        died = time.monotonic()
        places = await at.spread()
        serving.append(time.monotonic() - died)
        ctx.expect("nobody serves on the dead host", victim in {each["host"] for each in places.values()}, False)
        await until(lambda victim=victim: victim in at.downs)  # type: ignore[misc]
        noticed.append(at.downs[victim] - died)
        await at.hosts[victim].ended()
        if how == "cable pulled" and at.net is not None:
            at.net.plug(victim)
        await at.start(victim)
        await until(lambda victim=victim: at.is_up(victim))  # type: ignore[misc]
    for what, values, most in ("noticed", noticed, NOTICED), ("serving", serving, SERVING):
        ctx.report(f"{how}: {what}", median(values) * 1e9, "ns")
        ctx.report(f"{how}: {what}, worst", max(values) * 1e9, "ns")
        ctx.target(f"{how}: {what}, worst", at_most=most)
