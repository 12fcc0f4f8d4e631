"""What becomes of a pool over six hosts of which half burn at once, and of the rest when the network is cut, and heals?

One tree runs on six hosts, with one pool in it of twelve workers in all (``Pool(size=Desired(12))``), of which nobody
is in charge: what is wanted and who fills which place is contact state among the hosts.  2 % of all packets are lost
throughout.  At 15 s three hosts are gone, without a word.  At 55 s the network is cut between one of the others and the
other two, and each side repairs the pool for itself; at 105 s it heals.  Meanwhile a client on every living host asks
the pool there twice a second, and every fifth answer is a session that the workers share.  Real actors and supervisors,
six systems in one world; 20 seeds, medians and worst.

- ``noticed``: seconds after the fire until every host that lives knows of all that do not; who sees half of its world
  go doubts itself first (Lifeguard), and asks for longer.  ``repaired``: seconds after that until twelve workers serve.
- ``workers started, of those that died``.
- ``doubles gone``: seconds after the healing until every place has one worker.
- ``served``: requests answered within a second: before, from the fire to the cut, in the cut, after the healing.
- ``sessions lost``: of those that were acknowledged at least a second before the fire, or after it, those that any
  living worker does not know in the end.
- ``dark``: seconds in which no worker at all lived on the hosts that did, looked at twice a second.

Targets, in every seed: repaired within 4 s (a turn of 1 s, two periods, and one for the surge limit: a quarter of the
pool a second); at most 1.2 workers started a death; doubles gone within 32 s (the dead are dialled again each 30 s;
then two settle periods); 99 % served in each phase; no session lost; never dark.
"""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

from actors import Actor, ActorError, ActorSystem, Ref, handle
from actors.contact.events import Felt
from actors.testing import World
from actors.tissue.crdt.orset import ORMap
from actors.tissue.swim.updates import Dead
from supervisors import Desired, Pool, Supervisor, child
from supervisors.errors import NoSuchPath
from supervisors.repair.events import Claimed
from supervisors.running import Running

from ..harness import Context
from ..quantiles import median
from ..virtual import SEEDS, in_virtual_time

GROUP = "tissue"
MAX_REPEAT = 1
HOSTS = 6
EACH = 2
"""Workers that are wanted, a host."""

LOSS = 0.02
FIRE, CUT, HEALED, CALM, END = 15.0, 55.0, 105.0, 120.0, 130.0
"""From ``CALM`` on nobody asks any more."""

JOB = 0.01
TIMEOUT = 1.0
BEAT = 0.5
SESSION = 5
PHASES = {"before": (10.0, FIRE), "fire": (FIRE, CUT), "cut": (CUT, HEALED), "healed": (HEALED, CALM)}
REPAIRED, SINGLE, SERVED, SPAWNS = 4.0, 32.0, 99.0, 1.2


@dataclass(frozen=True, slots=True)
class Ask:
    """A request; ``session``: to be remembered."""

    session: int | None = None


class Known:
    """Asks which sessions a worker knows."""


class Worker(Actor):
    """Answers, and shares what it is to remember."""

    async def started(self) -> None:
        self.sessions = self.contact.of("sessions").share("sessions", ORMap)
        await self.contact.of("sessions").warm()

    @handle
    async def ask(self, message: Ask) -> None:
        await asyncio.sleep(JOB)
        if message.session is not None:
            self.sessions.put(message.session, True)

    @handle
    async def known(self, message: Known) -> set[Any]:
        return set(self.sessions.value)


@dataclass(slots=True)
class Books:
    """What came and was answered in each phase, the sessions that were acknowledged and when, and what was started."""

    came: Counter[str] = field(default_factory=Counter)
    answered: Counter[str] = field(default_factory=Counter)
    sessions: dict[int, float] = field(default_factory=dict)
    claimed: int = 0
    noticed: float = 0.0
    numbers: Any = field(default_factory=itertools.count)


@dataclass(frozen=True, slots=True)
class Outcome:
    """One run; see the module's text."""

    noticed: float
    repaired: float
    spawns: float
    single: float
    served: dict[str, float]
    lost: int
    dark: float


class Host:
    """A system with the tree, and a client; :meth:`burn` is its end."""

    def __init__(self, system: ActorSystem, wanted: int, books: Books) -> None:
        self.system = system
        self.wanted = wanted
        self.books = books
        self.tree: Running
        self._stack = AsyncExitStack()
        self._client: asyncio.Task[None]

    async def start(self) -> None:
        """Run the tree."""
        worker = child(Worker, id="worker")
        pool = Pool("pool", worker, size=Desired(self.wanted, floor=1, ceiling=2 * self.wanted, scale=None))
        tree = Supervisor("app", [pool]).running(system=self.system, log=False)
        self.system.events.subscribe(self._note)
        self.tree = await self._stack.enter_async_context(tree)
        self._client = asyncio.create_task(self._ask())

    async def burn(self) -> None:
        """Nobody hears of it any more."""
        self._client.cancel()
        await self._stack.aclose()
        await self.system.close()

    def workers(self) -> dict[int, Ref[Any]]:
        """The workers that live here, by place."""
        found = {}
        for place in range(self.wanted):
            try:
                ref = self.tree.ref(f"pool/worker-{place + 1}")
            except NoSuchPath:
                continue
            if ref.is_alive:
                found[place] = ref
        return found

    def _note(self, event: object) -> None:
        self.books.claimed += isinstance(event, Claimed)
        if isinstance(event, Felt) and isinstance(event.event, Dead) and self.system.now() < CUT:
            self.books.noticed = self.system.now() - FIRE

    async def _ask(self) -> None:
        """What a client does."""
        books, pool, now = self.books, self.tree.ref("pool"), self.system.now
        while now() < CALM:
            await asyncio.sleep(BEAT)
            number = next(books.numbers)
            phase = next((name for name, (since, until) in PHASES.items() if since <= now() < until), "")
            books.came[phase] += 1
            session = number if number % SESSION == 0 else None
            try:
                await pool.ask(Ask(session), timeout=TIMEOUT)
            except ActorError:
                continue
            books.answered[phase] += 1
            if session is not None:
                books.sessions[session] = now()


async def run(ctx: Context) -> None:
    """One repeat."""
    outcomes = await in_virtual_time(scene(ctx.size(HOSTS, 3)), range(ctx.size(SEEDS, 1)))
    rows = {
        "noticed": ([each.noticed for each in outcomes], "s", None),
        "repaired": ([each.repaired for each in outcomes], "s", REPAIRED),
        "workers started, of those that died": ([each.spawns for each in outcomes], "x", SPAWNS),
        "doubles gone": ([each.single for each in outcomes], "s", SINGLE),
        "sessions lost": ([float(each.lost) for each in outcomes], "count", 0),
        "dark": ([each.dark for each in outcomes], "s", 0),
    }
    for name, (values, unit, most) in rows.items():
        ctx.report(name, median(values), unit)
        ctx.report(f"{name}, worst", max(values), unit)
        if most is not None:
            ctx.target(f"{name}, worst", at_most=most)
    for phase in PHASES:
        shares = [100 * each.served[phase] for each in outcomes]
        ctx.report(f"served, {phase}", median(shares), "%", "higher")
        ctx.report(f"served, {phase}, worst", min(shares), "%", "higher")
        ctx.target(f"served, {phase}, worst", at_least=SERVED)


def scene(count: int) -> Callable[[World], Awaitable[Outcome]]:
    """A run with so many hosts."""

    async def main(w: World) -> Outcome:
        w.network.loss = LOSS
        books = Books()
        systems = [await ActorSystem(f"host-{number}").__aenter__() for number in range(count)]
        for system in systems:
            assert system.site.name == system.name  # made here, so all know of each other before they start anything
        hosts = [Host(system, count * EACH, books) for system in systems]
        await asyncio.gather(*(host.start() for host in hosts))
        watch = Watch(hosts, count * EACH)
        await watch.until(w, FIRE)
        burning, rest = hosts[: count // 2], hosts[count // 2 :]
        died, before = sum(len(host.workers()) for host in burning), books.claimed
        w.network.partition(*([f"@{host.system.name}"] for host in burning), [f"@{host.system.name}" for host in rest])
        watch.hosts = rest
        burnt = asyncio.gather(*(host.burn() for host in burning))
        await watch.until(w, CUT)
        spawns = (books.claimed - before) / died
        await burnt
        w.network.partition(*([f"@{host.system.name}" for host in side] for side in (rest[:1], rest[1:])))
        await watch.until(w, HEALED)
        w.network.heal()
        await watch.until(w, END)
        known = await asyncio.gather(*(ref.ask(Known()) for host in rest for ref in host.workers().values()))
        served = {phase: books.answered[phase] / books.came[phase] for phase in PHASES}
        kept = {number for number, when in books.sessions.items() if not FIRE - 1 < when <= FIRE}
        noticed, whole = books.noticed, watch.short_until(FIRE, CUT)
        await asyncio.gather(*(host.burn() for host in rest))
        lost = len(kept - set.intersection(*known))
        return Outcome(
            noticed, max(0.0, whole - noticed), spawns, watch.double_until(HEALED), served, lost, watch.dark * BEAT
        )

    return main


class Watch:
    """Looks at which of the ``wanted`` places are filled on ``hosts``.  ``dark``: how often it saw none."""

    def __init__(self, hosts: Iterable[Host], wanted: int) -> None:
        self.hosts = hosts
        self.wanted = wanted
        self.dark = 0
        self._short: list[float] = []
        self._double: list[float] = []

    async def until(self, w: World, when: float) -> None:
        """Look until then."""
        while w.now() < when:
            await asyncio.sleep(min(BEAT, max(when - w.now(), 1e-3)))
            filled = Counter(itertools.chain.from_iterable(host.workers() for host in self.hosts))
            self.dark += not filled and w.now() >= PHASES["before"][0]
            if len(filled) < self.wanted:
                self._short.append(w.now())
            if filled.total() > len(filled):
                self._double.append(w.now())

    def short_until(self, since: float, until: float) -> float:
        """Seconds after ``since`` for which places were empty."""
        return max([0.0, *(when - since for when in self._short if since <= when < until)])

    def double_until(self, since: float) -> float:
        """Seconds after ``since`` for which places were filled twice."""
        return max([0.0, *(when - since for when in self._double if when >= since)])
