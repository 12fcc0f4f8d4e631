"""``tree.run()``: a tree as a program, with signals and an exit code."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable
from os import PathLike
from typing import TYPE_CHECKING, Any

from actors import ActorError, Watchdog
from actors.cluster.errors import ClusterError
from actors.engines.loop import run as run_loop
from actors.watchdog import WATCHDOG

from .running import Running, running
from .spec import Tree

if TYPE_CHECKING:
    from actors.cluster.values import Membership

CLEAN = 0
"""The tree was stopped, or ended cleanly by itself (automatic shutdown)."""

GAVE_UP = 1
"""The tree gave up, or did not start."""

FORCED = 130
"""A second signal ended it at once."""

Observer = Callable[[Running], Awaitable[None]]


def run(
    tree: Tree,
    *,
    seed: int | None = None,
    log: bool = True,
    watchdog: Watchdog | None = WATCHDOG,
    door: bool = False,
    journal: str | PathLike[str] | None = None,
    observer: Observer | None = None,
    cluster: Membership | None = None,
) -> int:
    """Run ``tree`` until it ends or is told to.  Blocks; returns the exit code for ``sys.exit``.

    The first SIGINT or SIGTERM stops it gracefully: in reverse order, each child within its ``shutdown``.  The second
    ends it at once.  Codes: 0 a clean stop, 1 the tree gave up or did not start, 130 forced.  ``seed``, ``log``,
    ``watchdog``, ``door``, ``journal`` and ``cluster`` as for ``running``.  Raises ``ClusterError`` if this process
    cannot be the host that ``cluster`` says.
    """
    options = {"seed": seed, "log": log, "watchdog": watchdog, "door": door, "journal": journal, "cluster": cluster}
    return run_loop(_run(_Service(tree, observer, **options)))


async def _run(service: _Service) -> int:
    loop = asyncio.get_running_loop()
    signals: asyncio.Queue[int] = asyncio.Queue()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, signals.put_nowait, number)
    serving = asyncio.ensure_future(service.serve())
    try:
        if await _signalled(signals, serving):
            _say("stopping; a second signal ends it at once")
            service.stop(serving)
            if await _signalled(signals, serving):
                service.kill(serving)
                await asyncio.gather(serving, return_exceptions=True)
                return FORCED
        await serving
    except asyncio.CancelledError:  # it was told to stop while it was still starting
        return CLEAN
    except ClusterError:  # this process cannot be a host: nothing was started
        raise
    except ActorError as error:
        _say(str(error))
        return GAVE_UP
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
    return CLEAN


class _Service:
    """A tree that runs until it ends or is told to stop."""

    def __init__(self, tree: Tree, observer: Observer | None, **options: Any) -> None:
        self._tree = tree
        self._observer = observer
        self._options = options
        self._told = asyncio.Event()
        self._handle: Running | None = None

    async def serve(self) -> None:
        async with running(self._tree, **self._options) as handle:
            self._handle = handle
            told: asyncio.Future[Any] = asyncio.ensure_future(self._told.wait())
            ended: asyncio.Future[Any] = asyncio.ensure_future(handle.wait_ended())
            tasks: list[asyncio.Future[Any]] = [told, ended]
            if self._observer is not None:
                tasks.append(asyncio.ensure_future(self._observer(handle)))
            await asyncio.wait(tasks[:2], return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def stop(self, serving: asyncio.Future[None]) -> None:
        """Stop gracefully; a tree that is still starting gives up its start."""
        if self._handle is None:
            serving.cancel()
        self._told.set()

    def kill(self, serving: asyncio.Future[None]) -> None:
        """End at once."""
        if self._handle is not None:
            self._handle.kill()
        else:
            serving.cancel()


async def _signalled(signals: asyncio.Queue[int], serving: asyncio.Future[None]) -> bool:
    """Wait for a signal or the end of the service; true for a signal."""
    told: asyncio.Future[Any] = asyncio.ensure_future(signals.get())
    awaited: list[asyncio.Future[Any]] = [told, serving]
    await asyncio.wait(awaited, return_when=asyncio.FIRST_COMPLETED)
    if told.done():
        return True
    told.cancel()
    return False


def _say(text: str) -> None:
    sys.stderr.write(f"planaria: {text}\n")
