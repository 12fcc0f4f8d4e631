"""How much of its capacity does a service still deliver when it is offered once, twice, five times as much?

A pool of 20 workers that take 10 to 30 ms for a request, 1,000 requests a second in all, is asked at random moments
(Poisson) with a deadline of a second: with controlled mailboxes (``CoDel``), with plain ones, and beside them a single
actor that takes 0.5 to 1.5 ms for each.  Goodput is what was answered in time, as a share of the capacity; unloaded is
a tenth of it.  Virtual time; medians of the seeds, and of the controlled pool the worst of 20.

Targets for the controlled pool at 1, 2, 5 times the capacity: goodput at least 95, 90, 80 %; p99 of the answers at most
3 times the unloaded.  The single actor is shown for a limit that no queue can lift: at exactly its capacity, a queue
that is kept short enough for its p99 runs empty now and then, and what was shed before is missing.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from actors import ActorError, CoDel, Mailbox
from actors.testing import World
from supervisors import Pool, child

from ..harness import Context
from ..load import Question, Server, arrive
from ..quantiles import median, p99
from ..virtual import SEEDS, in_virtual_time

GROUP = "overload"
MAX_REPEAT = 1
CAPACITY = 1_000.0
WORKERS = 20
SECONDS = 5.0
SETTLING = 1.0
"""Virtual seconds at the beginning that are not counted."""

TIMEOUT = 1.0
FEW = 5
"""Seeds for what is only shown beside it."""

WANTED = {1: 95.0, 2: 90.0, 5: 80.0}
TIMES_UNLOADED = 3.0
UNLOADED = 0.1


@dataclass(frozen=True, slots=True)
class Service:
    """A pool of so many workers, each behind such a mailbox; all together always have the same capacity."""

    workers: int
    mailbox: Mailbox


CONTROLLED = Mailbox(control=CoDel())
SERVICES = {
    "controlled": Service(WORKERS, CONTROLLED),
    "plain": Service(WORKERS, Mailbox()),
    "one actor, controlled": Service(1, CONTROLLED),
    "one actor, plain": Service(1, Mailbox()),
}


async def run(ctx: Context) -> None:
    """One repeat."""
    share = max(0.02, ctx.scale)
    for name, service in SERVICES.items():
        judged = name == "controlled"
        seeds = range(ctx.size(SEEDS if judged else FEW, 1))
        idle = median([tail for _, tail in await in_virtual_time(scene(service, UNLOADED, share), seeds)])
        ctx.report(f"p99 unloaded, {name}", 1e9 * idle, "ns")
        for load, wanted in WANTED.items():
            outcomes = await in_virtual_time(scene(service, load, share), seeds)
            goodputs = [100 * goodput for goodput, _ in outcomes]
            tails = [tail / idle for _, tail in outcomes]
            ctx.report(f"goodput at {load}x, {name}", median(goodputs), "%", "higher")
            ctx.report(f"p99 at {load}x / unloaded, {name}", median(tails), "x")
            if judged:
                ctx.report(f"goodput at {load}x, worst", min(goodputs), "%", "higher")
                ctx.report(f"p99 at {load}x / unloaded, worst", max(tails), "x")
                ctx.target(f"goodput at {load}x, worst", at_least=wanted)
                ctx.target(f"p99 at {load}x / unloaded, worst", at_most=TIMES_UNLOADED)


def scene(service: Service, load: float, share: float) -> Callable[[World], Awaitable[tuple[float, float]]]:
    """A run at ``load`` times the capacity for a ``share`` of the full time.

    Returns the goodput (1: all of the capacity) and the p99 (s) of the answers.
    """
    settling, seconds = SETTLING * share, SECONDS * share

    async def main(w: World) -> tuple[float, float]:
        rng = random.Random(w.seed)
        mean = service.workers / CAPACITY
        worker = child(Server, lambda: rng.uniform(0.5 * mean, 1.5 * mean), id="worker", mailbox=service.mailbox)
        answers: list[float] = []
        async with Pool("pool", worker, size=service.workers, route="least_loaded").running(log=False) as running:
            pool = running.ref("")

            async def request(_: float) -> None:
                began = w.now()
                try:
                    await pool.ask(Question(), timeout=TIMEOUT)
                except ActorError:
                    return
                if settling <= w.now() < settling + seconds:
                    answers.append(w.now() - began)

            await arrive(CAPACITY * load, settling + seconds, rng, request)
        return len(answers) / (CAPACITY * seconds), p99(answers or [TIMEOUT])

    return main
