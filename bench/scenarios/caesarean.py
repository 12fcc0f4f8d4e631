"""Does every cell go on serving, restarting and shedding by itself when nothing that is systemic reaches it any more?

A child that is taken from the womb breathes although no hormone has told it to.  Here three hosts with a supervised
pool of three workers each serve at 70 % load; the workers share what they have served, sense stress, and know of each
other.  Then every packet of the tissue is lost for 60 s: no gossip, no membership, no hormones, on no host and between
none.  In that time a worker of each host crashes every other second, and for its second half twice as many requests
come as can be answered.  Real actors and supervisors, three systems in one world; 20 seeds.

``goodput``: requests answered within a second, as a share of those that came, or could have been answered by the
workers (whichever is less).  *ours*: a newborn asks its siblings what they know, and breathes after 0.2 s if nobody
answers; mailboxes are controlled (``CoDel``).  *waits*: newborns do not serve before a sibling has told them something,
as what was built on a registry does not; *no silence*: ours, with every packet delivered.

``known again``: seconds after the silence until all that was counted in it by those who still live is known everywhere.

Target: a goodput of at least 80 % in the silence, in every seed, and in its overloaded half as well.
"""

from __future__ import annotations

import asyncio
import itertools
import math
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

from actors import Actor, ActorError, ActorSystem, CoDel, Mailbox, Ref, handle
from actors.testing import World
from actors.tissue.crdt.counters import PNCounter
from supervisors import Pool, Supervisor, child
from supervisors.running import Running

from ..harness import Context
from ..load import Question, arrive
from ..parts import UNLIMITED, Crash, Provoked, Total
from ..quantiles import median
from ..virtual import SEEDS, in_virtual_time

GROUP = "tissue"
MAX_REPEAT = 1
HOSTS = ("north", "east", "south")
WORKERS = 3
JOB = 0.2
CAPACITY = WORKERS / JOB
LOAD, OVERLOAD = 0.7, 2.0
CALM = 5.0
SILENCE = 60.0
AFTER = 5.0
CRASH_EVERY = 2.0
TIMEOUT = 1.0
BREATH = 0.2
"""Seconds that a newborn waits for its siblings."""

LOOK = 0.25
PATIENCE = 120.0
FEW = 3
LEAST = 0.05
"""The share of the length that a smoke run has."""

WANTED = 80.0
CONTROLLED = Mailbox(control=CoDel(target=2 * JOB, interval=TIMEOUT / 2))
SERVICE = "service"


@dataclass(frozen=True, slots=True)
class Way:
    """Whether newborns serve although nobody has told them anything, and whether it falls silent."""

    breathes: bool = True
    is_silent: bool = True


OURS = "ours"
WAYS = {OURS: Way(), "waits": Way(breathes=False), "no silence": Way(is_silent=False)}


@dataclass(frozen=True, slots=True)
class Outcome:
    """One run: goodput in both halves of the silence and in all of it, restarts in it, and when all was known again."""

    steady: float
    overloaded: float
    whole: float
    restarts: int
    known: float


class Worker(Actor):
    """Does jobs, counts them for its siblings to know, and dies of a crash; a newborn asks them first."""

    def __init__(self, breathes: bool, rng: random.Random) -> None:
        self.breathes = breathes
        self.rng = rng

    async def started(self) -> None:
        self.served = self.contact.of(SERVICE).share("served", PNCounter)
        self.contact.sustain("stress", LOAD)
        if self.pid.incarnation > 1:
            while not await self.is_told() and not self.breathes:
                pass

    async def is_told(self) -> bool:
        """Wait a moment for the siblings; whether they have told anything."""
        await self.contact.of(SERVICE).warm(BREATH)
        if not self.served.value:
            await asyncio.sleep(0 if self.breathes else BREATH)
        return self.served.value > 0

    @handle
    async def question(self, message: Question) -> bool:
        await asyncio.sleep(self.rng.uniform(0.5 * JOB, 1.5 * JOB))
        self.served.add(1)
        return True

    @handle
    async def crash(self, message: Crash) -> None:
        raise Provoked

    @handle
    async def total(self, message: Total) -> int:
        return self.served.value


async def run(ctx: Context) -> None:
    """One repeat."""
    for name, way in list(WAYS.items())[: ctx.size(len(WAYS), 1)]:
        seeds = range(ctx.size(SEEDS if name == OURS else FEW, 1))
        outcomes = await in_virtual_time(scene(ctx, way, max(ctx.scale, LEAST)), seeds)
        for half in ("steady", "overloaded", "whole"):
            shares = [100 * float(getattr(each, half)) for each in outcomes]
            ctx.report(f"goodput, {name}, {half}", median(shares), "%", "higher")
            ctx.report(f"goodput, {name}, {half}, worst", min(shares), "%", "higher")
        ctx.report(f"restarts, {name}", median([each.restarts for each in outcomes]), "count")
        if name == OURS:
            ctx.report_all("known again, ours", [each.known for each in outcomes], "s")
            ctx.report("known again, ours, worst", max(each.known for each in outcomes), "s")
    for half in ("steady", "overloaded", "whole"):
        ctx.target(f"goodput, {OURS}, {half}, worst", at_least=WANTED)


def scene(ctx: Context, way: Way, share: float) -> Callable[[World], Awaitable[Outcome]]:
    """A run, with a silence of a ``share`` of the full length."""
    calm, half, after = math.ceil(CALM * share), math.ceil(SILENCE * share / 2), AFTER * share
    turned, ended = calm + half, calm + 2 * half
    loads = ((LOAD, turned), (OVERLOAD, ended), (LOAD, ended + after))

    async def main(w: World) -> Outcome:
        rng = random.Random(w.seed)
        async with AsyncExitStack() as stack:
            hosts = [await Host.start(stack, name, way, rng) for name in HOSTS]
            flows = asyncio.gather(*(host.flow(rng, loads) for host in hosts))
            await asyncio.sleep(calm - w.now())
            w.network.loss = 1.0 if way.is_silent else 0.0
            restarts = sum(await asyncio.gather(*(host.suffer(rng, 2 * half) for host in hosts)))
            await asyncio.sleep(ended - w.now())
            is_ours = way == WAYS[OURS]
            if is_ours:
                ctx.expect("hosts told each other in the silence", len(await known(hosts)) == 1, False)
            w.network.loss = 0.0
            while is_ours and len(await known(hosts)) != 1:
                ctx.expect("known again in time", w.now() < ended + PATIENCE, True)
                await asyncio.sleep(LOOK)
            took = w.now() - ended
            await flows
        steady, overloaded = range(calm, turned), range(turned, ended)
        shares = goodput(hosts, steady), goodput(hosts, overloaded), goodput(hosts, steady, overloaded)
        return Outcome(*shares, restarts, took)

    return main


class Host:
    """One host: its tree, and what came and was answered in each second."""

    def __init__(self, tree: Running) -> None:
        self.pool: Ref[Any] = tree.ref("pool")
        self.workers: list[Ref[Any]] = [tree.ref(f"pool/worker-{number + 1}") for number in range(WORKERS)]
        self.came: Counter[int] = Counter()
        self.answered: Counter[int] = Counter()

    @classmethod
    async def start(cls, stack: AsyncExitStack, name: str, way: Way, rng: random.Random) -> Host:
        """A system with its tree, until the stack is left."""
        system = await stack.enter_async_context(ActorSystem(name))
        worker = child(Worker, way.breathes, rng, id="worker", mailbox=CONTROLLED)
        pool = Pool("pool", worker, size=WORKERS, route="least_loaded", max_restarts=UNLIMITED)
        tree = Supervisor("host", [pool], max_restarts=UNLIMITED)
        return cls(await stack.enter_async_context(tree.running(system=system, log=False)))

    async def flow(self, rng: random.Random, loads: Iterable[tuple[float, float]]) -> None:
        """Requests at each load, a share of the capacity, until a time."""
        loop = asyncio.get_running_loop()

        async def request(_: float) -> None:
            second = int(loop.time())
            self.came[second] += 1
            try:
                await self.pool.ask(Question(), timeout=TIMEOUT)
            except ActorError:
                return
            self.answered[second] += 1

        for load, until in loads:
            await arrive(CAPACITY * load, until - loop.time(), rng, request)

    async def suffer(self, rng: random.Random, seconds: float) -> int:
        """Have a worker crash now and then; returns how often."""
        count = int(seconds / CRASH_EVERY)
        for _ in range(count):
            await asyncio.sleep(CRASH_EVERY)
            rng.choice(self.workers).tell(Crash())
        return count


async def known(hosts: list[Host]) -> set[int]:
    """How much was served, as far as the hosts know; one answer if they agree, and none if one is too busy to say."""
    asked = (worker.ask(Total(), timeout=TIMEOUT) for host in hosts for worker in host.workers[:1])
    try:
        return set(await asyncio.gather(*asked))
    except ActorError:
        return set()


def goodput(hosts: list[Host], *spans: range) -> float:
    """The share answered of what came in each span, or could have been answered."""
    answered = could = 0.0
    for host, seconds in itertools.product(hosts, spans):
        answered += sum(host.answered[second] for second in seconds)
        could += min(sum(host.came[second] for second in seconds), CAPACITY * len(seconds))
    return answered / could
