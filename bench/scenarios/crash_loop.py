"""What does a tree of 10,000 suffer when a tenth of its children crash as soon as they start, with backoff and without?

Processor share and loop lag while 1,000 children crash over and over, and how long a healthy sibling's answer takes.
Without backoff a loop that never pauses uses all there is: what counts is that the others are served meanwhile.
"""

from __future__ import annotations

import asyncio
import time

from actors import ActorError, handle
from supervisors import Backoff, Supervisor, child

from ..harness import Context
from ..parts import PATIENCE, UNLIMITED, Crash, Mortal, Provoked, Tally, ns

GROUP = "recovery"
MAX_REPEAT = 3
CHILDREN = 10_000
SECONDS = 1.0
TICK = 0.002
"""Seconds between two looks at the loop; how late each comes is the lag."""


class Doomed(Mortal):
    """Crashes right after it has started, once it has been provoked."""

    provoked = False

    def __init__(self, starts: Tally, switch: list[bool]) -> None:
        super().__init__(starts)
        self.switch = switch

    def started(self) -> None:
        super().started()
        if self.switch[0]:
            self.continue_with(Crash())

    @handle
    async def crash(self, message: Crash) -> None:
        raise Provoked


async def run(ctx: Context) -> None:
    """One repeat."""
    for label, backoff in (("without backoff", None), ("with backoff", Backoff(base=0.05, cap=5.0))):
        await suffer(ctx, label, backoff)


async def suffer(ctx: Context, label: str, backoff: Backoff | None) -> None:
    """Crash the doomed over and over for a while, and report how the others fare."""
    size, switch, starts = ctx.size(CHILDREN, 100), [False], Tally()
    doomed = [child(Doomed, starts, switch, id=f"d{number}", backoff=backoff) for number in range(size // 10)]
    healthy = [child(Mortal, starts, id=f"h{number}") for number in range(size - size // 10)]
    seconds = max(0.1, SECONDS * ctx.scale)
    tree = Supervisor("loop", doomed + healthy, max_restarts=UNLIMITED)
    async with tree.running() as running:
        refs = [running.ref(spec.id) for spec in healthy]
        before, switch[0] = starts.count, True
        for spec in doomed:
            running.ref(spec.id).tell(Crash())
        began, spent = ns(), time.process_time_ns()
        lags: list[float] = []
        asks: list[float] = []
        while (now := ns()) - began < seconds * 1e9:
            await asyncio.sleep(TICK)
            lags.append(max(0.0, ns() - now - TICK * 1e9))
            now = ns()
            try:
                await refs[len(asks) % len(refs)].ask(1, timeout=PATIENCE)
            except ActorError as error:
                ctx.expect("answer of a healthy child", error, 1)
            asks.append(float(ns() - now))
        took, used = ns() - began, time.process_time_ns() - spent
        switch[0] = False
        restarts = starts.count - before
    ctx.expect("restarts of the doomed, at least one each", restarts >= len(doomed) or ctx.is_quick, True)
    ctx.report_all(f"loop lag {label}", lags, "ns")
    ctx.report_all(f"healthy ask {label}", asks, "ns")
    ctx.report(f"processor {label}", 100 * used / took, "%")
    ctx.report(f"restarts a second {label}", restarts / took * 1e9, "count", "higher" if backoff is None else "lower")
