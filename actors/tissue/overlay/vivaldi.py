"""How long a packet to a cell would take that was never asked: network coordinates by Vivaldi.

For a backend developer: to sort thousands of hosts by round trip while measuring only a few.

Each cell has a place in a space of some dimensions, and a height above it, which stands for its way into the network:
two cells are as far apart as their places are, plus both heights.  After each measured round trip a cell moves a little
towards the other or away from it, further the less sure it is beside the other (formulas in :meth:`Vivaldi.observe`).

Sources: Dabek, Cox, Kaashoek and Morris, Vivaldi, SIGCOMM 2004; adjustment, gravity, the filter and all constants as in
Serf.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..plain import read_list
from .config import MAX_DIMENSIONS, VivaldiConfig
from .reading import read_real

if TYPE_CHECKING:
    import random

_TINY = 1e-6
"""Seconds below which two places are the same; Serf's."""

_FAR = 1e6
"""No number of a coordinate is beyond this: a stranger's must not make ours infinite."""


@dataclass(frozen=True, slots=True)
class Coordinate:
    """A place: ``vector`` and ``height`` in seconds, ``error`` relative, ``adjustment`` in seconds."""

    vector: tuple[float, ...]
    height: float
    error: float
    adjustment: float = 0.0

    def distance(self, other: Coordinate) -> float:
        """The round trip between the two, estimated, in seconds; infinite between spaces of unlike dimensions."""
        if len(self.vector) != len(other.vector):
            return math.inf
        raw = self.raw_distance(other)
        adjusted = raw + self.adjustment + other.adjustment
        return adjusted if adjusted > 0 else raw

    def raw_distance(self, other: Coordinate) -> float:
        """The same without the adjustments."""
        return math.dist(self.vector, other.vector) + self.height + other.height

    def wire(self) -> list[Any]:
        """As it travels."""
        return [list(self.vector), self.height, self.error, self.adjustment]


def read_coordinate(raw: Any) -> Coordinate:
    """Raises ``TypeError`` or ``ValueError``."""
    vector, height, error, adjustment = read_list(raw, 4, 4)
    return Coordinate(
        tuple(read_real(each, -_FAR, _FAR) for each in read_list(vector, 1, MAX_DIMENSIONS)),
        read_real(height, 0.0, _FAR),
        read_real(error, 0.0, _FAR),
        read_real(adjustment, -_FAR, _FAR),
    )


class Vivaldi:
    """The place of this cell, from what it measures.  Give it each round trip by :meth:`observe`."""

    def __init__(self, rng: random.Random, config: VivaldiConfig | None = None) -> None:
        self.config = config or VivaldiConfig()
        self._rng = rng
        self._samples: dict[str, deque[float]] = {}
        self._misses: deque[float] = deque(maxlen=self.config.window)
        self._origin = Coordinate((0.0,) * self.config.dimensions, self.config.height_min, self.config.error_max)
        self.coordinate = self._origin

    def observe(self, name: str, other: Coordinate, rtt: float) -> bool:
        """A round trip to ``name``, whose place is ``other``, took ``rtt`` seconds.  Returns whether it was believed.

        With d the estimate, e our error and e' the other's: w = e / (e + e'), e := ce w |rtt - d| / rtt + (1 - ce w) e,
        and we move by cc w (rtt - d) along the line between the two.
        """
        if len(other.vector) != self.config.dimensions or not 0 <= rtt <= self.config.longest:
            return False
        rtt = max(self._filtered(name, rtt), _TINY)
        config, me = self.config, self.coordinate
        distance = me.distance(other)
        weight = me.error / max(me.error + other.error, _TINY)
        gain = config.error_gain * weight
        error = gain * abs(distance - rtt) / rtt + me.error * (1 - gain)
        moved = self._pushed(me, config.move_gain * weight * (rtt - distance), other)
        self._misses.append(rtt - moved.raw_distance(other))
        adjustment = sum(self._misses) / (2 * config.window) if config.window else 0.0
        pull = (self._origin.distance(moved) / config.gravity) ** 2
        drawn = self._pushed(moved, -pull, self._origin)
        self.coordinate = Coordinate(drawn.vector, drawn.height, min(error, config.error_max), adjustment)
        if not all(map(math.isfinite, (*drawn.vector, drawn.height, error, adjustment))):
            self.coordinate = self._origin
        return True

    def forget(self, name: str) -> None:
        """That cell is gone."""
        self._samples.pop(name, None)

    def _filtered(self, name: str, rtt: float) -> float:
        samples = self._samples.pop(name, None)
        if samples is None:
            samples = deque(maxlen=self.config.filter)
            if len(self._samples) >= self.config.max_peers:
                del self._samples[next(iter(self._samples))]
        self._samples[name] = samples
        samples.append(rtt)
        return sorted(samples)[len(samples) // 2]

    def _pushed(self, me: Coordinate, force: float, other: Coordinate) -> Coordinate:
        """``me``, moved by ``force`` seconds away from ``other``; anywhere if both are at one place."""
        away = [mine - its for mine, its in zip(me.vector, other.vector, strict=True)]
        length = math.hypot(*away)
        height = me.height
        if length > _TINY:
            height = max((me.height + other.height) * force / length + me.height, self.config.height_min)
        else:
            away = [self._rng.uniform(-1, 1) for _ in me.vector]
            length = math.hypot(*away) or 1.0
        vector = tuple(
            max(-_FAR, min(_FAR, mine + force * part / length)) for mine, part in zip(me.vector, away, strict=True)
        )
        return Coordinate(vector, min(height, _FAR), me.error, me.adjustment)
