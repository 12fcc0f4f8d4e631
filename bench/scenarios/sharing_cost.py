"""What does it cost a cell to keep its siblings warm, when nothing happens and when something does?

Ten siblings hold 20 sessions each in common, period 0.2 s, and all know all.  Then nothing changes; or one of them, or
each of the ten, changes 1 or 5 sessions a second, at random moments.  Counted is the processor time of the cores alone
(ticks, packets and changes; not the transport) in 60 s of virtual time, shared among the ten cells, and their packets.

Target: 1,000 quiet cells on one loop take at most 5 % of it.
"""

from __future__ import annotations

import asyncio
import random
import time
from typing import Any, NamedTuple

from actors.messages import Pid
from actors.testing.arena import Arena
from actors.tissue.core import Effect
from actors.tissue.crdt.orset import ORMap
from actors.tissue.state.contact_state import ContactState

from ..harness import Context

GROUP = "tissue"
CELLS = 10
SESSIONS = 20
SPAN = 60.0
SETTLING = 10.0
MANY = 1000


class Metered:
    """A core, and the processor time that it has taken, in ns."""

    def __init__(self, core: ContactState) -> None:
        self.core = core
        self.spent = 0

    @property
    def due(self) -> float:
        """When it is to be called next."""
        return self.core.due

    def tick(self, now: float) -> list[Effect]:
        """Do what is due."""
        began = time.thread_time_ns()
        effects = self.core.tick(now)
        self.spent += time.thread_time_ns() - began
        return effects

    def receive(self, sender: Pid, kind: str, body: Any, now: float) -> list[Effect]:
        """A packet has arrived."""
        began = time.thread_time_ns()
        effects = self.core.receive(sender, kind, body, now)
        self.spent += time.thread_time_ns() - began
        return effects

    def put(self, number: int, value: float, now: float) -> list[Effect]:
        """Change a session."""
        began = time.thread_time_ns()
        sessions = self.core.share("sessions", ORMap)
        sessions.put(f"{self.core.pid.name}/{number}", {"user": number, "seen": value}, now)
        self.spent += time.thread_time_ns() - began
        return []


class Cost(NamedTuple):
    """Of one cell in one second: processor time, packets and their bytes."""

    nanoseconds: float
    packets: float
    size: float


async def run(ctx: Context) -> None:
    """One repeat."""
    await asyncio.to_thread(weigh, ctx)


def weigh(ctx: Context) -> None:
    """All cases; away from the loop."""
    quiet = cost(ctx, 0, 0.0)
    ctx.report("a cell and second, quiet", quiet.nanoseconds, "ns")
    ctx.report("packets a cell and second, quiet", quiet.packets, "count")
    ctx.report("bytes a packet, quiet", quiet.size / max(quiet.packets, 1e-9), "B")
    ctx.report(f"{MANY:,} quiet cells, of one core", quiet.nanoseconds * MANY / 1e9 * 100, "%")
    ctx.target(f"{MANY:,} quiet cells, of one core", at_most=5.0)
    for who, busy in (("one", 1), ("each", CELLS)):
        for rate in (1.0,) if ctx.is_quick else (1.0, 5.0):
            found = cost(ctx, busy, rate)
            name = f"{who} of {CELLS} changes {rate:g} a second"
            ctx.report(f"a cell and second, {name}", found.nanoseconds, "ns")
            ctx.report(f"packets a cell and second, {name}", found.packets, "count")


def cost(ctx: Context, busy: int, rate: float) -> Cost:
    """What a cell takes if so many change so much."""
    names, held, span = [f"worker-{number}" for number in range(CELLS)], ctx.size(SESSIONS, 1), 2.0
    if not ctx.is_quick:
        span = SPAN
    arena: Arena[Metered] = Arena(ctx.turn, strict=True)
    for name in names:
        arena.add(name, lambda pid, rng, now: Metered(ContactState(pid, rng, now, peers=names)))
    for name in names:
        for number in range(held):
            arena.tell(name, lambda cell, now, number=number: cell.put(number, now, now))  # type: ignore[misc]
    arena.run(SETTLING)
    for cell in arena.cells.values():
        cell.spent = 0
    packets, size = arena.packets.total(), arena.bytes.total()
    rng = random.Random(ctx.turn)
    for name in names[:busy]:
        change(arena, name, rng, rate, held)
    arena.run(SETTLING + span)
    known = {len(cell.core.share("sessions", ORMap)) for cell in arena.cells.values()}
    ctx.expect("sessions that each cell holds", known, {CELLS * held})
    each = CELLS * span
    return Cost(
        sum(cell.spent for cell in arena.cells.values()) / each,
        (arena.packets.total() - packets) / each,
        (arena.bytes.total() - size) / each,
    )


def change(arena: Arena[Metered], name: str, rng: random.Random, rate: float, held: int) -> None:
    """Change a session of that cell after a while, and so on."""

    def act() -> None:
        arena.tell(name, lambda cell, now: cell.put(rng.randrange(held), now, now))
        change(arena, name, rng, rate, held)

    arena.at(arena.now + rng.expovariate(rate), act)
