"""What does it cost to be watched when nothing is wrong?

The same messages between children with a full ``Apoptosis`` policy and between children without one, in slices that
alternate within a repeat; a figure is the median of its slices, a ratio that of the ratios of neighbouring slices.  The
check-ups come ten times as often as by default, so that every slice has some.

Target: at most 5 % on a hop, a tell and an ask.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Awaitable, Callable

from actors import Mailbox
from supervisors import Apoptosis, Lifetime, Supervisor, child

from ..harness import Context
from ..messages import DEADLINE
from ..parts import PATIENCE, Counter, Echo, Meet, Player, Total, ns
from ..quantiles import median

GROUP = "apoptosis"
SLICES = 10
"""Pairs of slices a repeat; which of a pair is first alternates."""

WATCHED = Apoptosis(
    tolerate=(ValueError,),
    latency=0.25,
    delay=0.25,
    memory=2**40,
    load=1.0,
    lifetime=Lifetime(messages=10**9, seconds=10**6),
    every=0.1,
)
Work = Callable[[int, Apoptosis | None], Awaitable[float]]


async def run(ctx: Context) -> None:
    """One repeat."""
    works: dict[str, tuple[Work, int]] = {"hop": (hop, 200_000), "tell": (tell, 200_000), "ask": (ask, 40_000)}
    for name, (work, size) in works.items():
        count = ctx.size(size)
        with_policy: list[float] = []
        without: list[float] = []
        for number in range(ctx.size(SLICES, 2)):
            order = [(WATCHED, with_policy), (None, without)]
            for policy, samples in order if number % 2 else reversed(order):
                gc.collect()
                samples.append(await work(count, policy))
        ctx.report(f"{name}, watched", median(with_policy), "ns")
        ctx.report(f"{name}, not watched", median(without), "ns")
        ratios = [mine / other for mine, other in zip(with_policy, without, strict=True)]
        ctx.report(f"{name}, watched / not", median(ratios), "x")
        ctx.target(f"{name}, watched / not", at_most=1.05)


async def hop(hops: int, policy: Apoptosis | None) -> float:
    """Nanoseconds a hop between two children."""
    done: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    tree = Supervisor("hop", [child(Player, done, id="here"), child(Player, done, id="there")], apoptosis=policy)
    async with tree.running() as running:
        here, there = running.ref("here"), running.ref("there")
        here.tell(Meet(there))
        there.tell(Meet(here))
        await asyncio.sleep(0)
        began = ns()
        here.tell(hops)
        await done
        return (ns() - began) / hops


async def tell(messages: int, policy: Apoptosis | None) -> float:
    """Nanoseconds a one-way message to a child, until the last is handled."""
    tree = Supervisor("tell", [child(Counter, id="counter", mailbox=Mailbox(limit=messages + 1))], apoptosis=policy)
    async with tree.running() as running:
        ref = running.ref("counter")
        send = ref.tell
        began = ns()
        for number in range(messages):
            send(number)
        await ref.ask(Total(), timeout=PATIENCE)
        return (ns() - began) / messages


async def ask(asks: int, policy: Apoptosis | None) -> float:
    """Nanoseconds a round trip with a deadline to a child."""
    tree = Supervisor("ask", [child(Echo, id="echo")], apoptosis=policy)
    async with tree.running() as running:
        ref = running.ref("echo")
        began = ns()
        for number in range(asks):
            await ref.ask(number, timeout=DEADLINE)
        return (ns() - began) / asks
