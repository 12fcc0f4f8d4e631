"""How soon is a handler that holds the loop found out, by its right name, and is anybody accused who did not?

100 handlers, picked and timed by chance (120 to 400 ms: asleep in a blocking call, or busy), hold the loop.  Targets:
the right actor, handler and message 100 of 100, each noticed within its bound and 20 ms, which a busy one measures by
its own time on the processor (what others take of the machine is not held against it; where nobody does, that is the
wall clock's).  Then the same for handlers that keep the interpreter to themselves, which can only be found out when
they are over.  Then handlers that use half their bound run beside a large heap's garbage collections and twice as many
busy processes as there are cores: the wall clock alone accuses many of them, the watchdog nobody.

``python -m bench.scenarios.watchdog 600`` runs that last part for ten minutes.
"""

from __future__ import annotations

import asyncio
import bisect
import contextlib
import gc
import itertools
import logging
import math
import os
import random
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from actors import Actor, ActorSystem, Blocked, Ref, Watchdog, handle
from actors.engines import loop

from ..harness import Context

GROUP = "recovery"
MAX_REPEAT = 1
SEED = 7
ACTORS = 20
BLOCKS = 100
HOGS = 20
SHORTEST, LONGEST = 0.12, 0.4
"""Seconds that the loop is held."""

ALLOWED = 0.02
"""Seconds that the watchdog may be behind the bound."""

HEAP = 400_000
"""Objects, each with a partner it is in a cycle with, that a full collection has to look at."""

CHURN = 0.05
"""Seconds of the processor, at most, that an innocent handler takes."""

COLLECTED = 0.1
"""Share of the innocent in whose midst all garbage is collected."""

LULL = 10.0
"""Seconds of the phase in which nobody holds the loop."""


Trace = list[tuple[float, float]]
"""Seconds since a handler began, and of them those that it used the processor."""


@dataclass(frozen=True, slots=True)
class Sleep:
    """Wait in a call that blocks."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Spin:
    """Compute."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Backtrack:
    """Match a regular expression that takes long and lets nobody else use the interpreter."""

    text: str


@dataclass(frozen=True, slots=True)
class Churn:
    """Work a little, and leave garbage."""


class Worker(Actor):
    """Does what it should not."""

    @handle
    def sleep(self, message: Sleep) -> None:
        doze(message.seconds)

    @handle
    def spin(self, message: Spin) -> Trace:
        return spin(message.seconds)

    @handle
    def backtrack(self, message: Backtrack) -> None:
        re.fullmatch("(a+)+b", message.text)


class AsyncWorker(Actor):
    """The same after it has suspended."""

    @handle
    async def sleep(self, message: Sleep) -> None:
        await asyncio.sleep(0)
        doze(message.seconds)

    @handle
    async def spin(self, message: Spin) -> Trace:
        await asyncio.sleep(0)
        return spin(message.seconds)

    @handle
    async def backtrack(self, message: Backtrack) -> None:
        await asyncio.sleep(0)
        re.fullmatch("(a+)+b", message.text)


class Innocent(Actor):
    """Works a little at a time; ``slow`` counts how often that took longer than the bound by the wall clock."""

    def __init__(self, heap: list[Any], bound: float, rng: random.Random) -> None:
        self.heap = heap
        self.bound = bound
        self.rng = rng
        self.slow = 0

    @handle
    def churn(self, message: Churn) -> None:
        began = time.perf_counter()
        until = time.thread_time() + self.rng.uniform(0.0, CHURN)
        while time.thread_time() < until:
            self.heap[self.rng.randrange(len(self.heap))] = cycle()
        if self.rng.random() < COLLECTED:
            gc.collect()
        self.slow += time.perf_counter() - began > self.bound


def doze(seconds: float) -> None:
    """Hold the loop without using the processor."""
    time.sleep(seconds)


def spin(seconds: float) -> Trace:
    """Use the processor for so long, however long that takes where others want it too; tells when it had used what."""
    began, used_before, used = time.perf_counter(), time.thread_time(), 0.0
    trace = [(0.0, 0.0)]
    while used < seconds:
        passed, used = time.perf_counter() - began, time.thread_time() - used_before
        if passed - trace[-1][0] > 0.0005:
            trace.append((passed, used))
    return trace


def used_by(trace: Trace, moment: float) -> float:
    """What had been used of the processor by ``moment``."""
    return trace[max(bisect.bisect(trace, (moment, math.inf)) - 1, 0)][1]


def cycle() -> list[Any]:
    """Something that only the collector can free."""
    one: list[Any] = []
    one.append([one])
    return one


async def run(ctx: Context) -> None:
    """One repeat."""
    policy, longest = Watchdog(log=False), LONGEST / 2 if ctx.is_quick else LONGEST
    asleep = await find_out(policy, ctx.size(BLOCKS // 2, 1), longest, Sleep)
    busy = await find_out(policy, ctx.size(BLOCKS // 2, 1), longest, Spin)
    hogs = await find_out(policy, ctx.size(HOGS, 1), longest, Backtrack)
    for name, delays in (
        ("noticed after the bound, asleep", asleep.delays),
        ("noticed after the bound, busy", busy.own_delays),
    ):
        ctx.report_all(name, [delay * 1e9 for delay in delays], "ns")
        ctx.report(f"{name}, last", max(delays) * 1e9, "ns")
        ctx.target(f"{name}, last", at_most=ALLOWED * 1e9)
    ctx.report_all("noticed after the bound, busy, wall clock", [delay * 1e9 for delay in busy.delays], "ns")
    ctx.report("named right", asleep.right + busy.right, "count", "higher")
    ctx.target("named right", at_least=BLOCKS)
    ctx.report("named right, interpreter held", hogs.right, "count", "higher")
    ctx.target("named right, interpreter held", at_least=HOGS)
    accused, slow = await lull(policy, ctx.size(HEAP, 1_000), LULL * ctx.scale)
    ctx.report("false alarms", accused, "count")
    ctx.target("false alarms", at_most=0)
    ctx.report("false alarms of the wall clock alone", slow, "count", "higher")


@dataclass(slots=True)
class Findings:
    """How many were named ``right``, and seconds from the bound to the notice: by the wall clock, and of those that the
    handler was busy.
    """

    right: int = 0
    delays: list[float] = field(default_factory=list)
    own_delays: list[float] = field(default_factory=list)


async def find_out(policy: Watchdog, times: int, longest: float, kind: type[Any]) -> Findings:
    """Have the loop held ``times`` over, for ``longest`` seconds at most."""
    found = Findings()
    rng, text = random.Random(SEED), hard_text() if kind is Backtrack else ""
    reports: list[Blocked] = []
    async with ActorSystem("held", watchdog=policy) as system:
        system.events.subscribe(lambda event: reports.append(event) if isinstance(event, Blocked) else None)
        refs = [await system.spawn(rng.choice((Worker, AsyncWorker)), name=f"w{number}") for number in range(ACTORS)]
        for _ in range(times):
            await asyncio.sleep(rng.uniform(0.0, policy.period))
            ref = rng.choice(refs)
            answer = await ref.ask(
                Backtrack(text) if kind is Backtrack else kind(rng.uniform(SHORTEST, longest)), timeout=None
            )
            await asyncio.sleep(0)
            names = [(report.pid, report.handler.partition(".")[2], report.message) for report in reports]
            found.right += names == [(ref.pid, kind.__name__.lower(), kind.__name__)]
            noticed = (reports[0].noticed or reports[0].seconds) if reports else math.inf
            found.delays.append(max(noticed - policy.bound, 0.0))
            if kind is Spin:
                found.own_delays.append(max(used_by(answer, noticed) - policy.bound, 0.0))
            reports.clear()
    return found


def hard_text() -> str:
    """What the regular expression takes longer for, here, than half as much again as the bound."""
    for length in range(16, 40):
        began = time.thread_time()
        re.fullmatch("(a+)+b", "a" * length)
        if time.thread_time() - began > 0.04:
            return "a" * (length + 2)  # each one more doubles it
    raise AssertionError("no machine is as fast as that")


async def lull(
    policy: Watchdog, size: int, seconds: float, tell: Callable[[str], None] | None = None
) -> tuple[int, int]:
    """Hold nothing for ``seconds``, under garbage and load: who was accused, and by the wall clock would have been."""
    rng, reports = random.Random(SEED), list[Blocked]()
    heap: list[Any] = [cycle() for _ in range(size)]
    until = time.monotonic() + seconds
    with busy_processes(2 * (os.cpu_count() or 1)):
        async with ActorSystem("calm", watchdog=policy) as system:
            system.events.subscribe(lambda event: reports.append(event) if isinstance(event, Blocked) else None)
            actors: list[Innocent] = []
            refs: list[Ref[Any]] = []
            accused = 0
            for _ in range(ACTORS):
                refs.append(await system.spawn(Innocent, heap, policy.bound, rng))
                actors.append(refs[-1]._cell.actor)
            for ref in itertools.cycle(refs):
                await ref.ask(Churn(), timeout=None)
                if tell is not None and len(reports) > accused:
                    accused = len(reports)
                    tell(f"{reports[-1].describe()}, noticed after {reports[-1].noticed}")
                if time.monotonic() >= until:
                    break
            return len(reports), sum(actor.slow for actor in actors)


@contextlib.contextmanager
def busy_processes(number: int) -> Iterator[None]:
    """So many processes that want a core each."""
    processes = [subprocess.Popen([sys.executable, "-S", "-c", "while True: pass"]) for _ in range(number)]
    try:
        yield
    finally:
        for process in processes:
            process.kill()
        for process in processes:
            process.wait()


def main(seconds: float) -> None:
    """The last part alone, for ``seconds``."""
    accused, slow = loop.run(lull(Watchdog(), HEAP, seconds, print))
    print(f"{accused} false alarms in {seconds:g} s; the wall clock alone accuses {slow}")


if __name__ == "__main__":
    logging.basicConfig()
    main(float(sys.argv[1]))
