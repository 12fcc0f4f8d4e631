"""How long does it take to raise a tree of 100,000 leaves, add up their numbers, and be rid of it?

Skynet: every actor spawns ten, down to the leaves; each passes its children's sum up and ends.  The floor is the same
tree of plain tasks.
"""

from __future__ import annotations

import asyncio
from typing import Any

from actors import Actor, ActorSystem, Ref, handle

from ..harness import Context
from ..parts import PATIENCE, ns

GROUP = "messages"
MAX_REPEAT = 3
BRANCHES = 10


class Node(Actor):
    """Stands for ``size`` numbers from ``first``; tells their sum to whoever is above, then ends."""

    def __init__(self, above: Ref[Any] | asyncio.Future[int], first: int, size: int) -> None:
        self.above = above
        self.first = first
        self.size = size
        self.left = BRANCHES
        self.sum = 0

    async def started(self) -> None:
        if self.size == 1:
            self.report(self.first)
            return
        step = self.size // BRANCHES
        for branch in range(BRANCHES):
            await self.spawn(Node, self.ref, self.first + branch * step, step)

    @handle
    async def add(self, message: int) -> None:
        self.sum += message
        self.left -= 1
        if self.left == 0:
            self.report(self.sum)

    def report(self, total: int) -> None:
        if isinstance(self.above, Ref):
            self.above.tell(total)
        else:
            self.above.set_result(total)
        self.stop()


async def run(ctx: Context) -> None:
    """One repeat."""
    leaves = 1_000 if ctx.is_quick else 100_000
    await ctx.race({"planaria": lambda: ours(ctx, leaves), "tasks": lambda: bare(ctx, leaves)})


async def ours(ctx: Context, leaves: int) -> float:
    """On planaria: nanoseconds for all of it."""
    done: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    began = ns()
    async with ActorSystem("skynet") as system:
        await system.spawn(Node, done, 0, leaves)
        async with asyncio.timeout(PATIENCE):
            ctx.expect("sum", await done, leaves * (leaves - 1) // 2)
    return float(ns() - began)


async def bare(ctx: Context, leaves: int) -> float:
    """By plain tasks: nanoseconds for all of it."""

    async def node(first: int, size: int) -> int:
        if size == 1:
            return first
        step = size // BRANCHES
        loop = asyncio.get_running_loop()
        tasks = [loop.create_task(node(first + branch * step, step)) for branch in range(BRANCHES)]
        return sum([await task for task in tasks])

    began = ns()
    ctx.expect("sum", await node(0, leaves), leaves * (leaves - 1) // 2)
    return float(ns() - began)
