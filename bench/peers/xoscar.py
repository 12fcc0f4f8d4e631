"""Xoscar: actors in the pool of this process; recovery is that of a sub-pool's process (``auto_recover``).

The variant ``sub-pools`` is a question from an actor in one process to an actor in another, and nothing else.
"""

from __future__ import annotations

import asyncio
import os
from typing import Any

import xoscar as xo

from .contract import DEADLINE, Figures, Sizes, check, crash_figures, ns, run_loop, time_asks

RECOVERY = 30.0
"""Seconds to wait for a new process."""


class Echo(xo.Actor):
    """Answers numbers; counts tallies."""

    def __init__(self) -> None:
        self.seen = 0

    async def echo(self, number: int) -> int:
        return number

    async def tally(self) -> None:
        self.seen += 1

    async def total(self) -> int:
        return self.seen

    async def crash(self) -> None:
        os._exit(1)


class Asker(xo.Actor):
    """Asks an Echo of another process."""

    async def time_asks(self, ref: Any, times: int) -> float:
        return await time_asks(lambda number: xo.wait_for(ref.echo(number), DEADLINE), times)


async def _between_processes(times: int) -> Figures:
    pool = await xo.create_actor_pool("127.0.0.1", n_process=2)
    async with pool:
        here, there = (xo.allocate_strategy.ProcessIndex(index) for index in (1, 2))
        ref = await xo.create_actor(Echo, address=pool.external_address, uid="echo", allocate_strategy=there)
        asker = await xo.create_actor(Asker, address=pool.external_address, uid="asker", allocate_strategy=here)
        return {"ask": await asker.time_asks(ref, times)}


async def _recovery(times: int) -> list[float]:
    pool = await xo.create_actor_pool("127.0.0.1", n_process=1, auto_recover="actor")
    taken = []
    async with pool:
        strategy = xo.allocate_strategy.RandomSubPool()
        ref = await xo.create_actor(Echo, address=pool.external_address, uid="echo", allocate_strategy=strategy)
        for number in range(times):
            check(await ref.echo(number), number)
            began = ns()
            await ref.crash.tell()
            async with asyncio.timeout(RECOVERY):
                await _answer(ref, number)
            taken.append(float(ns() - began))
    return taken


async def _answer(ref: Any, number: int) -> None:
    """Ask until there is an answer: a call to a pool that is down raises."""
    while True:
        try:
            check(await xo.wait_for(ref.echo(number), 1.0), number)
            return
        except (xo.ServerClosed, xo.ActorNotExist, ConnectionError, TimeoutError, EOFError):
            await asyncio.sleep(0.005)


async def _messages(sizes: Sizes) -> Figures:
    pool = await xo.create_actor_pool("127.0.0.1", n_process=0)
    async with pool:
        address = pool.external_address
        ref = await xo.create_actor(Echo, address=address)
        ask = await time_asks(lambda number: xo.wait_for(ref.echo(number), DEADLINE), sizes.ask)
        tells = sizes.tell // 4
        began = ns()
        for _ in range(tells):
            await ref.tally.tell()
        while (seen := await ref.total()) < tells:  # noqa: ASYNC110 - a later ask may overtake a tell
            await asyncio.sleep(0)
        tell = (ns() - began) / tells
        check(seen, tells)
        spawns = min(sizes.spawn, 300)
        began = ns()
        for _ in range(spawns):
            await xo.create_actor(Echo, address=address)
        spawn = (ns() - began) / spawns
    return {"ask": ask, "tell": tell, "spawn": spawn}


def measure(sizes: Sizes, variant: str) -> Figures:
    """One round."""

    async def main() -> Figures:
        if variant == "sub-pools":
            return await _between_processes(max(sizes.ask // 4, 5))
        figures = await _messages(sizes)
        return {**figures, **crash_figures(await _recovery(1))}

    figures: Figures = run_loop(main)
    return figures
