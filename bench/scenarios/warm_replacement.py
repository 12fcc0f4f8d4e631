"""How many of its last updates does a worker that crashes take with it, where its siblings keep its state warm?

Seven siblings share a counter by contact state, period 0.2 s, three peers a round, 10 % of the packets lost.  One of
them counts 50 updates a second, evenly, and is killed; *lost* is what none of the others knew, and so is gone for good.
10 ms later it is replaced, and nobody has been told that it died: *lacking when warm* is what the successor has not got
when it reports that it is warm, so besides what is lost what those who answered it had not heard of yet; *warm after*
is when it does.  The same with two more siblings killed in the same instant, and with updates at random moments, which
come in bursts.  Virtual time, 20 seeds of 25 crashes each.

Targets: 6 updates lost on average and 12 at p99.  And in each case the successor comes to know all that anybody knew.
References: rate * period / 2 = 5 in theory; 4.94 and 9.9 for one of seven, 5.6 and 18.9 for three (a simulation of our
own made before).
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterable
from statistics import fmean
from typing import NamedTuple

from actors.messages import Pid
from actors.testing.arena import Arena
from actors.testing.network import Network
from actors.tissue.core import Effect
from actors.tissue.crdt.counters import PNCounter
from actors.tissue.state.contact_state import ContactState, Warm

from ..harness import Context
from ..quantiles import p99
from ..virtual import SEEDS

Gap = Callable[[random.Random], float]

GROUP = "tissue"
MAX_REPEAT = 1
SIBLINGS = 7
VICTIM = "c0"
RATE = 50.0
LOSS = 0.1
CRASHES = 25
BUSY = 1.0
"""Seconds of work before a crash, at least; up to a period more."""

GONE = 0.01
"""Seconds until the successor is there."""

PATIENCE = 5.0
"""Seconds that the successor has to become warm, and then to learn of all the rest."""


class Crash(NamedTuple):
    """Updates of the life that ended: made, but known to no survivor; not known to the successor when it was warm.

    ``wait``: seconds from its birth until it was.
    """

    lost: int
    lacking: int
    wait: float


async def run(ctx: Context) -> None:
    """One repeat."""
    await asyncio.to_thread(crash, ctx)


def crash(ctx: Context) -> None:
    """Both cases; pure arithmetic, so away from the loop."""
    seeds, crashes = range(ctx.size(SEEDS, 1)), ctx.size(CRASHES, 2)
    cases = {"1 of 7": (1, even), "3 of 7 at once": (3, even), "1 of 7, updates at random": (1, poisson)}
    for name, (dying, gap) in cases.items():
        runs = [crashes_of(ctx, seed, crashes, dying, gap) for seed in seeds]
        report(ctx, name, runs)
    ctx.target("lost, 1 of 7, mean", at_most=6)
    ctx.target("lost, 1 of 7, p99", at_most=12)


def report(ctx: Context, name: str, runs: list[list[Crash]]) -> None:
    """The figures of one case, all seeds together and the worst of them."""
    found = [each for run in runs for each in run]
    ctx.report(f"lost, {name}, mean", fmean(each.lost for each in found), "count")
    ctx.report(f"lost, {name}, mean, worst seed", max(fmean(each.lost for each in run) for run in runs), "count")
    ctx.report(f"lost, {name}, p99", p99([float(each.lost) for each in found]), "count")
    ctx.report(f"lacking when warm, {name}, mean", fmean(each.lacking for each in found), "count")
    ctx.report(f"lacking when warm, {name}, p99", p99([float(each.lacking) for each in found]), "count")
    ctx.report_all(f"warm after, {name}", [each.wait for each in found], "s")


def even(rng: random.Random) -> float:
    """Seconds between two updates: always the same."""
    return 1 / RATE


def poisson(rng: random.Random) -> float:
    """Seconds between two updates at random moments."""
    return rng.expovariate(RATE)


def crashes_of(ctx: Context, seed: int, crashes: int, dying: int, gap: Gap) -> list[Crash]:
    """The victim crashes so many times, and with it so many of the others that ``dying`` die in all."""
    names = [f"c{number}" for number in range(SIBLINGS)]
    arena: Arena[ContactState] = Arena(seed, Network(seed, loss=LOSS))
    for name in names:
        arena.add(name, lambda pid, rng, now: born(pid, rng, now, names))
    arena.run(PATIENCE)
    work(arena, gap)
    return [one_crash(ctx, arena, dying) for _ in range(crashes)]


def one_crash(ctx: Context, arena: Arena[ContactState], dying: int) -> Crash:
    """Some work, a crash, and the replacement."""
    arena.run(arena.now + BUSY + arena.rng.random() * arena.cells[VICTIM].config.period)
    victim = arena.pid(VICTIM)
    made = counted(arena.cells[VICTIM], victim)
    dead = [VICTIM, *arena.rng.sample(sorted(arena.cells.keys() - {VICTIM}), dying - 1)]
    arena.kill(*dead)
    arena.run(arena.now + GONE)
    known = max(counted(state, victim) for state in arena.cells.values())
    since, began = len(arena.events), arena.now
    for name in dead:
        arena.revive(name)
    arena.run(began + PATIENCE, stop=lambda: is_warm(arena, since))
    successor = arena.cells[VICTIM]
    found = Crash(made - known, made - counted(successor, victim), arena.now - began)
    arena.run(arena.now + PATIENCE, stop=lambda: counted(successor, victim) == known)
    ctx.expect("what the successor knows in the end", counted(successor, victim), known)
    return found


def born(pid: Pid, rng: random.Random, now: float, names: Iterable[str]) -> ContactState:
    """One sibling, or its successor."""
    before = [Pid(pid.name, pid.incarnation - 1)] if pid.incarnation > 1 else []
    return ContactState(pid, rng, now, peers=names, predecessors=before)


def work(arena: Arena[ContactState], gap: Gap) -> None:
    """Whoever lives in the victim's place counts, again and again."""

    def count(state: ContactState, now: float) -> list[Effect]:
        state.share("served", PNCounter).add(1)
        return []

    arena.tell(VICTIM, count)
    arena.at(arena.now + gap(arena.rng), lambda: work(arena, gap))


def counted(state: ContactState, pid: Pid) -> int:
    """What that life has counted, as far as this cell knows."""
    return state.told_by(pid, "served", PNCounter).value


def is_warm(arena: Arena[ContactState], since: int) -> bool:
    """Whether the victim's successor has reported so."""
    return any(name == VICTIM and isinstance(event, Warm) for _, name, event in arena.events[since:])
