"""Does a service find its way back when its cache is emptied, or is the backend kept down for ever by what is missing?

Ten workers answer 300 requests a second for 150 keys (Zipf, exponent 1) from a cache before a backend that does 30 jobs
a second and, while the cache is warm, is asked for 70 % and 85 % of that; values live for seconds.  After 10 s all
caches are empty at once.  Whoever asks waits a second for an answer, and tries four times.  A backend with a longer
queue than that works for those who have gone; what it computes is not stored, and is asked for again: a metastable
failure (Bronson et al., *Metastable Failures in Distributed Systems*, HotOS 2021).

- *naive*: one cache for all, which every worker looks into, and fills when its own question to the backend has been
  answered in time; retries with full jitter.  *single flight*: and each worker asks for a key once at a time.
- *ours*: the cooperative cache, so that one in the fleet asks for a key at a time; the backend's mailbox is controlled
  (``CoDel``: a message may wait for ten jobs in a standing queue), and retries have a ``RetryBudget``.
- *cache alone*, *queue alone*: ours, but with a plain backend and no budget; the naive cache with both of these.

``back``: virtual seconds after the flush until in five seconds in a row 95 % of the requests that came were answered;
40, which is all that was looked at, for never.  ``before``: what was answered before the flush, ``busy``: how much of
what the backend can do it did then.  Virtual time; medians, of ours the worst of 20 seeds.

Targets: ours back within 10 s at 1.1 attempts a request at most, counted from the flush on; naive and single flight
never (both at 50 %: above, they are not well even before).
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from itertools import accumulate
from typing import Protocol

from actors import ActorError, CoDel, Mailbox, Retry, RetryBudget
from actors.testing import World
from actors.tissue.mycorrhiza.cache_config import CacheConfig

from ..fleet import Fleet
from ..harness import Context
from ..load import Question, Server, arrive
from ..quantiles import median
from ..virtual import SEEDS, in_virtual_time
from .metastable import back_after

GROUP = "tissue"
MAX_REPEAT = 1
WORKERS = 10
KEYS = 150
RATE = 300.0
CAPACITY = 30.0
LOADS = (0.7, 0.85)
EASY = (0.5,)
"""Above, the naive ones are not well even before."""

WARM_UP = 5
"""Seconds in which the backend is fast, and all fill up."""

CALM = 10
HORIZON = 40
TIMEOUT = 1.0
ATTEMPTS = 4
BASE, CAP = 0.1, 2.0
FAILURES = (ActorError, TimeoutError)
FEW = 2
NEVER = ("single flight", "naive")
WEIGHTS = [1 / rank for rank in range(1, KEYS + 1)]


@dataclass(frozen=True, slots=True)
class Way:
    """How workers cache, and how they and the backend deal with each other."""

    cache: str
    is_controlled: bool
    loads: tuple[float, ...] = LOADS


OURS = "ours"
WAYS = {
    OURS: Way("cooperative", True),
    "cache alone": Way("cooperative", False),
    "queue alone": Way("naive", True),
    "single flight": Way("single flight", False, EASY),
    "naive": Way("naive", False, EASY),
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """One run; see the module's text."""

    before: float
    busy: float
    back: float
    at_the_end: float
    attempts: float


class Cache(Protocol):
    """What answers a request."""

    async def get(self, worker: int, key: str) -> None:
        """Wait until the value is there."""

    def flush(self) -> None:
        """Empty it."""


class Shared:
    """One cache for all, as a process beside the workers; ``flights``: each worker asks for a key once at a time."""

    def __init__(self, load: Callable[[str], Awaitable[float]], has_flights: bool) -> None:
        self._load = load
        self._has_flights = has_flights
        self._until: dict[str, float] = {}
        self._flights: dict[tuple[int, str], asyncio.Task[None]] = {}

    def flush(self) -> None:
        """Empty it."""
        self._until.clear()

    async def get(self, worker: int, key: str) -> None:
        """Wait until the value is there."""
        if self._until.get(key, 0.0) > asyncio.get_running_loop().time():
            return
        if not self._has_flights:
            await self._fill(key)
            return
        flight = self._flights.get((worker, key))
        if flight is None:
            flight = self._flights[worker, key] = asyncio.create_task(self._fill(key))
            flight.add_done_callback(lambda done: (self._flights.pop((worker, key)), done.exception()))
        await asyncio.shield(flight)

    async def _fill(self, key: str) -> None:
        lives = await self._load(key)
        self._until[key] = asyncio.get_running_loop().time() + lives


class Cooperative:
    """The cooperative cache of a fleet."""

    def __init__(self, seed: int, load: Callable[[str], Awaitable[float]]) -> None:
        self._fleet = Fleet(seed, WORKERS, CacheConfig(), load)
        self._workers = list(self._fleet.workers.values())
        self.flush = self._fleet.flush

    async def get(self, worker: int, key: str) -> None:
        """Wait until the value is there."""
        await self._workers[worker].get(key)


async def run(ctx: Context) -> None:
    """One repeat."""
    horizon = ctx.size(HORIZON, 5)
    cases = [(name, way, load) for name, way in WAYS.items() for load in way.loads]
    for name, way, load in cases[: ctx.size(len(cases), 1)]:
        seeds = ctx.size(SEEDS if name == OURS else FEW, 1)
        outcomes = await in_virtual_time(scene(way, load, horizon), range(seeds))
        case = f"{load * 100:g} %, {name}"
        report(ctx, case, outcomes)
        if name == OURS:
            ctx.target(f"{case}: back, worst", at_most=10)
            ctx.target(f"{case}: attempts, worst", at_most=1.1)
        if name in NEVER:
            ctx.target(f"{case}: back, best", at_least=HORIZON)


def report(ctx: Context, name: str, outcomes: list[Outcome]) -> None:
    """The medians of the seeds, and the ends that matter."""
    for what in ("before", "busy", "at_the_end"):
        ctx.report(f"{name}: {what}", 100 * median([float(getattr(each, what)) for each in outcomes]), "%", "higher")
    back, attempts = [each.back for each in outcomes], [each.attempts for each in outcomes]
    ctx.report(f"{name}: back", median(back), "s")
    ctx.report(f"{name}: attempts", median(attempts), "x")
    if name.endswith(OURS):
        ctx.report(f"{name}: back, worst", max(back), "s")
        ctx.report(f"{name}: attempts, worst", max(attempts), "x")
    if name.endswith(NEVER):
        ctx.report(f"{name}: back, best", min(back), "s", "higher")


def lifetime(load: float) -> float:
    """Seconds that values have to live for the misses to be that share of the backend's capacity."""
    rates = [RATE * weight / sum(WEIGHTS) for weight in WEIGHTS]
    low, high = 0.1, 1000.0
    for _ in range(50):
        middle = (low + high) / 2
        misses = sum(1 / (middle + 1 / rate) for rate in rates)
        low, high = (middle, high) if misses > load * CAPACITY else (low, middle)
    return high


def scene(way: Way, load: float, horizon: int) -> Callable[[World], Awaitable[Outcome]]:
    """A run of one way, looked at for ``horizon`` seconds after the flush."""
    lives, flushed = lifetime(load), WARM_UP + CALM
    cumulated = list(accumulate(WEIGHTS))
    mailbox = Mailbox(control=CoDel(target=10 / CAPACITY, interval=TIMEOUT / 2)) if way.is_controlled else Mailbox()

    async def main(w: World) -> Outcome:
        rng = random.Random(w.seed)
        jobs = 0

        def takes() -> float:
            nonlocal jobs
            jobs += WARM_UP <= w.now() < flushed
            return 1 / CAPACITY if w.now() >= WARM_UP else 0.001

        server = await w.spawn(Server, takes, mailbox=mailbox)

        async def load_value(key: str) -> float:
            await server.ask(Question(), timeout=TIMEOUT)
            return lives * rng.uniform(0.5, 1.5)

        is_cooperative, has_flights = way.cache == "cooperative", way.cache == "single flight"
        cache: Cache = Cooperative(w.seed, load_value) if is_cooperative else Shared(load_value, has_flights)
        policy = Retry(ATTEMPTS, BASE, CAP, FAILURES)
        budget = RetryBudget() if way.is_controlled else None
        came, answered = [0] * (flushed + horizon), [0] * (flushed + horizon)
        requests = attempts = 0

        async def request(now: float) -> None:
            nonlocal requests, attempts
            came[int(now)] += 1
            requests += now >= flushed
            worker, key = rng.randrange(WORKERS), str(rng.choices(range(KEYS), cum_weights=cumulated)[0])

            async def attempt() -> None:
                nonlocal attempts
                attempts += now >= flushed
                async with asyncio.timeout(TIMEOUT):
                    await cache.get(worker, key)

            try:
                await policy.call(attempt, budget=budget, rng=rng)
            except FAILURES:
                return
            answered[int(now)] += 1

        asyncio.get_running_loop().call_later(flushed, cache.flush)
        await arrive(RATE, flushed + horizon, rng, request)
        shares = [some / of if of else 1.0 for some, of in zip(answered, came, strict=True)]
        before = sum(answered[WARM_UP:flushed]) / sum(came[WARM_UP:flushed])
        busy = jobs / (CALM * CAPACITY)
        return Outcome(before, busy, back_after(shares[flushed:]), sum(shares[-10:]) / 10, attempts / requests)

    return main
