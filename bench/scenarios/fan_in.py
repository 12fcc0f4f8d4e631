"""What does a message cost when many actors shout at one?

Bang: 32 senders, 2,000 messages each, one receiver whose mailbox is bounded but large enough.
"""

from __future__ import annotations

import asyncio
from typing import Any

from actors import Actor, ActorSystem, Mailbox, Ref, handle

from ..floor import AsyncFloor, FiberFloor, QueueFloor
from ..harness import Context
from ..parts import ns

GROUP = "messages"
SENDERS = 32


class Bang:
    """Makes a sender begin."""


class Sender(Actor):
    """Sends a burst."""

    def __init__(self, receiver: Ref[Any], count: int) -> None:
        self.receiver = receiver
        self.count = count

    @handle
    async def bang(self, message: Bang) -> None:
        for number in range(self.count):
            self.receiver.tell(number)


class Receiver(Actor):
    """Says when all has come."""

    def __init__(self, wanted: int, done: asyncio.Future[int]) -> None:
        self.wanted = wanted
        self.done = done
        self.sum = 0

    @handle
    async def count(self, message: int) -> None:
        self.sum += message
        self.wanted -= 1
        if self.wanted == 0:
            self.done.set_result(self.sum)


async def run(ctx: Context) -> None:
    """One repeat."""
    each = ctx.size(2_000)
    await ctx.race(
        {
            "planaria": lambda: ours(ctx, each),
            "pooled fibers": lambda: bare(ctx, FiberFloor, each),
            "asyncio.Queue": lambda: bare(ctx, QueueFloor, each),
        }
    )


def wanted_sum(each: int) -> int:
    """What the numbers add up to."""
    return SENDERS * each * (each - 1) // 2


async def ours(ctx: Context, each: int) -> float:
    """On planaria: nanoseconds for each."""
    done: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    total = SENDERS * each
    async with ActorSystem("fan-in") as system:
        receiver = await system.spawn(Receiver, total, done, mailbox=Mailbox(limit=total))
        senders = [await system.spawn(Sender, receiver, each) for _ in range(SENDERS)]
        began = ns()
        for sender in senders:
            sender.tell(Bang())
        ctx.expect("sum of what arrived", await done, wanted_sum(each))
        return (ns() - began) / total


async def bare(ctx: Context, kind: type[AsyncFloor], each: int) -> float:
    """On the floor: nanoseconds for each."""
    floor, done = kind(), asyncio.get_running_loop().create_future()
    left, total = SENDERS * each, 0

    async def count(message: int) -> None:
        nonlocal left, total
        total += message
        left -= 1
        if left == 0:
            done.set_result(total)

    async def bang(_: object) -> None:
        for number in range(each):
            receiver.tell(number)

    receiver = floor.actor(count)
    senders = [floor.actor(bang) for _ in range(SENDERS)]
    await asyncio.sleep(0)
    began = ns()
    for sender in senders:
        sender.tell(None)
    ctx.expect("sum of what arrived", await done, wanted_sum(each))
    took = ns() - began
    await floor.close()
    return took / (SENDERS * each)
