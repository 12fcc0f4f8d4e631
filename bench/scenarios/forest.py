"""Is there any cell, or any two, without which a service does not go on and is not whole again?

Three hosts.  On each a tree of four generations: a root, a supervisor, a pool, workers.  The pools are one group of six
workers (``Pool(size=Desired(6))``), and each root is run by a ``Standby`` of its own host, which adopts the tree again
if the root is dead.  One more tree, of which only one is to be there, is run by the three hosts together
(``Standby(hosts=...)``): its root and its cell live on whichever host has the lease.  So no cell is in charge.

Then they are killed, whatever hook or supervisor they have, one after another: every cell there is, every supervisor,
every root, every standby's cell, and then every pair of these, a twentieth of all pairs in each seed, so that all 20
kill all of them.  After each, the forest has 30 s to be whole again: six workers in their places, all roots, the one
tree once.
2 % of all packets are lost.  A client on each host asks the nearest worker (``toward``), a quarter of a second after it
has had the last answer, and waits for five seconds at most.  Real actors and supervisors in one world; 20 seeds.

- ``lost``: killings after which the forest was not whole again in 30 s; ``pairs killed``, in all seeds.
- ``whole again``: seconds; median and worst of all killings.  ``one tree, gap``: the longest time without it.
- ``two at once``: looks, twice a second, at which the one tree was seen twice.
- ``unanswered``: requests; ``answered at once``: within 0.1 s; ``longest silence``: seconds without an answer to any
  client.  Where two die that had all workers between them, there is none for as long as it takes to start others.

Targets: none lost, never two at once, none unanswered.
"""

from __future__ import annotations

import asyncio
import itertools
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

from actors import Actor, ActorError, ActorSystem, Ref, handle
from actors.keeper import places_of
from actors.testing import World
from supervisors import Desired, Pool, Standby, Supervisor, child

from ..harness import Context
from ..load import Question
from ..virtual import SEEDS, in_virtual_time

GROUP = "tissue"
MAX_REPEAT = 1
HOSTS = ("oak", "elm", "ash")
WORKERS = 6
LOSS = 0.02
START = 20.0
PATIENCE = 30.0
CALM = 1.0
"""Seconds for which it has to be whole before the next killing."""

BEAT = 0.25
AT_ONCE = 0.1
FEW = 3
"""Killings of a smoke run."""

LOOK = 0.5
TIMEOUT = 5.0
SHARES = SEEDS
"""Of so many parts of all pairs each seed kills one."""

TIMBER = "timber"


class Worker(Actor):
    """A source of what clients look for."""

    def started(self) -> None:
        self.contact.emit(TIMBER)

    @handle
    async def question(self, message: Question) -> str:
        return self.system.name


class Client(Actor):
    """Asks whoever is nearest."""

    @handle
    async def question(self, message: Question) -> bool:
        try:
            await self.toward(TIMBER).ask(message, timeout=TIMEOUT)
        except ActorError:
            return False
        return True


class King(Actor):
    """The cell of which there is one."""


@dataclass(slots=True)
class Books:
    """What became of it: of each killing the seconds until it was whole, and what was not in the end where it was not;
    how many were of pairs; the longest time without the one tree; looks at which there were two; how long requests
    took; those that were not answered; the longest time without an answer.
    """

    whole: list[float] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    pairs: int = 0
    gap: float = 0.0
    twice: int = 0
    waits: list[float] = field(default_factory=list)
    unanswered: int = 0
    silence: float = 0.0


class Forest:
    """The hosts, what lives on them, and who asks."""

    def __init__(self, books: Books) -> None:
        self.books = books
        self.systems: list[ActorSystem] = []
        self.own: list[Standby] = []
        self.one: list[Standby] = []
        self.groups = self.one, self.own
        self.clients: list[Ref[Any]] = []
        self.heard = START
        self._crowned = 0.0

    async def start(self, stack: AsyncExitStack) -> None:
        """Run everything, until the stack is left."""
        self.systems = [await stack.enter_async_context(ActorSystem(name)) for name in HOSTS]
        pool = Pool("pool", child(Worker, id="worker"), size=Desired(WORKERS, floor=1, ceiling=2 * WORKERS, scale=None))
        for system in self.systems:
            self.clients.append(await system.spawn(Client, name="client"))
            tree = Supervisor("app", [Supervisor("grove", [pool])])
            self.own.append(Standby(tree, system=system, group=f"app of {system.name}", log=False))
            king = Supervisor("realm", [child(King, id="king")])
            self.one.append(Standby(king, hosts=HOSTS, system=system, log=False))
        for standby in (*self.own, *self.one):
            await stack.enter_async_context(standby)

    def mortals(self) -> list[Ref[Any]]:
        """Every cell there is, but for the clients."""
        found = [cell.ref for system in self.systems for cell in system.roots()]
        found = [ref for ref in found if ref not in self.clients]
        for ref in found:
            found.extend(places_of(ref).values())
        return [ref for ref in found if ref.is_alive]

    def faults(self) -> list[str]:
        """What is not as it should be."""
        workers = Counter(ref.name for ref in self.mortals() if "/worker-" in ref.name)
        kings, roots = (
            sum(each.running is not None and each.running.is_alive for each in which) for which in self.groups
        )
        now = self.systems[0].now()
        self._crowned = now if kings else self._crowned
        self.books.gap = max(self.books.gap, now - self._crowned)
        self.books.twice += kings > 1
        return [
            f"{what}: {seen}, not {wanted}"
            for what, seen, wanted in (
                ("workers", workers.total(), WORKERS),
                ("places", len(workers), WORKERS),
                ("realms", kings, 1),
                ("roots", roots, len(HOSTS)),
            )
            if seen != wanted
        ]

    async def ask(self, client: Ref[Any]) -> None:
        """What one client does, again and again."""
        while True:
            await asyncio.sleep(BEAT)
            asked = self.systems[0].now()
            is_answered = await client.ask(Question(), timeout=2 * TIMEOUT)
            now = self.systems[0].now()
            self.books.waits.append(now - asked)
            self.books.unanswered += not is_answered
            if is_answered:
                self.books.silence = max(self.books.silence, now - self.heard)
                self.heard = now

    async def survive(self, *victims: Ref[Any]) -> None:
        """Kill these, and wait until all is well again."""
        books, now = self.books, self.systems[0].now
        for victim in victims:
            victim.kill()
        began = last = now()
        while now() < min(began + PATIENCE, last + CALM):
            await asyncio.sleep(LOOK)
            faults = self.faults()
            if faults:
                last = now()
        books.whole.append(last - began)
        books.pairs += len(victims) == 2
        if last >= began + PATIENCE:
            books.lost.append(f"{', '.join(victim.name for victim in victims)}: {'; '.join(faults)}")


async def run(ctx: Context) -> None:
    """One repeat."""
    most = FEW if ctx.is_quick else None
    books = await in_virtual_time(scene(most), range(ctx.size(SEEDS, 1)))
    whole = [took for each in books for took in each.whole]
    ctx.report("killings", len(whole), "count", "higher")
    ctx.report("pairs killed", sum(each.pairs for each in books), "count", "higher")
    ctx.report("lost", sum(len(each.lost) for each in books), "count")
    ctx.report("two at once", sum(each.twice for each in books), "count")
    ctx.report_all("whole again", whole, "s")
    ctx.report("whole again, worst", max(whole), "s")
    ctx.report_all("one tree, gap", [each.gap for each in books], "s")
    ctx.report("one tree, gap, worst", max(each.gap for each in books), "s")
    waits = [wait for each in books for wait in each.waits]
    ctx.report("requests", len(waits), "count", "higher")
    ctx.report("unanswered", sum(each.unanswered for each in books), "count")
    ctx.report("answered at once", 100 * sum(wait <= AT_ONCE for wait in waits) / len(waits), "%", "higher")
    ctx.report_all("longest silence", [each.silence for each in books], "s")
    ctx.report("longest silence, worst", max(each.silence for each in books), "s")
    for name in ("lost", "two at once", "unanswered"):
        ctx.target(name, at_most=0)


def address(ref: Ref[Any]) -> str:
    """By what a cell is called here: its name, and its host too, where every host has one."""
    is_one = ref.name.startswith("realm") or "/worker-" in ref.name
    return ref.name if is_one else f"{ref.name}@{ref.system.name}"


def scene(most: int | None) -> Callable[[World], Awaitable[Books]]:
    """A run in which every cell is killed, and this seed's share of the pairs; ``most``: no more than so many."""

    async def main(w: World) -> Books:
        w.network.loss = LOSS
        forest, rng = Forest(Books()), random.Random(w.seed)
        async with AsyncExitStack() as stack:
            await forest.start(stack)
            await asyncio.sleep(START)
            asking = [asyncio.create_task(forest.ask(client)) for client in forest.clients]
            await asyncio.sleep(CALM)
            kinds = sorted(address(ref) for ref in forest.mortals())
            pairs = list(itertools.combinations(kinds, 2))[w.seed % SHARES :: SHARES]
            rng.shuffle(pairs)
            for names in [*((name,) for name in kinds), *pairs][:most]:
                there = {address(ref): ref for ref in forest.mortals()}
                await forest.survive(*(there[name] for name in names if name in there))
            for task in asking:
                task.cancel()
        return forest.books

    return main
