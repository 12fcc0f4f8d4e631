"""Mode: a ``Service`` under ``OneForOneSupervisor``; its task reads an ``asyncio.Queue``, for mode has no mailboxes."""

from __future__ import annotations

import asyncio
from typing import Any

from mode import Service
from mode.supervisors import OneForOneSupervisor

from .contract import DEADLINE, SETTLE, Figures, Sizes, check, crash_figures, ns, run_loop, time_asks


class Echo(Service):
    """Answers numbers; counts tallies.  The queue outlives a restart, as the service object does."""

    def __post_init__(self) -> None:
        self.queue: asyncio.Queue[tuple[Any, asyncio.Future[Any] | None]] = asyncio.Queue()
        self.seen = 0

    async def ask(self, message: Any, timeout: float = DEADLINE) -> Any:
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.queue.put_nowait((message, future))
        async with asyncio.timeout(timeout):
            return await future

    def tell(self, message: Any) -> None:
        self.queue.put_nowait((message, None))

    @Service.task
    async def _serve(self) -> None:
        while not self.should_stop:
            message, future = await self.queue.get()
            if message == "crash":
                raise RuntimeError("crash")
            if future is None:
                self.seen += 1
            else:
                future.set_result(self.seen if message == "total" else message)


async def _recovery(times: int) -> list[float]:
    echo = Echo()
    supervisor = OneForOneSupervisor(max_restarts=10**6, over=1.0)
    supervisor.add(echo)
    taken = []
    async with supervisor:
        check(await echo.ask(1), 1)
        for number in range(times):
            await asyncio.sleep(SETTLE)
            began = ns()
            echo.tell("crash")
            check(await echo.ask(number, 10.0), number)
            taken.append(float(ns() - began))
    return taken


async def _main(sizes: Sizes) -> Figures:
    async with Echo() as echo:
        ask = await time_asks(echo.ask, sizes.ask)
        began = ns()
        for _ in range(sizes.tell):
            echo.tell("tally")
        seen = await echo.ask("total", 60.0)
        tell = (ns() - began) / sizes.tell
        check(seen, sizes.tell)
    services = [Echo() for _ in range(sizes.spawn)]
    began = ns()
    for service in services:
        await service.start()
    check(await services[-1].ask(7), 7)
    spawn = (ns() - began) / sizes.spawn
    for service in services:
        await service.stop()
    return {"ask": ask, "tell": tell, "spawn": spawn, **crash_figures(await _recovery(sizes.crash))}


def measure(sizes: Sizes, variant: str) -> Figures:
    """One round."""
    figures: Figures = run_loop(lambda: _main(sizes))
    return figures
