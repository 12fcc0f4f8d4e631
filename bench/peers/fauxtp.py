"""Fauxtp: ``GenServer`` with call and cast; its ``Supervisor`` registers each replacement in its ``Registry``."""

from __future__ import annotations

from typing import Any

import anyio
from fauxtp import GenServer, call, cast
from fauxtp.registry import Registry
from fauxtp.supervisor import ChildSpec, Supervisor

from .contract import DEADLINE, SETTLE, Figures, Sizes, check, crash_figures, ns, run_loop, time_asks


class Echo(GenServer):
    """Answers numbers; its state is the count of casts."""

    async def init(self) -> int:
        return 0

    async def handle_call(self, request: Any, from_ref: Any, state: int) -> tuple[Any, int]:
        return (state if request == "total" else request), state

    async def handle_cast(self, request: Any, state: int) -> int:
        if request == "crash":
            raise RuntimeError("crash")
        return state + 1


async def _registered(registry: Any, name: str, before: Any) -> Any:
    """The process of that name, once it is another than ``before``."""
    while True:
        pid = await call(registry, ("get", name), DEADLINE)
        if pid is not None and pid != before:
            return pid


async def _recovery(group: Any, times: int) -> list[float]:
    registry = await Registry.start(task_group=group)
    await Supervisor.start(children=[ChildSpec(actor=Echo, name="kept")], registry=registry, task_group=group)
    pid = await _registered(registry, "kept", None)
    taken = []
    for number in range(times):
        began = ns()
        await cast(pid, "crash")
        pid = await _registered(registry, "kept", pid)
        check(await call(pid, number, DEADLINE), number)
        taken.append(float(ns() - began))
        await anyio.sleep(SETTLE)
    return taken


async def _main(sizes: Sizes) -> Figures:
    async with anyio.create_task_group() as group:
        pid = await Echo.start(task_group=group)
        ask = await time_asks(lambda number: call(pid, number, DEADLINE), sizes.ask)
        began = ns()
        for _ in range(sizes.tell):
            await cast(pid, "tally")
        seen = await call(pid, "total", 60.0)
        tell = (ns() - began) / sizes.tell
        check(seen, sizes.tell)
        began = ns()
        for _ in range(sizes.spawn):
            last = await Echo.start(task_group=group)
        check(await call(last, 7, DEADLINE), 7)
        spawn = (ns() - began) / sizes.spawn
        taken = await _recovery(group, sizes.crash)
        group.cancel_scope.cancel()
    return {"ask": ask, "tell": tell, "spawn": spawn, **crash_figures(taken)}


def measure(sizes: Sizes, variant: str) -> Figures:
    """One round."""
    figures: Figures = run_loop(lambda: _main(sizes))
    return figures
