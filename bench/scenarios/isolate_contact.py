"""What does state cost that actors in processes of their own share, and how long until a change is everywhere?

Four siblings share a map from a process each, at the default period of 0.2 s; the host between them brings packets
from one to the other.  *Alone*: two changes a second at one of them, each told at once.  *Changing*: so many a second
at each of them.  Processor time is a share of one core, of the host and of one sibling.  At the end one is killed: how
long until its successor serves, which knows all at its start?

Targets: quiet at most 1 % of a core for a sibling, 10 % at a hundred changes a second at each; a change alone is seen
within 10 ms.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Awaitable
from typing import Any

from actors import Ref
from supervisors import Supervisor, child

from ..harness import Context
from ..parts import PATIENCE, UNLIMITED
from ..sharers import Order, Sharer

GROUP = "places"
SIBLINGS = 4
SECONDS = 4.0
BIRTH = 0.5
"""Seconds until all know that nobody knows anything."""

RATES = (10, 100)


async def run(ctx: Context) -> None:
    """One repeat."""
    seconds = SECONDS * max(ctx.scale, 0.1)
    siblings = [child(Sharer, id=f"s{number}", place="process") for number in range(SIBLINGS)]
    async with Supervisor("share", siblings, max_restarts=UNLIMITED).running(log=False) as running:
        refs = [running.ref(f"s{number}") for number in range(SIBLINGS)]
        await asyncio.sleep(BIRTH)
        host, sibling, _ = await spent(refs, asyncio.sleep(seconds))
        ctx.report("quiet: host", 100 * host / seconds, "%")
        ctx.report("quiet: one sibling", 100 * sibling / seconds, "%")
        seen, _ = await asyncio.gather(ask(refs[0], "watch", seconds), ask(refs[1], "put", seconds, 2))
        ctx.report_all("alone: seen elsewhere after", [1e9 * age for age in seen], "ns")
        for rate in RATES:
            name = f"{rate} changes/s each"
            host, sibling, puts = await spent(refs, asyncio.gather(*(ask(ref, "put", seconds, rate) for ref in refs)))
            changes = sum(count for (count,) in puts)
            ctx.report(f"{name}: host", 100 * host / seconds, "%")
            ctx.report(f"{name}: one sibling", 100 * sibling / seconds, "%")
            ctx.report(f"{name}: a change, all processes", 1e9 * (host + SIBLINGS * sibling) / changes, "ns")
            puts = (ask(ref, "put", seconds, rate) for ref in refs[1:])
            seen, *_ = await asyncio.gather(ask(refs[0], "watch", seconds), *puts)
            ctx.report_all(f"{name}: seen elsewhere after", [1e9 * age for age in seen], "ns")
        await asyncio.sleep(BIRTH)
        ctx.report("killed, until the successor serves", 1e9 * await killed(refs[0]), "ns")
        sizes = [await ask(refs[0], "known"), await ask(refs[1], "size")]
        ctx.expect("entries that it knew at its start", sizes[0], sizes[1])
    ctx.target("quiet: one sibling", at_most=1.0)
    ctx.target("alone: seen elsewhere after", at_most=10e6)
    ctx.target(f"{RATES[-1]} changes/s each: one sibling", at_most=10.0)


async def ask(ref: Ref[Any], what: str, seconds: float = 0.0, rate: float = 0.0) -> list[float]:
    """What a sharer answers to an order."""
    answer: list[float] = await ref.ask(Order(what, seconds, rate), seconds + PATIENCE)
    return answer


async def spent(refs: list[Ref[Any]], work: Awaitable[Any]) -> tuple[float, float, Any]:
    """Seconds of processor time that the host, and the first sibling, spend meanwhile; and what comes of the work."""
    (before,) = await ask(refs[0], "spent")
    began = time.process_time()
    result = await work
    host = time.process_time() - began
    (after,) = await ask(refs[0], "spent")
    return host, after - before, result


async def killed(ref: Ref[Any]) -> float:
    """Seconds from ``kill -9`` to a successor that has started."""
    (pid,) = await ask(ref, "pid")
    began = time.perf_counter()
    os.kill(int(pid), signal.SIGKILL)
    async with asyncio.timeout(PATIENCE):
        while ref.pid.incarnation == 1 or not ref.is_alive:  # noqa: ASYNC110 - as often as can be
            await asyncio.sleep(0.0005)
    return time.perf_counter() - began
