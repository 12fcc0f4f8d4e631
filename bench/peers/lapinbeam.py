"""Lapinbeam: actors on a local ``Node`` under its ``Supervisor``, which waits 50 ms or more before each restart."""

from __future__ import annotations

import asyncio
from typing import Any

from lapinbeam import Node, Supervisor, actor, current_message

from .contract import DEADLINE, SETTLE, Figures, Sizes, check, crash_figures, ns, run_loop, time_asks


class Echo:
    """Answers numbers; counts tallies."""

    def __init__(self) -> None:
        self.seen = 0

    async def receive(self, message: Any) -> None:
        if message == "tally":
            self.seen += 1
        elif message == "crash":
            raise RuntimeError("crash")
        else:
            await current_message().reply(self.seen if message == "total" else message)


def _named(name: str) -> Any:
    """A class of its own for each actor: names are unique on a node and belong to the class."""
    return actor(name=name)(type(name, (Echo,), {}))


async def _main(sizes: Sizes) -> Figures:
    async with Node("bench@127.0.0.1:0") as node:
        supervisor = Supervisor(node=node, max_restarts=10**6)
        ref = supervisor.spawn(_named("echo"))
        ask = await time_asks(lambda number: ref.ask(number, timeout=DEADLINE), sizes.ask)
        began = ns()
        for _ in range(sizes.tell):
            await ref.send("tally")
        seen = await ref.ask("total", timeout=60.0)
        tell = (ns() - began) / sizes.tell
        check(seen, sizes.tell)
        classes = [_named(f"one{number}") for number in range(sizes.spawn)]
        began = ns()
        for cls in classes:
            last = supervisor.spawn(cls)
        check(await last.ask(7), 7)
        spawn = (ns() - began) / sizes.spawn
        kept = supervisor.spawn(_named("kept"))
        check(await kept.ask(1), 1)
        taken = []
        for number in range(min(sizes.crash, 4)):  # each waits twice as long as the one before
            began = ns()
            await kept.send("crash")
            check(await kept.ask(number, timeout=DEADLINE), number)
            taken.append(float(ns() - began))
            await asyncio.sleep(SETTLE)
        await supervisor.shutdown()
    return {"ask": ask, "tell": tell, "spawn": spawn, **crash_figures(taken)}


def measure(sizes: Sizes, variant: str) -> Figures:
    """One round."""
    figures: Figures = run_loop(lambda: _main(sizes))
    return figures
