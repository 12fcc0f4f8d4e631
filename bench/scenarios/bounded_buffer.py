"""What does an item cost that goes from a producer to a consumer through a bounded buffer?

40 producers, 40 consumers, room for 50.  The buffer is an actor that answers later (``defer``) when it is full or
empty.  The floor is an ``asyncio.Queue(50)`` between tasks.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any

from actors import Actor, ActorSystem, Ref, Reply, handle

from ..harness import Context
from ..parts import PATIENCE, ns

GROUP = "messages"
PEERS = 40
ROOM = 50


class Put:
    """Answered when the item is in the buffer."""

    def __init__(self, item: int) -> None:
        self.item = item


class Get:
    """Answered with an item."""


class Buffer(Actor):
    """Holds up to ``ROOM`` items; whoever has to wait is answered later."""

    def __init__(self) -> None:
        self.items: deque[int] = deque()
        self.putters: deque[tuple[Reply, int]] = deque()
        self.getters: deque[Reply] = deque()

    @handle
    def put(self, message: Put) -> None:
        if self.getters:
            self.getters.popleft().send(message.item)
        elif len(self.items) < ROOM:
            self.items.append(message.item)
        elif (reply := self.defer()) is not None:
            self.putters.append((reply, message.item))

    @handle
    def get(self, message: Get) -> int | None:
        if self.items:
            item = self.items.popleft()
            if self.putters:
                reply, waiting = self.putters.popleft()
                self.items.append(waiting)
                reply.send(None)
            return item
        if (reply_later := self.defer()) is not None:
            self.getters.append(reply_later)
        return None


class Go:
    """Makes a producer or consumer begin; answered when it is done."""


class Producer(Actor):
    """Puts the numbers below ``count``."""

    def __init__(self, buffer: Ref[Any], count: int) -> None:
        self.buffer = buffer
        self.count = count

    @handle
    async def go(self, message: Go) -> int:
        for number in range(self.count):
            await self.buffer.ask(Put(number), timeout=PATIENCE)
        return 0


class Consumer(Actor):
    """Gets ``count`` numbers; answers with their sum."""

    def __init__(self, buffer: Ref[Any], count: int) -> None:
        self.buffer = buffer
        self.count = count

    @handle
    async def go(self, message: Go) -> int:
        total = 0
        for _ in range(self.count):
            total += await self.buffer.ask(Get(), timeout=PATIENCE)
        return total


async def run(ctx: Context) -> None:
    """One repeat."""
    each = ctx.size(250)
    await ctx.race({"planaria": lambda: ours(ctx, each), "asyncio.Queue(50)": lambda: bare(ctx, each)})


def wanted_sum(each: int) -> int:
    """What the numbers add up to."""
    return PEERS * each * (each - 1) // 2


async def ours(ctx: Context, each: int) -> float:
    """On planaria: nanoseconds for each."""
    async with ActorSystem("buffer") as system:
        buffer = await system.spawn(Buffer)
        producers = [await system.spawn(Producer, buffer, each) for _ in range(PEERS)]
        consumers = [await system.spawn(Consumer, buffer, each) for _ in range(PEERS)]
        began = ns()
        sums = await asyncio.gather(*(ref.ask(Go(), timeout=PATIENCE) for ref in producers + consumers))
        took = ns() - began
    ctx.expect("sum of what was consumed", sum(sums), wanted_sum(each))
    return took / (PEERS * each)


async def bare(ctx: Context, each: int) -> float:
    """By tasks and a queue: nanoseconds for each."""
    queue: asyncio.Queue[int] = asyncio.Queue(ROOM)

    async def produce() -> int:
        for number in range(each):
            await queue.put(number)
        return 0

    async def consume() -> int:
        total = 0
        for _ in range(each):
            total += await queue.get()
        return total

    began = ns()
    sums = await asyncio.gather(*(produce() for _ in range(PEERS)), *(consume() for _ in range(PEERS)))
    took = ns() - began
    ctx.expect("sum of what was consumed", sum(sums), wanted_sum(each))
    return took / (PEERS * each)
