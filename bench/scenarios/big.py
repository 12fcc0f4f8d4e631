"""What does a message cost when everybody talks to everybody?

Big: 120 actors; each sends 500 pings, one after the other's pong, to partners drawn at random.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import Any

from actors import Actor, ActorSystem, Ref, handle

from ..floor import AsyncFloor, FiberFloor, FloorActor, QueueFloor
from ..harness import Context
from ..parts import Tally, ns

GROUP = "messages"
ACTORS = 120
SEED = 7

Draw = Callable[[], Any]


class Start:
    """Brings the partners, by a function that draws one."""

    def __init__(self, draw: Draw) -> None:
        self.draw = draw


class Ping:
    """Wants a pong."""

    def __init__(self, sender: Ref[Any]) -> None:
        self.sender = sender


class Pong:
    """Allows the next ping."""


class Member(Actor):
    """Pings ``left`` times."""

    def __init__(self, left: int, finished: Tally) -> None:
        self.left = left
        self.finished = finished
        self.draw: Draw
        self.mine: Ping

    @handle
    async def start(self, message: Start) -> None:
        self.draw = message.draw
        self.mine = Ping(self.ref)
        self.draw().tell(self.mine)

    @handle
    async def ping(self, message: Ping) -> None:
        message.sender.tell(Pong())

    @handle
    async def pong(self, message: Pong) -> None:
        self.left -= 1
        if self.left:
            self.draw().tell(self.mine)
        else:
            self.finished.add()


async def run(ctx: Context) -> None:
    """One repeat."""
    each = ctx.size(500)
    await ctx.race(
        {
            "planaria": lambda: ours(each),
            "pooled fibers": lambda: bare(FiberFloor, each),
            "asyncio.Queue": lambda: bare(QueueFloor, each),
        }
    )


def drawing(population: list[Any]) -> Draw:
    """A function that draws one of ``population``, the same ones every time."""
    rng = random.Random(SEED)
    return lambda: population[int(rng.random() * ACTORS)]


async def ours(each: int) -> float:
    """On planaria: nanoseconds for each."""
    finished = Tally()
    async with ActorSystem("big") as system:
        refs = [await system.spawn(Member, each, finished) for _ in range(ACTORS)]
        draw = drawing(refs)
        began = ns()
        for ref in refs:
            ref.tell(Start(draw))
        await finished.reach(ACTORS)
        return (ns() - began) / (ACTORS * each * 2)


async def bare(kind: type[AsyncFloor], each: int) -> float:
    """On the floor: nanoseconds for each."""
    floor, finished = kind(), Tally()
    members: list[FloorActor] = []
    draw = drawing(members)

    def member() -> FloorActor:
        left = each

        async def receive(message: FloorActor | None) -> None:
            nonlocal left
            if message is not None:
                message.tell(None)
                return
            left -= 1
            if left:
                draw().tell(me)
            else:
                finished.add()

        me = floor.actor(receive)
        return me

    members.extend(member() for _ in range(ACTORS))
    await asyncio.sleep(0)
    began = ns()
    for one in members:
        draw().tell(one)
    await finished.reach(ACTORS)
    took = ns() - began
    await floor.close()
    return took / (ACTORS * each * 2)
