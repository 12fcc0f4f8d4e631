"""Separation: places on a circle keep away from each other, until the gaps are even.

For a backend developer: periodic jobs (flushes, polls, compactions, cron) that began together drift apart, so that the
load they make is flat; places in a key space that are chosen at random even out.  A circle is a period, or a key space.

Each cell tells its place.  It goes toward the middle between the nearest one ahead and the nearest one behind, which is
where a repulsion by 1 / distance from both is even::

    x <- x + alpha ((ahead + behind) / 2 - x)

Among n cells that all see each other the gaps become size / n.  Where only neighbours see each other, neighbours come
apart, and cells that are no neighbours may coincide.

Source: Degesys, Rose, Patel and Nagpal, DESYNC, IPSN 2007, whose alpha is 0.95, one after another; here all move at
once, for which 0.5 is steady.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from actors.messages import Pid
from actors.tissue.fields.block import Around, Block, read_distance

if TYPE_CHECKING:
    import random


class Separation(Block[float]):
    """One place on a circle of ``size``: a block of :class:`~actors.tissue.fields.field.Fields`.

    ``place``: where it starts; ``None``: anywhere.  ``alpha``: what share of the way it goes in a round, 0.5.  ``rng``
    also parts two that are at exactly the same place.  Raises ``ValueError`` naming the field.
    """

    def __init__(self, size: float, rng: random.Random, *, place: float | None = None, alpha: float = 0.5) -> None:
        if not 0 < size < math.inf:
            raise ValueError(f"Separation.size must be above 0 and finite; got {size!r}")
        if not 0 < alpha <= 1:
            raise ValueError(f"Separation.alpha must be above 0 and at most 1; got {alpha!r}")
        self._size = size
        self._rng = rng
        self._alpha = alpha
        self._place = (rng.random() * size if place is None else place) % size
        self._told: dict[str, float] = {}

    @property
    def place(self) -> float:
        """Where it is, from 0 to below ``size``."""
        return self._place

    @property
    def gap(self) -> float:
        """How far the nearest other one is; ``size`` if nobody is heard."""
        ahead, behind = self._gaps()
        return min(ahead, behind)

    def next_after(self, moment: float) -> float:
        """The first moment after that one which falls on this place, where the circle is a period of time."""
        turns = math.floor((moment - self._place) / self._size) + 1
        after = turns * self._size + self._place
        return after if after > moment else after + self._size

    def read(self, sender: Pid, body: Any) -> float:
        place = read_distance(body)
        if place >= self._size:
            raise ValueError(f"no place on a circle of {self._size}: {place}")
        return place

    def hear(self, sender: str, told: float, now: float) -> None:
        self._told[sender] = told

    def lose(self, sender: str) -> None:
        self._told.pop(sender, None)

    def turn(self, around: Around, now: float) -> Any:
        ahead, behind = self._gaps()
        if self._told:
            if ahead == 0.0:
                # Both would stay where they are, or go the same way: each goes its own.
                move = (self._rng.random() - 0.5) * self._size / (len(self._told) + 1)
            else:
                move = self._alpha * (ahead - behind) / 2.0
            self._place = (self._place + move) % self._size
        return self._place

    def _gaps(self) -> tuple[float, float]:
        """The ways to the next one ahead and to the next one behind, around the circle."""
        ahead = min(((place - self._place) % self._size for place in self._told.values()), default=self._size)
        behind = min(((self._place - place) % self._size for place in self._told.values()), default=self._size)
        return ahead, behind
