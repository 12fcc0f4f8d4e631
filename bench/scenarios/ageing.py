"""What does a leak do to the hundredth-slowest answer, with lifetimes and without?

A worker keeps 1 MB for every 1,000 messages that it never gives back, and looks at all of it for each answer, as a
cache does whose entries never expire.  It is asked 1,000,000 times, one after another; with a lifetime of 50,000
messages it is replaced by a successor that inherits its count, and nothing else.  *with check-ups* it has no lifetime,
but check-ups find the process above a limit of 50 MB more: evidence that adds up until it is replaced (alpha-count).

Targets: the p99 of the last tenth at most 1.5 times that of the first with lifetimes and with check-ups, and at least
3 times without; not one answer lost or counted twice.
"""

from __future__ import annotations

import gc
from typing import Any

from actors import Actor, handle
from supervisors import Apoptosis, Backoff, Lifetime, Supervisor, child

from ..harness import Context
from ..memory import resident
from ..parts import PATIENCE, ns
from ..quantiles import p99

GROUP = "apoptosis"
MAX_REPEAT = 1
MESSAGES = 1_000_000
LEAK_EVERY = 1_000
LEAK = 1_000_000
LIFETIME = 50_000
HEAVY = 50
"""Leaks that are put up with, where memory is looked at."""

TENTHS = 10
EVERY = 0.05
"""Seconds between check-ups: a life exceeds its lifetime by the messages of one such interval at most."""

PAUSE = Backoff(base=EVERY, cap=EVERY)
"""Who is replaced five times in a row within seconds has to pause, which at a usual pace stops a replacement that does
not help.  Here a life is used up in under a second, so the pause is as short."""


class Leaky(Actor):
    """Counts messages, and leaks."""

    def __init__(self) -> None:
        self.count = 0
        self.kept: list[bytes] = []

    def bequeath(self) -> int:
        return self.count

    def inherit(self, estate: Any) -> None:
        self.count = estate

    @handle
    def look(self, message: int) -> int:
        self.count += 1
        if self.count % LEAK_EVERY == 0:
            self.kept.append(bytes([message % 255 + 1]) * LEAK)
        at = message % LEAK
        for block in self.kept:
            if not block[at]:
                break
        return self.count


async def run(ctx: Context) -> None:
    """One repeat."""
    messages = ctx.size(MESSAGES)
    lifetime = Apoptosis(lifetime=Lifetime(messages=max(100, LIFETIME * messages // MESSAGES)), every=EVERY)
    for name in ("with lifetimes", "with check-ups", "without"):
        before = resident()
        limit = before + max(1, HEAVY * messages // MESSAGES) * LEAK
        heavy = Apoptosis(memory=limit, every=EVERY, backoff=PAUSE)
        policy = {"with lifetimes": lifetime, "with check-ups": heavy}.get(name)
        tenths, most, lives = await age(ctx, messages, policy)
        ctx.report(f"p99 of the first tenth, {name}", tenths[0], "ns")
        ctx.report(f"p99 of the last tenth, {name}", tenths[-1], "ns")
        ctx.report(f"last / first, {name}", tenths[-1] / tenths[0], "x")
        ctx.report(f"most memory, {name}", most - before, "B")
        ctx.report(f"lives, {name}", lives, "count")
    ctx.target("last / first, with lifetimes", at_most=1.5)
    ctx.target("last / first, with check-ups", at_most=1.5)
    ctx.target("last / first, without", at_least=3)


async def age(ctx: Context, messages: int, policy: Apoptosis | None) -> tuple[list[float], int, int]:
    """The p99 of each tenth of the answers (ns), the most bytes that were resident, and how many lives it took."""
    tenths, most = [], 0
    tree = Supervisor("ageing", [child(Leaky, id="leaky", apoptosis=policy)])
    async with tree.running() as running:
        ref = running.ref("leaky")
        for tenth in range(TENTHS):
            taken = []
            for number in range(tenth * messages // TENTHS, (tenth + 1) * messages // TENTHS):
                began = ns()
                count = await ref.ask(number, timeout=PATIENCE)
                taken.append(float(ns() - began))
                if count != number + 1:
                    ctx.expect("answers so far", count, number + 1)
            tenths.append(p99(taken))
            most = max(most, resident())
        lives = ref.pid.incarnation
    gc.collect()
    return tenths, most, lives
