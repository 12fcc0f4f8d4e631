"""Trees that the recovery scenarios break, and how long they take to serve again."""

from __future__ import annotations

import asyncio
from typing import Literal

from supervisors import Supervisor, child

from .checks import expect
from .parts import PATIENCE, UNLIMITED, Crash, Mortal, Tally, ns

SETTLE = 0.0005
"""Seconds between two crashes, not timed: a supervisor finishes its own bookkeeping before the next one."""

Strategy = Literal["one_for_one", "rest_for_one", "one_for_all"]


async def crash_to_serving(strategy: Strategy, size: int, times: int) -> list[float]:
    """Nanoseconds from the deadly message to the first child until its successor answers, ``times`` over."""
    starts, taken = Tally(), []
    children = [child(Mortal, starts, id=f"c{number}") for number in range(size)]
    tree = Supervisor("crash", children, strategy=strategy, max_restarts=UNLIMITED)
    async with tree.running() as running:
        ref = running.ref("c0")
        for number in range(times):
            wanted = starts.count + (1 if strategy == "one_for_one" else size)
            began = ns()
            ref.tell(Crash())
            answer = await ref.ask(number, timeout=PATIENCE)
            taken.append(float(ns() - began))
            expect("answer of the successor", answer, number)
            await starts.reach(wanted)
            await asyncio.sleep(SETTLE)
            expect("starts", starts.count, wanted)
    return taken


async def storm(size: int) -> float:
    """Nanoseconds a child until all of ``size`` children, crashed at once, have started again."""
    starts = Tally()
    tree = Supervisor(
        "storm", [child(Mortal, starts, id=f"c{number}") for number in range(size)], max_restarts=UNLIMITED
    )
    async with tree.running() as running:
        refs = [running.ref(f"c{number}") for number in range(size)]
        expect("children started", starts.count, size)
        began = ns()
        for ref in refs:
            ref.tell(Crash())
        await starts.reach(2 * size)
        took = ns() - began
        for ref in refs:
            expect("answer after the storm", await ref.ask(1, timeout=PATIENCE), 1)
        expect("lives", {ref.pid.incarnation for ref in refs}, {2})
    return took / size


async def start_stop(size: int) -> tuple[float, float]:
    """Nanoseconds a child to start a tree of ``size`` static children, and to stop it."""
    starts, ends = Tally(), Tally()
    tree = Supervisor("tree", [child(Mortal, starts, ends, id=f"c{number}") for number in range(size)])
    began = ns()
    async with tree.running() as running:
        started = ns()
        expect("children started", starts.count, size)
        await running.stop()
        stopped = ns()
    expect("children stopped", ends.count, size)
    return (started - began) / size, (stopped - started) / size
