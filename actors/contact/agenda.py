"""Which core of which cell is to be ticked when: all of a host's cores on one timer."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from actors.tissue.core import Core, Effect
from actors.tissue.moments import Moments

if TYPE_CHECKING:
    import asyncio

BURST = 0.002
"""Seconds of the loop that ticks may take at a time; the rest come after others had their turn."""


class Slot:
    """A core and who carries out its effects."""

    __slots__ = ("carry_out", "core")

    def __init__(self, core: Core, carry_out: Callable[[list[Effect]], None]) -> None:
        self.core: Core | None = core
        self.carry_out = carry_out


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
        self._moments: Moments[Slot] = Moments()
        self._armed = math.inf
        self._timer: asyncio.TimerHandle | None = None
        self._is_running = False
        self._is_closed = False

    def arm(self, slot: Slot) -> None:
        """Look at when the slot's core is due: after every call to it."""
        if slot.core is None or self._is_closed:
            return
        due = slot.core.due
        if due >= self._moments.when(slot):
            return
        self._moments.put(slot, due)
        if due < self._armed and not self._is_running:
            self._set(due)

    def drop(self, slot: Slot) -> None:
        """Tick it no more, and hold nothing of it: the life that it was of is over."""
        slot.core, slot.carry_out = None, _to_nobody
        self._moments.drop(slot)

    def close(self) -> None:
        """Tick nobody any more."""
        self._is_closed = True
        self._moments.clear()
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
            while self._clock() < until and (slot := self._moments.pop(began)) is not None:
                if slot.core is not None and slot.core.due <= now:
                    slot.carry_out(slot.core.tick(now))
                self.arm(slot)
        finally:
            self._is_running = False
            if self._moments.due < math.inf:
                self._set(self._moments.due)


def _to_nobody(effects: list[Effect]) -> None:
    """What a dropped core says."""
