"""A gradient whose unsupported values rise at a set speed: constraint and restoring force.

A neighbour y supports my value g if g_y + w + v lag <= g, where lag is how long ago it spoke and v the speed at which I
rise.  With support, g is the least that is supported and v is 0; without, v is the raising speed v0 and g grows by v0
a second.  So a field without a source rises at v0 however short its links are, and heals in about diameter / v0.

When to take it: values only, two numbers a cell, no paths, so any number of hops; and a graceful rise rather than a
sudden absence.  A field that has lost all sources rises for ever; past the ``horizon`` it counts as gone.

Source: Beal, Bachrach, Vickery and Tobenkin, Fast self-healing gradients, SAC 2008; v0 = 5 units a second is ScaFi's.
"""

from __future__ import annotations

from actors.messages import Pid

from .config import FieldConfig
from .distances import Distances


class CRF(Distances):
    """A gradient by constraint and restoring force."""

    def __init__(self, pid: Pid, config: FieldConfig, now: float) -> None:
        super().__init__(pid, config, now)
        self._speed = 0.0

    def emit(self, is_source: bool) -> None:
        super().emit(is_source)
        self._speed = 0.0

    def _settle(self, now: float, elapsed: float) -> float:
        supported = [
            value for value, _, _, heard in self._offers() if value + self._speed * (now - heard) <= self._value
        ]
        if supported:
            self._speed = 0.0
            return min(supported)
        self._speed = self._config.raising_speed
        return self._value + self._speed * elapsed
