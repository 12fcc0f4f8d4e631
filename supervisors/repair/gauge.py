"""How hard a worker is pressed, from looking at it now and then: nothing is measured on the way of its messages."""

from __future__ import annotations

import math

from actors.tissue.hormones.secretion import pressure

HALF_LIFE = 10.0
"""Seconds in which what was seen of a worker's speed counts half."""


class Gauge:
    """Of one life.  :meth:`look` is told what a glance shows; :meth:`read` makes a pressure of the glances since.

    The share of glances that find a message in hand is an unbiased measure of the share of time, if their moments are
    drawn at random.  Speed is messages handled by busy seconds.  ``active``: when it was last seen to do anything.
    """

    __slots__ = ("_at", "_glances", "_handled", "_hits", "_queue", "_speed_busy", "_speed_handled", "active")

    def __init__(self, now: float, handled: int) -> None:
        self._at = self.active = now
        self._handled = handled
        self._glances = self._hits = self._queue = 0
        self._speed_busy = self._speed_handled = 0.0

    def look(self, now: float, handled: int, queue: int, busy: bool) -> None:
        """At ``now``, so many messages had been handled, so many waited, and one was in hand or not."""
        passed = max(0.0, now - self._at)
        kept = math.exp2(-passed / HALF_LIFE)
        self._speed_busy = self._speed_busy * kept + (passed if busy else 0.0)
        self._speed_handled = self._speed_handled * kept + max(0, handled - self._handled)
        if busy or queue or handled != self._handled:
            self.active = now
        self._at, self._handled, self._queue = now, handled, queue
        self._glances += 1
        self._hits += busy

    def read(self, drain: float) -> float | None:
        """The pressure since the last reading; ``None`` if nobody looked."""
        if not self._glances:
            return None
        utilisation = self._hits / self._glances
        self._glances = self._hits = 0
        speed = max(self._speed_handled, 1.0) / max(self._speed_busy, 1e-3)
        return pressure(utilisation, self._queue, speed, drain)
