"""Other systems of processes, beside ours in the same repeat: each measured by its adapter, in a process of its own."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from .peers.contract import Figures
from .peers.registry import Contender
from .peers.rounds import Worker

THESPIAN = {
    figure: Contender("Thespian", "thespian", f"multiprocTCPBase:{figure}", "thespian")
    for figure in ("ask", "tell", "crash")
}
XOSCAR = Contender("xoscar", "xoscar", "sub-pools", "xoscar")


class Stranger:
    """One of them.  ``is_there``: it is installed; one that is not has no figures, and no targets."""

    def __init__(self, contender: Contender, worker: Worker | None) -> None:
        self.name = contender.name
        self.is_there = worker is not None
        self._worker = worker

    async def figures(self, share: float) -> Figures:
        """What its adapter measures, at ``share`` of the full size.  The loop goes on meanwhile: it owes heartbeats."""
        assert self._worker is not None
        return await asyncio.get_running_loop().run_in_executor(None, self._worker.round, share)

    async def figure(self, name: str, share: float) -> float:
        """One of them, in nanoseconds."""
        return (await self.figures(share))[name]


@contextlib.asynccontextmanager
async def stranger(contender: Contender) -> AsyncIterator[Stranger]:
    """Keep the process of one of them."""
    if contender.missing() is not None:
        yield Stranger(contender, None)
        return
    with Worker(contender) as worker:
        yield Stranger(contender, worker)
