"""Planaria, through its public face: ``ActorSystem`` for messages, ``Supervisor`` for recovery; handlers are ``async def``."""

from __future__ import annotations

import asyncio
from typing import Any

from actors import Actor, ActorSystem, Mailbox, Ref, handle
from supervisors import Supervisor, child

from .contract import DEADLINE, SETTLE, Figures, Sizes, check, crash_figures, ns, run_loop, time_asks


class Crash:
    """Whoever is told this dies of it."""


class Total:
    """Asks how many numbers came before."""


class Echo(Actor):
    """Answers a number with itself."""

    @handle
    async def echo(self, message: int) -> int:
        return message

    @handle
    async def crash(self, message: Crash) -> None:
        raise RuntimeError("crash")


class Counter(Actor):
    """Counts the numbers it is told."""

    def __init__(self) -> None:
        self.seen = 0

    @handle
    async def count(self, message: int) -> None:
        self.seen += 1

    @handle
    async def total(self, message: Total) -> int:
        return self.seen


class Player(Actor):
    """Hands a number back, one less each time, until it is 0."""

    def __init__(self, done: asyncio.Future[None]) -> None:
        self.done = done
        self.other: Ref[Any] | None = None

    @handle
    async def meet(self, message: Ref) -> None:  # type: ignore[type-arg]  # routes are classes
        self.other = message

    @handle
    async def hop(self, message: int) -> None:
        if message == 0:
            self.done.set_result(None)
        elif self.other is not None:
            self.other.tell(message - 1)


async def hop(hops: int) -> float:
    """ns a hop between two actors, each in its own context."""
    done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    async with ActorSystem("hop") as system:
        here, there = await system.spawn(Player, done), await system.spawn(Player, done)
        here.tell(there)
        there.tell(here)
        await asyncio.sleep(0)
        began = ns()
        here.tell(hops)
        await done
        return (ns() - began) / hops


async def tell(messages: int) -> float:
    """ns a one-way message; the burst fits the mailbox, which stays bounded."""
    async with ActorSystem("tell") as system:
        ref = await system.spawn(Counter, mailbox=Mailbox(limit=messages + 1))
        began = ns()
        for number in range(messages):
            ref.tell(number)
        seen = await ref.ask(Total(), timeout=60.0)
        took = ns() - began
        check(seen, messages)
        return took / messages


async def ask(asks: int) -> float:
    """ns a round trip with a deadline."""
    async with ActorSystem("ask") as system:
        ref = await system.spawn(Echo)
        return await time_asks(lambda number: ref.ask(number, timeout=DEADLINE), asks)


async def spawn(actors: int) -> float:
    """ns an actor, until its ``started()`` is done."""
    async with ActorSystem("spawn") as system:
        began = ns()
        for _ in range(actors):
            await system.spawn(Echo)
        return (ns() - began) / actors


async def crash(times: int) -> list[float]:
    """ns from the deadly message to the first answer of the successor, one_for_one, several times."""
    taken = []
    tree = Supervisor("crash", [child(Echo, id="echo")], max_restarts=10**9)
    async with tree.running() as handle_:
        ref = handle_.ref("echo")
        for number in range(times):
            began = ns()
            ref.tell(Crash())
            check(await ref.ask(number, timeout=DEADLINE), number)
            taken.append(float(ns() - began))
            await asyncio.sleep(SETTLE)
        check(ref.pid.incarnation, times + 1)
    return taken


def measure(sizes: Sizes, variant: str) -> Figures:
    """One round."""

    async def main() -> Figures:
        return {
            "ask": await ask(sizes.ask),
            "tell": await tell(sizes.tell),
            "hop": await hop(sizes.hop),
            "spawn": await spawn(sizes.spawn),
            **crash_figures(await crash(sizes.crash)),
        }

    figures: Figures = run_loop(main)
    return figures
