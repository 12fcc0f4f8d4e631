"""Brownout: a cheaper way to handle a message, chosen more often the longer messages have to wait.

The dimmer of Klein, Maggio, Årzén and Hernández-Rodriguez, *Brownout: Building More Robust Cloud Applications* (ICSE
2014), for strategies of several levels instead of one optional part.  Once a ``period``, integral control:

    error = clamp(p95 / target - 1, -1/4, 1)      p95 of the waits of the period; 0 if nothing came
    dimmer = clamp(dimmer + gain · error, 0, L)   L: the cheapest level there is

and each message gets the level ``floor(dimmer)``, or one more with the probability of the fraction.  It goes down four
times more slowly than up: a queue tells how much too much there is to do, an empty one not how much too little.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

SAMPLES = 512
"""Waits kept of one period; of more, every second one, every fourth and so on: enough to know a p95 by."""

QUANTILE = 0.95

RELEASE = -0.25
"""The most that the dimmer goes down in one period, in gains."""


@dataclass(frozen=True, slots=True)
class Brownout:
    """The option ``Mailbox(control=..., brownout=Brownout())``: handle more cheaply while messages wait too long.

    - ``target``: seconds that 95 % of messages should at most have waited, 0.05.
    - ``period``: seconds between two decisions, 0.5.
    - ``gain``: how far the dimmer moves in one period at most, in levels, 0.5.  Larger: faster, and less steady.

    A shed message counts as one that waited twice the target, so that cheaper is tried before less.
    Raises ``ValueError`` naming the field for a value out of range.
    """

    target: float = 0.05
    period: float = 0.5
    gain: float = 0.5

    def __post_init__(self) -> None:
        for name in ("target", "period", "gain"):
            if not 0 < getattr(self, name) < math.inf:
                raise ValueError(f"Brownout.{name} must be above 0 and finite; got {getattr(self, name)!r}")


class BrownoutState:
    """The dimmer of one place: between 0 (all is done in full) and ``top``, its actor's cheapest level."""

    __slots__ = ("_begun", "_skip", "_step", "_waits", "dimmer", "spec", "top")

    def __init__(self, spec: Brownout, top: int, now: float) -> None:
        self.spec = spec
        self.top = top
        self.dimmer = 0.0
        self._begun = now
        self._waits: list[float] = []
        self._step = 1
        self._skip = 0

    def observe(self, wait: float, now: float) -> None:
        """A message waited ``wait`` seconds; the first one of a new period moves the dimmer."""
        periods = int((now - self._begun) / self.spec.period)
        if periods > 0:
            self._decide(periods)
            self._begun += periods * self.spec.period
        if self._skip:
            self._skip -= 1
            return
        self._skip = self._step - 1
        self._waits.append(wait)
        if len(self._waits) == SAMPLES:
            del self._waits[1::2]
            self._step *= 2

    def shed(self, now: float) -> None:
        """A message was shed instead."""
        self.observe(2 * self.spec.target, now)

    def _decide(self, periods: int) -> None:
        """Move by what was seen in the period that is over, and down by those after it in which nothing came."""
        error = quantile(self._waits, QUANTILE) / self.spec.target - 1
        self._move(min(1.0, max(RELEASE, error)))
        self._move(RELEASE * (periods - 1))
        self._waits.clear()
        self._step, self._skip = 1, 0

    def _move(self, gains: float) -> None:
        self.dimmer = min(float(self.top), max(0.0, self.dimmer + self.spec.gain * gains))

    def level(self, rng: Random) -> int:
        """The level for one message; a coin is flipped only between two levels."""
        below = int(self.dimmer)
        share = self.dimmer - below
        return below + (share > 0 and rng.random() < share)


def quantile(values: list[float], share: float) -> float:
    """The smallest value that ``share`` of all do not exceed; 0 of none."""
    if not values:
        return 0.0
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]
