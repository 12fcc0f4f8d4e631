"""Cohesion: values that should agree are pulled together, and nobody who is far off pulls along.

For a backend developer: batch sizes, timeouts, sampling rates, clock offsets, each tuned by its own cell, stay close to
those of the neighbours; a cell that is born starts where the others are; one that lies, or is ill, moves nobody.

Each round a cell goes toward the median of its neighbourhood, itself included, without those who are further from it
than 3 times the median distance (the MAD)::

    x <- x + clip(rate (m - x), -max_step, max_step)

As long as fewer than a quarter of those that are heard lie, what is left has an honest majority, and its median is
among honest values: whatever the liars say, nobody leaves the range that the honest were in.

Where all see each other all come to agree; where each has a few neighbours they come close, and stay some percent of
where they started apart.  What must be the same everywhere is for a leader to say.  Values are not conserved; for what
must add up take :mod:`~actors.tissue.flock.alignment`.

Source: Reynolds 1987 for the rule; Hampel's identifier for the clipping.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median
from typing import Any

from actors.messages import Pid
from actors.tissue.fields.block import Around, Block, read_number


def central(values: Sequence[float], mads: float = 3.0) -> float:
    """The median of those values that are within so many MADs of the median of all.  Raises ``ValueError`` for none."""
    if not values:
        raise ValueError("no values have no median")
    middle = median(values)
    spread = median(abs(value - middle) for value in values)
    return median(value for value in values if abs(value - middle) <= mads * spread)


class Cohesion(Block[float]):
    """One value of a cell: a block of :class:`~actors.tissue.fields.field.Fields`, at all cells that shall agree.

    ``value``: where it starts; ``None``: at the median of the neighbours, as soon as there are any.  ``rate``: what
    share of the way it goes in a round, 0.5.  ``max_step``: at most so far, infinite.  ``mads``: who is further off
    than so many MADs is passed over, 3.0.  Raises ``ValueError`` naming the field.
    """

    def __init__(
        self, value: float | None = None, *, rate: float = 0.5, max_step: float = math.inf, mads: float = 3.0
    ) -> None:
        if not 0 < rate <= 1:
            raise ValueError(f"Cohesion.rate must be above 0 and at most 1; got {rate!r}")
        if not max_step > 0:
            raise ValueError(f"Cohesion.max_step must be above 0; got {max_step!r}")
        if not mads > 0:
            raise ValueError(f"Cohesion.mads must be above 0; got {mads!r}")
        self._rate = rate
        self._max_step = max_step
        self._mads = mads
        self._value = None if value is None else read_number(value)
        self._told: dict[str, float] = {}

    @property
    def value(self) -> float | None:
        """Where it is; ``None`` for one that is new and has heard nobody."""
        return self._value

    def put(self, value: float) -> None:
        """Be there, as what the cell itself has found best.  Raises ``ValueError`` if it is not finite."""
        self._value = read_number(value)

    def read(self, sender: Pid, body: Any) -> float:
        return read_number(body)

    def hear(self, sender: str, told: float, now: float) -> None:
        self._told[sender] = told

    def lose(self, sender: str) -> None:
        self._told.pop(sender, None)

    def turn(self, around: Around, now: float) -> Any:
        if self._told:
            others = list(self._told.values())
            if self._value is None:
                self._value = central(others, self._mads)
            else:
                pull = self._rate * (central([self._value, *others], self._mads) - self._value)
                moved = self._value + max(-self._max_step, min(self._max_step, pull))
                self._value = moved if math.isfinite(moved) else self._value
        return self._value
