"""Timers of one life: a message to oneself, once or again and again.

They end with the life; a tick that is queued already is not delivered after ``cancel`` and not to a successor.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .envelopes import ForLife

if TYPE_CHECKING:
    import asyncio

    from .cell import Cell


class Timer:
    """A message that comes after ``seconds``, or every ``seconds`` if ``period`` is set."""

    __slots__ = ("_cell", "_due", "_handle", "_incarnation", "_queued", "message", "period")

    def __init__(self, cell: Cell, seconds: float, message: object, period: float | None = None) -> None:
        if not seconds >= 0 or (period is not None and not period > 0):
            raise ValueError(
                f"a timer needs a time of 0 or more seconds, a period of more than 0; got {period or seconds!r}"
            )
        self._cell = cell
        self._incarnation = cell.incarnation
        self.message = message
        self.period = period
        self._queued = False
        loop = cell.scheduler.loop
        self._due = loop.time() + seconds
        self._handle: asyncio.TimerHandle | None = loop.call_at(self._due, self._fire)
        cell.more().timers[self] = None

    def _fire(self) -> None:
        cell = self._cell
        if not self._queued:  # at most one tick waits: a slow actor is not buried in them
            self._queued = True
            cell.put(ForLife(self.message, self._incarnation, self))
        if self.period is None:
            self._handle = None
            return
        loop = cell.scheduler.loop
        missed = int((loop.time() - self._due) / self.period)
        self._due += self.period * (missed + 1)
        self._handle = loop.call_at(self._due, self._fire)

    def delivered(self) -> bool:
        """The queued tick is about to be handled; false if the timer was cancelled meanwhile."""
        if not self._queued:
            return False
        self._queued = False
        if self._handle is None and self._cell.extras is not None:
            self._cell.extras.timers.pop(self, None)
        return True

    def cancel(self) -> float | None:
        """End the timer.  Returns the seconds that were left, or ``None`` if it had fired or was cancelled."""
        handle, self._handle = self._handle, None
        self._queued = False
        if self._cell.extras is not None:
            self._cell.extras.timers.pop(self, None)
        if handle is None:
            return None
        handle.cancel()
        return max(0.0, self._due - self._cell.scheduler.loop.time())

    @property
    def is_active(self) -> bool:
        """Whether it will fire (again)."""
        return self._handle is not None
