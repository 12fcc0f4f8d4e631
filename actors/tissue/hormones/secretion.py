"""How strong a hormone is in one place: what is secreted there, halved each half-life, and what seeps in from around.

A level is a leaky integrator.  What tends to x at a half-life t, and nothing secreted tends to 0, is after dt::

    h <- h + (x - h) (1 - 2^(-dt / t))

It is computed when it is read, so levels that nobody looks at cost nothing, however many there are.  A level is never
above the hormone's ceiling: whoever secretes without end, or lies about it, is as loud as the ceiling and no louder.

Spread in space, a step a round (Jacobi, with what the neighbours were heard to have)::

    h_i <- h_i + kappa sum_j (h_j - h_i) / (neighbours + 1),    kappa <= 1

is a weighted mean, so no step overshoots whatever was lost or late, and nothing is amplified.  With evaporation, the
share lost a round, lambda = 1 - 2^(-period / t), a source is felt over about sqrt(kappa / ((neighbours + 1) lambda))
hops.  Levels are not conserved, on purpose: a hormone is news, not work.  (Shen, Will, Galstyan and Chuong: Hormone-
inspired self-organization, Autonomous Robots 17, 2004.)
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from ..plain import NAME_BYTES, is_name, is_number

PRESSURE_LIMIT = 3.0
"""Pressure is at most this: beyond, more of it changes no decision."""


@dataclass(frozen=True, slots=True)
class Hormone:
    """A kind of signal, declared alike by all cells of a group.  Raises ``ValueError`` naming the field.

    - ``name``: 1 to 255 bytes of UTF-8.
    - ``half_life``: seconds, 3.0.  Shorter forgets sooner and is noisier; longer than a boot it acts on what was.
    - ``kappa``: how much of the way to its neighbours' mean a level goes a round, 0 to 1; 1.0.  0: it stays in place.
    - ``ceiling``: no level is above it, 3.0.
    - ``systemic``: whether the group's average is kept, for a packet and its answer a cell and round; yes.
    """

    name: str
    half_life: float = 3.0
    kappa: float = 1.0
    ceiling: float = PRESSURE_LIMIT
    systemic: bool = True

    def __post_init__(self) -> None:
        if not is_name(self.name):
            raise ValueError(f"Hormone.name must be a text of 1 to {NAME_BYTES} bytes; got {self.name!r:.60}")
        for name in ("half_life", "ceiling"):
            if not (is_number(getattr(self, name)) and getattr(self, name) > 0):
                raise ValueError(f"Hormone.{name} must be above 0 and finite; got {getattr(self, name)!r}")
        if not (is_number(self.kappa) and 0 <= self.kappa <= 1):
            raise ValueError(f"Hormone.kappa must be from 0 to 1; got {self.kappa!r}")

    def reach(self, neighbours: int, period: float) -> float:
        """Hops over which the level of a steady source falls to 1/e, for so many neighbours each and such rounds.

        Exact for long ranges on a line; where there are more ways out it falls faster.
        """
        evaporation = 1.0 - math.exp2(-period / self.half_life)
        return math.sqrt(self.kappa / ((neighbours + 1) * evaporation))


class Level:
    """One level, from 0 to ``ceiling``; see the module's text.

    Clocks that step back are borne: the level then stays as it is until its time comes again.
    """

    __slots__ = ("_at", "_ceiling", "_half_life", "_tends", "_until", "_value")

    def __init__(self, hormone: Hormone, now: float) -> None:
        self._half_life = hormone.half_life
        self._ceiling = hormone.ceiling
        self._value = 0.0
        self._at = now
        self._tends = 0.0
        self._until = -math.inf

    def __repr__(self) -> str:
        return f"Level({self._value:.3g} at {self._at:.3f})"

    def read(self, now: float) -> float:
        """The level at ``now``."""
        value, at = self._value, self._at
        if now <= at:
            return value
        if self._until > at:
            end = min(now, self._until)
            value = self._tends + (value - self._tends) * math.exp2((at - end) / self._half_life)
            at = end
        return value * math.exp2((at - now) / self._half_life)

    def borne(self, now: float) -> float:
        """The level, but no more than what sustains it now: it rises as slowly as the level, and falls at once."""
        value = self.read(now)
        return min(value, self._tends) if now < self._until else value

    def add(self, amount: float, now: float) -> None:
        """Raise it at once; by a negative amount, lower it, though not below 0."""
        self._settle(now)
        self._value = min(self._ceiling, max(0.0, self._value + amount))

    def sustain(self, level: float, now: float, until: float) -> None:
        """From now on it tends to ``level``, and from ``until`` on to 0 again, unless told anew."""
        self._settle(now)
        self._tends = min(self._ceiling, max(0.0, level))
        self._until = until

    def _settle(self, now: float) -> None:
        self._value = self.read(now)
        self._at = max(self._at, now)


def seeping(level: float, neighbours: Iterable[float], degree: int, kappa: float) -> float:
    """What comes in from ``neighbours`` in a round; of the ``degree`` there are, those not heard count as equal."""
    return kappa * sum(other - level for other in neighbours) / (degree + 1)


def pressure(utilisation: float, queue: float, capacity: float, drain: float = 5.0) -> float:
    """How hard a cell is pressed, 0 to 3: its utilisation, and its queue against what it can work off in ``drain``.

    ``queue``: what waits, in the units of which ``capacity`` does so many a second.  ``drain``: seconds in which a
    queue may be gone again, 5.0; shorter makes every queue more alarming.  At 1 a cell does all it can.  Raises
    ``ValueError`` for a capacity or a drain that is not above 0, and for what is not a number.
    """
    if not (capacity > 0 and drain > 0):
        raise ValueError(f"capacity and drain must be above 0; got {capacity!r} and {drain!r}")
    pressed = utilisation + queue / (drain * capacity)
    if math.isnan(pressed):
        raise ValueError(f"utilisation and queue must be numbers; got {utilisation!r} and {queue!r}")
    return min(PRESSURE_LIMIT, max(0.0, pressed))
