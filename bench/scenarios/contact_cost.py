"""What does shared state cost the messages of actors that share it?

A thousand actors in pools of ten, each pool with a map that all its members hold, at the default period of 0.2 s;
tokens go round among all thousand.  Beside it the same actors that share nothing, in slices that alternate; a figure is
processor time a hop, so that what else the machine does counts for neither, and a ratio is the median of those of
neighbouring slices.  *Quiet*: nothing changes, which is how most shared state is most of the time.  *Changing*: so many
writes a second in all, each of which reaches its nine siblings.

Target: at most 5 %, quiet and at ten changes a second.
"""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Iterator
from itertools import count

from actors import Actor, ActorSystem, Ref, handle
from actors.tissue import ORMap

from ..harness import Context
from ..quantiles import median

GROUP = "tissue"
ACTORS, POOL, TOKENS = 1000, 10, 64
SLICE = 1.0
"""Seconds of messages in a slice: several periods."""

BIRTH = 3.0
"""Seconds in which cells that have just been born find out that nobody knows anything."""

PAIRS = 3
RATES = (0, 10, 100)
JUDGED = (0, 10)
KEYS = 50


class Token:
    """Goes round."""

    __slots__ = ()


class Sibling(Actor):
    """Passes tokens on; shares a map with its pool if it is to."""

    def __init__(self, number: int, shares: bool, hops: Iterator[int]) -> None:
        self.number = number
        self.hops = hops
        self.next: Ref[Token]
        self.map = self.contact.of(f"pool {number // POOL}").share("sessions", ORMap) if shares else None

    @handle
    def token(self, token: Token) -> None:
        """Pass it on."""
        next(self.hops)
        self.next.tell(token)


async def run(ctx: Context) -> None:
    """One repeat."""
    for rate in RATES:
        sharing: list[float] = []
        alone: list[float] = []
        for number in range(ctx.size(PAIRS, 1)):
            order = [(True, sharing), (False, alone)]
            for shares, samples in order if number % 2 else reversed(order):
                samples.append(await hop(shares, rate if shares else 0, ctx))
        name = f"hop, sharing / not, {rate} changes/s" if rate else "hop, sharing / not, quiet"
        ctx.report(name, median([mine / other for mine, other in zip(sharing, alone, strict=True)]), "x")
        if rate in JUDGED:
            ctx.target(name, at_most=1.05)
    ctx.report("hop, not sharing", median(alone), "ns")


async def hop(shares: bool, rate: int, ctx: Context) -> float:
    """Nanoseconds of processor time a hop."""
    gc.collect()
    hops = count()
    async with ActorSystem("contact cost") as system:
        members = ctx.size(ACTORS, 2 * POOL)
        refs = [await system.spawn(Sibling, number, shares, hops) for number in range(members)]
        siblings = [ref._cell.actor for ref in refs]
        for number, sibling in enumerate(siblings):
            sibling.next = refs[(number * 7 + 1) % members]
        writer = asyncio.ensure_future(write(siblings, rate)) if rate else None
        for number in range(min(TOKENS, members)):
            refs[number].tell(Token())
        await asyncio.sleep(BIRTH * ctx.scale)
        before, began = next(hops), time.process_time_ns()
        await asyncio.sleep(SLICE * max(ctx.scale, 0.02))
        spent, done = time.process_time_ns() - began, next(hops) - before
        if writer is not None:
            writer.cancel()
        if shares:
            ctx.expect("cells that share", len(system.site.roster("pool 0")), POOL)
        return spent / done


async def write(siblings: list[Sibling], rate: int) -> None:
    """Change the maps, ``rate`` times a second in all, each time another actor."""
    for number in count():
        await asyncio.sleep(1 / rate)
        sibling = siblings[number * 37 % len(siblings)]
        assert sibling.map is not None
        sibling.map.put(f"key {number % KEYS}", number)
