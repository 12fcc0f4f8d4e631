"""Does anybody notice when 100 workers are replaced one after another under 20,000 messages a second?

Nine senders number what they send to each worker, every tenth message a question; a worker takes 5 ms to stop and its
successor 10 ms to start.  They are rolled in ten laps, with a quiet time before each: by ``replace()``, and beside it
by stopping and starting each, as one does without.  The last rows are the same roll with fewer workers in virtual time,
the interleaving drawn from 20 seeds, summed.

Targets: nothing lost, handled twice, out of a sender's order or refused; p99 of the answers during the laps at most
twice that of the quiet times.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from actors.testing import World
from supervisors import Supervisor, child
from supervisors.running import Running

from ..flow import Books, Flow, Worker
from ..harness import Context
from ..parts import PATIENCE, UNLIMITED, Total
from ..quantiles import p99
from ..virtual import SEEDS, in_virtual_time

GROUP = "apoptosis"
MAX_REPEAT = 3
WORKERS = 100
SENDERS = 9
RATE = 20_000.0
TICK = 0.001
WARM_UP = 0.01
WIND_UP = 0.005
SLOW = 5e6
"""Nanoseconds from which an answer counts as slow."""

LAPS = 10
QUIET = 0.2
"""Seconds before each lap."""

VIRTUAL_WORKERS = 20
VIRTUAL_RATE = 5_000.0
FAULTS = ("lost", "duplicated", "out of order", "refused")
Roll = Callable[[Running, str], Awaitable[None]]


async def replace(running: Running, id: str) -> None:
    """A successor is ready before the worker goes."""
    await running.replace(id)


async def stop_then_start(running: Running, id: str) -> None:
    """The worker goes, then its successor comes."""
    await running.terminate_child(id)
    await running.restart_child(id)


async def run(ctx: Context) -> None:
    """One repeat."""
    workers, quiet = ctx.size(WORKERS), QUIET * max(ctx.scale, 0.05)
    for name, roll in (("replace", replace), ("stop, start", stop_then_start)):
        books, steady, rolling = await press(roll, workers, RATE * workers / WORKERS, quiet)
        report(ctx, name, [books])
        ctx.report_all(f"answer, quiet, {name}", steady, "ns")
        ctx.report_all(f"answer, rolling, {name}", rolling, "ns")
        ctx.report(f"slow answers, rolling, {name}", sum(one > SLOW for one in rolling), "count")
        ctx.report(f"p99 rolling / quiet, {name}", p99(rolling) / p99(steady), "x")
    ctx.target("p99 rolling / quiet, replace", at_most=2)

    async def main(w: World) -> Books:
        return (await press(replace, ctx.size(VIRTUAL_WORKERS), VIRTUAL_RATE, 0.01))[0]

    report(ctx, "replace, virtual time", await in_virtual_time(main, range(ctx.size(SEEDS, 1))))
    for name in ("replace", "replace, virtual time"):
        for what in FAULTS:
            ctx.target(f"{what}, {name}", at_most=0, every=True)
            ctx.expect(f"{what}, {name}", ctx.figures[f"{what}, {name}"].samples, (0,))


def report(ctx: Context, name: str, runs: list[Books]) -> None:
    """What became of the messages of these runs, summed."""
    counts = [(*books.count(), books.refused) for books in runs]
    for what, *each in zip(FAULTS, *counts, strict=True):
        ctx.report(f"{what}, {name}", sum(each), "count")
    ctx.report(f"sent, {name}", sum(books.total for books in runs), "count", "higher")


async def press(roll: Roll, workers: int, rate: float, quiet: float) -> tuple[Books, list[float], list[float]]:
    """Send, and roll every worker in laps.  Returns the books and the answers of the quiet times and of the laps."""
    books, steady, rolling = Books(workers, SENDERS), list[float](), list[float]()
    children = [child(Worker, books, place, WARM_UP, WIND_UP, id=f"w{place}") for place in range(workers)]
    async with Supervisor("line", children, max_restarts=UNLIMITED).running(log=False) as running:
        refs = [running.ref(f"w{place}") for place in range(workers)]
        flow = Flow(books, refs, rate, TICK)
        sending = asyncio.create_task(flow.run())
        for lap in range(LAPS):
            books.turn_page(steady)
            await asyncio.sleep(quiet)
            books.turn_page(rolling)
            for place in range(lap, workers, LAPS):
                await roll(running, f"w{place}")
        flow.stop()
        await sending
        for ref in refs:
            await ref.ask(Total(), timeout=PATIENCE)
    return books, steady, rolling
