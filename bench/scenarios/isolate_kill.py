"""How long after ``kill -9`` of its process does the same ref answer again?

From the signal to the answer of the successor, which is forked, connected and started meanwhile, and has the question
from the mailbox: with a warm spare, and where a second kill comes before there is another one.  Beside it, in the same
repeat: a Thespian actor that ends, and is made anew by its parent as the manual shows.
"""

from __future__ import annotations

import asyncio
import os
import signal
from typing import Any

from actors import ActorDied, Ref
from supervisors import Running, Supervisor, child

from ..harness import Context
from ..isolates import Echo
from ..parts import PATIENCE, UNLIMITED, ns
from ..strangers import THESPIAN, stranger

GROUP = "places"
KILLS = 30
REST = 0.1
"""Seconds in which a spare that is connected has loaded what is in use here."""


async def run(ctx: Context) -> None:
    """One repeat."""
    tree = Supervisor("kill", [child(Echo, id="echo", place="process")], max_restarts=UNLIMITED)
    warm, cold = [], []
    async with tree.running() as running, stranger(THESPIAN["crash"]) as thespian:
        ref = running.ref("echo")
        for _ in range(ctx.size(KILLS, 3)):
            await _spare(running)
            warm.append(await _kill(ref))
            cold.append(await _kill(ref))
        ctx.report_all("with a warm spare", warm, "ns")
        ctx.report_all("without", cold, "ns")
        if thespian.is_there:
            ctx.report("Thespian, made anew", await thespian.figure("crash p50", ctx.scale), "ns")
    ctx.target("with a warm spare", at_most=4e6)
    ctx.target("without", at_most=15e6)


async def _spare(running: Running) -> None:
    """Wait until there is a spare."""
    lodgings: Any = next(iter(running.system._lodgings.values()))
    async with asyncio.timeout(PATIENCE):
        while not lodgings._nursery.spares_ready:  # noqa: ASYNC110 - nobody is told of it
            await asyncio.sleep(0.005)
        await asyncio.sleep(REST)


async def _kill(ref: Ref[Any]) -> float:
    """Kill who lives there; nanoseconds until somebody else answers."""
    old: int = await ref.ask("pid")
    began = ns()
    os.kill(old, signal.SIGKILL)
    while True:
        try:
            new = await ref.ask("pid", PATIENCE)
        except ActorDied:  # the question was in hand
            continue
        if new != old:
            return float(ns() - began)
