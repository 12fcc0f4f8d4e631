"""How many successors does one death start, when 3, 8 or 20 witnesses notice it and nobody decides?

A member of a group dies with its host, and each of the surviving hosts notices it at a moment of its own within one
second.  They share claims by contact state (gossip each 0.2 s to three others, packets of 0.5 to 2 ms).  *Naive*:
whoever finds the place empty fills it.  *Random*: it waits for U(0, 3 s) first, and looks again.  *Too early*: the
witness of rank r waits r delta + U(0, delta / 4), delta 1 s, though gossip takes as long to reach twenty.  *By gossip
alone*, ours where claims are not told at once, adds to delta what gossip takes (``gossip`` 0.2 s).  *Ranked*, ours as
it comes, waits as the first, and tells all peers of its claim at once (``flush``) rather than three at a time.  All are
the same core but for that, with no settle period; in the row with one, ours is as it comes, and the group is whole
again when the successor has come up, which takes 0.5 s.  Virtual time, 30 deaths of each kind (20 with a settle
period), each from a seed of its own; the figures are means, as those of the reference are, and the worst death.

Targets: ranked, and by gossip alone, at most 1.2 spawns a death at 3, 8 and 20 witnesses, and the group is whole again
within the second in which it is noticed + delta + boot + 2 periods, the longer delta notwithstanding.
References (a simulation made before): naive 1.85, 3.40, 7.00; random 1.28, 1.66, 2.26; ranked 1.05, 1.05, 1.04, the
first after 0.49 s.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import replace

from actors.messages import Pid
from actors.testing.arena import Arena
from actors.tissue.repair.desired import LAN, Desired, ReconcileConfig, Spawn
from actors.tissue.repair.groups import Group
from actors.tissue.repair.reconcile import Reconciler

from ..harness import Context
from ..virtual import SEEDS
from ..witness import Witness

GROUP = "tissue"
MAX_REPEAT = 1
WITNESSES = (3, 8, 20)
DEATHS = 30
NOTICED_WITHIN = 1.0
RANDOM_WAIT = 3.0
BOOT = 0.5
WHOLE_WITHIN = NOTICED_WITHIN + LAN.delta + BOOT + 2 * LAN.period
"""Seconds."""

BEFORE = 8.0
"""Seconds until the group is whole and quiet."""

PATIENCE = 6.0
AT_ONCE = replace(LAN, settle=0.0)
PERIOD = 0.2
"""Of gossip."""

WAITING = replace(AT_ONCE, gossip=PERIOD)
BY_GOSSIP = "by gossip alone"


class Naive(Reconciler):
    """Fills an empty place as soon as it sees one."""

    longest = 0.0

    def _patience(self, group: Group, slot: int) -> float:
        return self._rng.random() * self.longest


class Random(Naive):
    """Waits for a random time first."""

    longest = RANDOM_WAIT


KINDS: dict[str, tuple[type[Reconciler], ReconcileConfig, bool]] = {
    "naive": (Naive, AT_ONCE, False),
    "random": (Random, AT_ONCE, False),
    "too early": (Reconciler, AT_ONCE, False),
    BY_GOSSIP: (Reconciler, WAITING, False),
    "ranked": (Reconciler, AT_ONCE, True),
}
"""How they wait, and whether they tell all at once."""

OURS = (BY_GOSSIP, "ranked")


async def run(ctx: Context) -> None:
    """One repeat."""
    await asyncio.to_thread(compare, ctx)


def compare(ctx: Context) -> None:
    """All cases; pure arithmetic, so away from the loop."""
    deaths = ctx.size(DEATHS, 1)
    for kind, (cls, config, flush) in KINDS.items():
        for witnesses in WITNESSES[:1] if ctx.is_quick else WITNESSES:
            runs = [death(ctx, seed, witnesses, cls, config, flush) for seed in range(deaths)]
            name = f"spawns a death, {kind}, {witnesses}"
            ctx.report(name, sum(spawns for spawns, *_ in runs) / deaths, "count")
            if kind in OURS:
                ctx.target(name, at_most=1.2)
                ctx.report(f"{name}, worst", max(spawns for spawns, *_ in runs), "count")
                ctx.report_all(f"first spawn after, {kind}, {witnesses}", [first for _, first, _ in runs], "s")
                ctx.report_all(f"whole again after, {kind}, {witnesses}", [whole for *_, whole in runs], "s")
                ctx.report(f"whole again after, {kind}, {witnesses}, worst", max(whole for *_, whole in runs), "s")
                ctx.target(f"whole again after, {kind}, {witnesses}, worst", at_most=WHOLE_WITHIN)
    runs = [death(ctx, seed, WITNESSES[1], Reconciler, LAN, True) for seed in range(ctx.size(SEEDS, 1))]
    ctx.report("spawns a death, with a settle period, 8", sum(spawns for spawns, *_ in runs) / len(runs), "count")
    ctx.report_all("whole again after, with a settle period, 8", [whole for *_, whole in runs], "s")


def death(
    ctx: Context, seed: int, witnesses: int, cls: type[Reconciler], config: ReconcileConfig, flush: bool
) -> tuple[int, float, float]:
    """Spawns that one death led to, seconds until the first, and until a member is up again."""
    arena: Arena[Witness] = Arena(seed)
    names = [f"c{number}" for number in range(witnesses + 1)]

    def born(pid: Pid, rng: random.Random, now: float) -> Witness:
        cell = Witness(pid, rng, now, names, config, BOOT, flush=flush)
        cell.repair.__class__ = cls
        return cell

    for name in names:
        arena.add(name, born)
    everybody = {arena.pid(name): 1.0 for name in names}
    for name in names:
        arena.tell(name, lambda cell, now: cell.repair.witnesses(everybody, now))
    arena.run(2.0)
    arena.tell(names[0], lambda cell, now: cell.repair.desire("g", Desired(1), now))
    arena.run(BEFORE)
    (host,) = (name for name, cell in arena.cells.items() if cell.up)
    killed, seen = BEFORE + arena.rng.random(), len(arena.events)
    arena.run(killed)
    arena.kill(host)
    for name in arena.cells:
        arena.at(killed + arena.rng.random() * NOTICED_WITHIN, notice(arena, name, arena.pid(host)))
    whole = arena.run(killed + PATIENCE, stop=lambda: any(cell.up for cell in arena.cells.values()))
    took = arena.now - killed
    arena.run(killed + PATIENCE)
    spawned = [when for when, _, event in arena.events[seen:] if isinstance(event, Spawn)]
    ctx.expect("somebody took the place", whole, True)
    ctx.expect("members in the end", sum(len(cell.up) for cell in arena.cells.values()), 1)
    return len(spawned), spawned[0] - killed, took


def notice(arena: Arena[Witness], name: str, dead: Pid) -> Callable[[], None]:
    """What tells a cell of a death."""
    return lambda: arena.tell(name, lambda cell, now: cell.repair.died(dead, now))
