"""The four basic message figures of planaria, as the floor measures its own (``floor.py``)."""

from __future__ import annotations

import asyncio

from actors import Actor, ActorSystem, Mailbox

from .checks import expect
from .parts import PATIENCE, Counter, Echo, Meet, PlainCounter, PlainEcho, PlainPlayer, Player, Total, ns

DEADLINE = 5.0
"""Seconds an asker waits at most."""


async def hop(hops: int, cls: type[Player | PlainPlayer] = Player) -> float:
    """Nanoseconds a hop between two actors, each in its own context."""
    done: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    async with ActorSystem("hop") as system:
        here, there = await system.spawn(cls, done), await system.spawn(cls, done)
        here.tell(Meet(there))
        there.tell(Meet(here))
        await asyncio.sleep(0)
        began = ns()
        here.tell(hops)
        await done
        return (ns() - began) / hops


async def tell(messages: int, cls: type[Counter | PlainCounter] = Counter) -> float:
    """Nanoseconds a one-way message, until the last is handled; the burst fits the mailbox, which stays bounded."""
    async with ActorSystem("tell") as system:
        ref = await system.spawn(cls, mailbox=Mailbox(limit=messages + 1))
        send = ref.tell
        began = ns()
        for number in range(messages):
            send(number)
        seen = await ref.ask(Total(), timeout=PATIENCE)
        took = ns() - began
    expect("messages handled", seen, messages)
    return took / messages


async def ask(asks: int, cls: type[Echo | PlainEcho] = Echo) -> float:
    """Nanoseconds a round trip with a deadline."""
    async with ActorSystem("ask") as system:
        ref = await system.spawn(cls)
        began = ns()
        for number in range(asks):
            expect("echo", await ref.ask(number, timeout=DEADLINE), number)
        return (ns() - began) / asks


async def spawn(actors: int, cls: type[Actor] = Echo) -> float:
    """Nanoseconds an actor, until its ``started()`` is done."""
    async with ActorSystem("spawn") as system:
        began = ns()
        for _ in range(actors):
            await system.spawn(cls)
        took = ns() - began
        expect("actors alive", system.statistics().actors, actors)
        return took / actors
