"""A gradient whose values are at least as far as their news is old: bounded information speed.

Each value carries the age of the news it rests on, which is 0 at a source and grows while it travels and waits::

    g = min over neighbours of max(g_y + w, (age - period) speed)

Cells that have lost their source can only pass on older and older news, so their values rise at ``speed``, however
short the links are.  ``speed`` is what genuine news really travels at least; were it higher, values at rest would be
above the distance.

When to take it: as CRF, where the pace of rounds is known and even.  Loss of packets makes news late, and so raises
values for a moment.

Source: Audrito, Damiani and Viroli, Optimally-self-healing distributed gradient structures through bounded information
speed, COORDINATION 2017; the formula as in FCPP.
"""

from __future__ import annotations

import math

from actors.messages import Pid

from .config import FieldConfig
from .distances import Distances


class BIS(Distances):
    """A gradient by bounded information speed."""

    def __init__(self, pid: Pid, config: FieldConfig, now: float) -> None:
        super().__init__(pid, config, now)
        self._age = 0.0

    def emit(self, is_source: bool) -> None:
        super().emit(is_source)
        if is_source:
            self._age = 0.0

    def _settle(self, now: float, elapsed: float) -> float:
        period, speed = self._config.period, self._config.information_speed
        estimates = []
        for value, _, told_age, heard in self._offers():
            age = told_age + now - heard
            estimates.append((max(value, (age - period) * speed), age))
        estimate, self._age = min(estimates, default=(math.inf, 0.0))
        return estimate

    def _word(self) -> list[float]:
        return [self._value, 0.0 if self.is_source else self._age]
