"""What does a meeting cost when a hundred actors crowd one mall?

Chameneos: a creature comes to the mall, the mall introduces it to the next one, both change colour and come again.
"""

from __future__ import annotations

import asyncio
from typing import Any

from actors import Actor, ActorSystem, Ref, handle

from ..floor import AsyncFloor, FiberFloor, FloorActor, QueueFloor
from ..harness import Context
from ..parts import PATIENCE, ns

GROUP = "messages"
CREATURES = 100


class Come:
    """A creature of some colour is at the mall."""

    __slots__ = ("colour", "creature")

    def __init__(self, creature: Ref[Any], colour: int) -> None:
        self.creature = creature
        self.colour = colour


class Met:
    """Told to a creature: the colour of the other."""

    __slots__ = ("colour",)

    def __init__(self, colour: int) -> None:
        self.colour = colour


class Count:
    """Asks a creature how many it met."""


def mixed(one: int, other: int) -> int:
    """Equal colours stay; two different ones both become the third."""
    return one if one == other else 3 - one - other


class Creature(Actor):
    """Comes again after every meeting."""

    def __init__(self, mall: Ref[Any], colour: int) -> None:
        self.mall = mall
        self.colour = colour
        self.meetings = 0

    def started(self) -> None:
        self.mall.tell(Come(self.ref, self.colour))

    @handle
    async def met(self, message: Met) -> None:
        self.meetings += 1
        self.colour = mixed(self.colour, message.colour)
        self.mall.tell(Come(self.ref, self.colour))

    @handle
    async def count(self, message: Count) -> int:
        return self.meetings


class Open:
    """Lets the meetings begin."""


class Mall(Actor):
    """Introduces whoever waits to whoever comes, ``left`` times; what came before it opened waits in the stash."""

    def __init__(self, left: int, done: asyncio.Future[None]) -> None:
        self.left = left
        self.done = done
        self.opened = False
        self.waiting: Come | None = None

    @handle
    async def open(self, message: Open) -> None:
        self.opened = True
        self.unstash()

    @handle
    async def come(self, message: Come) -> None:
        if not self.opened:
            self.stash()
        elif self.left:
            if self.waiting is None:
                self.waiting = message
                return
            waiting, self.waiting = self.waiting, None
            waiting.creature.tell(Met(message.colour))
            message.creature.tell(Met(waiting.colour))
            self.left -= 1
            if self.left == 0:
                self.done.set_result(None)


async def run(ctx: Context) -> None:
    """One repeat."""
    meetings = ctx.size(20_000, 100)
    await ctx.race(
        {
            "planaria": lambda: ours(ctx, meetings),
            "pooled fibers": lambda: bare(ctx, FiberFloor, meetings),
            "asyncio.Queue": lambda: bare(ctx, QueueFloor, meetings),
        }
    )


async def ours(ctx: Context, meetings: int) -> float:
    """On planaria: nanoseconds for each."""
    done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    async with ActorSystem("chameneos") as system:
        mall = await system.spawn(Mall, meetings, done)
        creatures = [await system.spawn(Creature, mall, number % 3) for number in range(CREATURES)]
        began = ns()
        mall.tell(Open())
        await done
        took = ns() - began
        met = [await creature.ask(Count(), timeout=PATIENCE) for creature in creatures]
    ctx.expect("meetings", sum(met), 2 * meetings)
    return took / meetings


async def bare(ctx: Context, kind: type[AsyncFloor], meetings: int) -> float:
    """On the floor: nanoseconds for each."""
    floor, done = kind(), asyncio.get_running_loop().create_future()
    left, waiting, met = meetings, None, 0

    async def come(message: tuple[FloorActor, int]) -> None:
        nonlocal left, waiting
        if not left:
            return
        if waiting is None:
            waiting = message
            return
        other, waiting = waiting, None
        other[0].tell(message[1])
        message[0].tell(other[1])
        left -= 1
        if left == 0:
            done.set_result(None)

    def creature(colour: int) -> FloorActor:
        async def meet(other: int) -> None:
            nonlocal colour, met
            met += 1
            colour = mixed(colour, other)
            mall.tell((me, colour))

        me = floor.actor(meet)
        return me

    mall = floor.actor(come)
    creatures = [creature(number % 3) for number in range(CREATURES)]
    await asyncio.sleep(0)
    began = ns()
    for number, one in enumerate(creatures):
        mall.tell((one, number % 3))
    await done
    took = ns() - began
    for _ in range(3):  # the last two hear of each other, and come to a mall that is closed
        await asyncio.sleep(0)
    await floor.close()
    ctx.expect("meetings", met, 2 * meetings)
    return took / meetings
