"""What a system needs of the loop it runs on: an order for ready actors, a clock for handlers, a source of chance.

The real loop needs nothing special (:data:`LOOP`).  A simulated one carries an engine of its own in the attribute
``planaria_engine``, and every system that is entered on it uses that: the same code runs in virtual time from a seed.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import deque
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from .cell import Cell
    from .tissue.transport import Transport

BATCH = 16
"""Messages one actor may handle before the next one's turn: fairness between actors."""


class RunQueue(Protocol):
    """The order in which ready cells run: a ``deque``, or in tests a queue that a seed shuffles."""

    def append(self, cell: Cell, /) -> None: ...
    def appendleft(self, cell: Cell, /) -> None: ...
    def popleft(self) -> Cell: ...
    def __len__(self) -> int: ...


class Engine(Protocol):
    """See the module's text.  ``batch``: messages an actor may handle in one turn."""

    batch: int

    def queue(self) -> RunQueue:
        """A run queue for one system."""

    def clock(self) -> float:
        """Seconds by which handlers are timed."""

    def now(self) -> float:
        """Seconds since some fixed moment, as exact as can be had: when things happened."""

    def random(self) -> random.Random:
        """A source of chance for one system that was given no seed."""

    def transport(self) -> Transport | None:
        """What carries packets between the cells of the systems on this loop; ``None``: each system is alone."""


class LoopEngine:
    """First come, first served, in real time."""

    batch = BATCH
    clock = staticmethod(time.perf_counter)
    now = staticmethod(time.monotonic)

    def queue(self) -> RunQueue:
        return deque()

    def random(self) -> random.Random:
        return random.Random()

    def transport(self) -> None:
        return None


LOOP = LoopEngine()


def engine_of(loop: asyncio.AbstractEventLoop) -> Engine:
    """The engine of a running loop."""
    engine: Engine = getattr(loop, "planaria_engine", LOOP)
    return engine
