"""Which core of which cell is to be ticked when: all of a host's cores on one timer."""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from actors.tissue.core import Core, Effect

if TYPE_CHECKING:
    import asyncio

SLACK = 64
"""Entries that are of no use any more, besides as many as are, before the agenda is swept."""

BURST = 0.002
"""Seconds of the loop that ticks may take at a time; the rest come after others had their turn."""


class Slot:
    """A core and who carries out its effects.  ``wake``: when it is to be ticked; ``inf``: not now."""

    __slots__ = ("carry_out", "core", "wake")

    def __init__(self, core: Core, carry_out: Callable[[list[Effect]], None]) -> None:
        self.core: Core | None = core
        self.carry_out = carry_out
        self.wake = math.inf


class Agenda:
    """See the module's text.  ``grain``: seconds by which it wakes late at least, so that what is due at about the same
    time is done in one go; ``late``: told by how many seconds the loop was behind, whenever it wakes.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        now: Callable[[], float],
        clock: Callable[[], float],
        late: Callable[[float], None],
        grain: float = 0.0,
    ) -> None:
        self._loop = loop
        self._now = now
        self._clock = clock
        self._late = late
        self._grain = grain
        self._heap: list[tuple[float, int, Slot]] = []
        # How many entries are of use: one of each slot that is to be ticked.
        self._waiting = 0
        self._serial = 0
        self._armed = math.inf
        self._timer: asyncio.TimerHandle | None = None
        self._is_running = False
        self._is_closed = False

    def arm(self, slot: Slot) -> None:
        """Look at when the slot's core is due: after every call to it."""
        if slot.core is None or self._is_closed:
            return
        due = slot.core.due
        if due >= slot.wake:
            return
        self._waiting += slot.wake == math.inf
        slot.wake = due
        self._serial += 1
        heapq.heappush(self._heap, (due, self._serial, slot))
        self._sweep()
        if due < self._armed and not self._is_running:
            self._set(due)

    def drop(self, slot: Slot) -> None:
        """Tick it no more, and hold nothing of it: the life that it was of is over."""
        slot.core, slot.carry_out = None, _to_nobody
        if slot.wake < math.inf:
            slot.wake = math.inf
            self._waiting -= 1
        self._sweep()

    def _sweep(self) -> None:
        """Keep one entry of each slot, when most are of no use: a slot that is due earlier leaves one behind, and again
        and again the same one if what is far off stays what it is.
        """
        if len(self._heap) <= 2 * self._waiting + SLACK:
            return
        kept: dict[Slot, tuple[float, int, Slot]] = {}
        for entry in sorted(self._heap):
            if entry[2].wake == entry[0]:
                kept.setdefault(entry[2], entry)
        self._heap[:] = kept.values()  # sorted, and so a heap

    def close(self) -> None:
        """Tick nobody any more."""
        self._is_closed = True
        self._heap.clear()
        if self._timer is not None:
            self._timer.cancel()

    def _set(self, due: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._armed = due
        wait = due - self._now()
        self._timer = self._loop.call_later(wait + self._grain if wait > 0 else 0.0, self._run)

    def _run(self) -> None:
        began = now = self._now()
        self._late(now - self._armed)
        self._timer, self._armed = None, math.inf
        self._is_running = True
        until = self._clock() + BURST
        try:
            heap = self._heap
            while heap and heap[0][0] <= began and self._clock() < until:
                when, _, slot = heapq.heappop(heap)
                if slot.wake != when or slot.core is None:
                    continue
                slot.wake = math.inf
                self._waiting -= 1
                if slot.core.due <= now:
                    slot.carry_out(slot.core.tick(now))
                self.arm(slot)
        finally:
            self._is_running = False
            if self._heap:
                self._set(self._heap[0][0])


def _to_nobody(effects: list[Effect]) -> None:
    """What a dropped core says."""
