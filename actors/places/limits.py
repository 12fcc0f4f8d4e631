"""When questions from elsewhere are given up here too: one timer for all of them, whatever their number.

Most are answered long before; so what is done for each is an entry, and the timer looks when the first might be due.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Limits:
    """Calls ``late(number)`` for each number that was added and not discarded, once its time has come."""

    __slots__ = ("_due", "_late", "_loop", "_timer", "_wakes")

    def __init__(self, loop: asyncio.AbstractEventLoop, late: Callable[[int], object]) -> None:
        self._loop = loop
        self._late = late
        self._due: dict[int, float] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._wakes = 0.0

    def add(self, number: int, due: float) -> None:
        """Give ``number`` up at ``due``, by the loop's clock."""
        self._due[number] = due
        if self._timer is None or due < self._wakes:
            self._wake_at(due)

    def discard(self, number: int) -> None:
        """It needs no limit any more; nothing happens if it has none."""
        self._due.pop(number, None)

    def _wake_at(self, due: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._wakes = due
        self._timer = self._loop.call_at(due, self._look)

    def _look(self) -> None:
        self._timer = None
        now = max(self._loop.time(), self._wakes)
        for number in [number for number, due in self._due.items() if due <= now]:
            self.discard(number)
            self._late(number)
        if self._due and self._timer is None:
            self._wake_at(min(self._due.values()))
