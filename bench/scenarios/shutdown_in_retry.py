"""How long does a shutdown take while a child is in a retry loop?

A child crashes and none of its restarts succeeds; in the middle of that the tree is stopped: with a backoff that
leaves it waiting for minutes, and without one, when it is being started all the time.
"""

from __future__ import annotations

import asyncio

from actors import Actor, handle
from supervisors import Backoff, Supervisor, child

from ..harness import Context
from ..parts import UNLIMITED, Crash, Provoked, Tally, ns

GROUP = "recovery"
ATTEMPTS = 20
"""Failed restarts before the tree is stopped, where they come without a pause."""


class Broken(Actor):
    """Starts once and never again."""

    def __init__(self, attempts: Tally) -> None:
        attempts.add()
        if attempts.count > 1:
            raise Provoked

    @handle
    async def crash(self, message: Crash) -> None:
        raise Provoked


async def run(ctx: Context) -> None:
    """One repeat."""
    for label, backoff, attempts in (
        ("waiting in backoff", Backoff(base=600.0, cap=600.0), 1),
        ("without backoff", None, ATTEMPTS),
    ):
        tally = Tally()
        tree = Supervisor("retry", [child(Broken, tally, id="broken", backoff=backoff)], max_restarts=UNLIMITED)
        async with tree.running() as running:
            running.ref("broken").tell(Crash())
            await tally.reach(attempts)
            await asyncio.sleep(0.01)
            began = ns()
            await running.stop()
            took = ns() - began
        ctx.report(f"shutdown, {label}", took, "ns")
