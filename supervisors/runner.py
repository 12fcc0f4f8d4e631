"""``tree.run()``: a tree as a program, with signals and an exit code."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable

from actors import ActorError
from actors.engines.loop import run as run_loop

from .errors import TreeGaveUp
from .running import Running, running
from .spec import Tree

CLEAN = 0
"""The tree was stopped, or ended cleanly by itself (automatic shutdown)."""

GAVE_UP = 1
"""The tree gave up, or did not start."""

FORCED = 130
"""A second signal ended it at once."""

Observer = Callable[[Running], Awaitable[None]]


def run(tree: Tree, *, seed: int | None = None, log: bool = True, observer: Observer | None = None) -> int:
    """Run ``tree`` until it ends or is told to.  Blocks; returns the exit code for ``sys.exit``.

    The first SIGINT or SIGTERM stops it gracefully: in reverse order, each child within its ``shutdown``.  The second
    ends it at once.  Codes: 0 a clean stop, 1 the tree gave up or did not start, 130 forced.
    """
    return run_loop(_run(tree, seed, log, observer))


async def _run(tree: Tree, seed: int | None, log: bool, observer: Observer | None) -> int:
    loop = asyncio.get_running_loop()
    signals: asyncio.Queue[int] = asyncio.Queue()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, signals.put_nowait, number)
    try:
        async with running(tree, seed=seed, log=log) as handle:
            watching = asyncio.ensure_future(observer(handle)) if observer is not None else None
            try:
                return await _until_told(handle, signals)
            finally:
                if watching is not None:
                    watching.cancel()
                    await asyncio.gather(watching, return_exceptions=True)
    except TreeGaveUp as error:
        print(f"planaria: {error}", file=sys.stderr)
        return GAVE_UP
    except ActorError as error:
        print(f"planaria: {error}", file=sys.stderr)
        return GAVE_UP
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)


async def _until_told(handle: Running, signals: asyncio.Queue[int]) -> int:
    ended = asyncio.ensure_future(handle.wait_ended())
    told = asyncio.ensure_future(signals.get())
    await asyncio.wait({ended, told}, return_when=asyncio.FIRST_COMPLETED)
    if not told.done():
        told.cancel()
        return CLEAN
    print("planaria: stopping; a second signal ends it at once", file=sys.stderr)
    stopping = asyncio.ensure_future(handle.stop())
    again = asyncio.ensure_future(signals.get())
    await asyncio.wait({stopping, again}, return_when=asyncio.FIRST_COMPLETED)
    if not again.done():
        again.cancel()
        return CLEAN
    handle.kill()
    await ended
    return FORCED
