"""An asyncio loop on virtual time, and a run queue that a seed shuffles.

Time stands still while anything can run.  When nothing can, it jumps to the next timer: a handler's own
``asyncio.sleep(3600)`` costs nothing.  Everything random is drawn from one seed, so a run repeats to the byte.

Threads are the exception: while only a thread's result is awaited, time jumps past it.
"""

from __future__ import annotations

import asyncio
import random
import selectors
from collections import deque
from typing import TYPE_CHECKING, Any

from actors.envelopes import bare
from actors.errors import ActorError

if TYPE_CHECKING:
    from actors.cell import Cell
    from actors.tissue.transport import Transport

REAL_PATIENCE = 2.0
"""Real seconds to wait for a thread or a socket when no timer is left, before the run is declared stuck."""

TICK = 0.0001
"""Seconds that a handler seems to take: twenty turns a slice, never enough to count as blocking."""

TRACE_LIMIT = 100_000
"""Lines of the trace that are kept."""


class Deadlock(ActorError):
    """Nothing can happen any more in a simulated run: everybody waits and no timer is set."""

    def __init__(self, now: float) -> None:
        self.now = now
        super().__init__(f"everybody waits and no timer is set (virtual time {now:g} s)")


class VirtualClock(selectors.BaseSelector):
    """Stands between a loop and its selector: instead of sleeping, it lets time jump.

    ``idlers`` are woken, one at a time, when nothing can run at the present instant.
    """

    def __init__(self, loop: Any, origin: float) -> None:
        self._loop = loop
        self._inner: selectors.BaseSelector = loop._selector
        self.origin = origin
        self.elapsed = 0.0
        self.idlers: deque[asyncio.Future[None]] = deque()
        self.main: asyncio.Task[Any] | None = None
        self.stuck = False

    def time(self) -> float:
        """The loop's time."""
        return self.origin + self.elapsed

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        events = self._inner.select(0)
        if events or (timeout is not None and timeout <= 0):
            return events
        while self.idlers:
            idler = self.idlers.popleft()
            if not idler.done():
                idler.set_result(None)
                return []
        if timeout is not None:
            self.elapsed += timeout
            return self._inner.select(0)
        events = self._inner.select(REAL_PATIENCE)
        if not events and self.main is not None and not self.main.done():
            self.stuck = True
            self.main.cancel()
        return events

    def register(self, *args: Any) -> selectors.SelectorKey:
        return self._inner.register(*args)

    def unregister(self, *args: Any) -> selectors.SelectorKey:
        return self._inner.unregister(*args)

    def modify(self, *args: Any) -> selectors.SelectorKey:
        return self._inner.modify(*args)

    def get_map(self) -> Any:
        return self._inner.get_map()

    def close(self) -> None:
        self._inner.close()


def install(loop: Any, engine: SimulatedEngine, origin: float = 0.0) -> VirtualClock:
    """Put a stock asyncio loop on virtual time, starting at ``origin``.  Raises ``TypeError`` for any other loop."""
    if not hasattr(loop, "_selector"):
        raise TypeError(
            f"virtual time needs asyncio's own loop, not {type(loop).__module__}.{type(loop).__name__}; "
            "use world(seed).run(main)"
        )
    clock = VirtualClock(loop, origin)
    loop._selector = clock
    loop.time = clock.time
    loop.planaria_engine = engine
    engine.virtual = clock
    return clock


def uninstall(loop: Any) -> None:
    """Give the loop its own selector and time back."""
    clock = loop._selector
    loop._selector = clock._inner
    del loop.time
    del loop.planaria_engine


class ShuffledQueue:
    """A run queue that takes any ready cell next, as the seed wills, and writes down which."""

    def __init__(self, engine: SimulatedEngine) -> None:
        self._engine = engine
        self._cells: list[Cell] = []

    def append(self, cell: Cell) -> None:
        self._cells.append(cell)

    def appendleft(self, cell: Cell) -> None:
        """Put back a cell that was taken but not run."""
        self._cells.append(cell)
        self._engine.lines.pop()

    def popleft(self) -> Cell:
        cells = self._cells
        at = self._engine.rng.randrange(len(cells))
        cells[at], cells[-1] = cells[-1], cells[at]
        cell = cells.pop()
        self._engine.note(cell)
        return cell

    def __len__(self) -> int:
        return len(self._cells)


class SimulatedEngine:
    """Chance from one seed, one message a turn, a trace of who ran when with what."""

    batch = 1

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.virtual: VirtualClock | None = None
        self.wires: Transport | None = None
        self._ticks = 0.0
        self.lines: deque[str] = deque(maxlen=TRACE_LIMIT)

    def queue(self) -> ShuffledQueue:
        return ShuffledQueue(self)

    def clock(self) -> float:
        """Handlers take next to no time here: every reading is a tick later, so that a slice ends after some turns."""
        self._ticks += TICK
        return self._ticks

    def now(self) -> float:
        return self.virtual.elapsed if self.virtual is not None else 0.0

    def random(self) -> random.Random:
        return random.Random(self.rng.getrandbits(64))

    def transport(self) -> Transport | None:
        return self.wires

    def note(self, cell: Cell) -> None:
        """Write down that ``cell`` has its turn."""
        waiting = cell.lane or cell.box
        what = type(bare(waiting[0])).__name__ if waiting else "nothing"
        self.write(f"{cell.pid} {what}")

    def write(self, text: str) -> None:
        """Add a line to the trace, with the virtual time."""
        self.lines.append(f"{self.now():.6f} {text}")
