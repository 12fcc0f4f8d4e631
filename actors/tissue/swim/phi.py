"""How likely it is that a link or an actor is gone, as a number that grows while nothing is heard of it.

Not yes or no, but grades: stop prefetching from it at 1, hedge requests at 3, route around it at 5, treat it as dead at
8.  It learns the rhythm of each link, so one setting fits a loop next door and a host across an ocean::

    link = AccrualDetector()
    link.heartbeat(now)             # at every sign of life
    if link.phi(now) > HEDGE: ...   # or plan ahead: link.reaches(DEAD) is the moment at which it will be that

phi = -log10(P[a gap at least as long as this one]), with gaps normally distributed with the window's mean and standard
deviation (Hayashibara et al., "The phi accrual failure detector", SRDS 2004).  So at phi 8 it is wrong once in 10^8.
The defaults are Akka's; where Akka approximates the normal by a logistic function, which is 0.04 to 0.07 s early at phi
8 to 12 and has no logarithm when late, this is exact.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

PHI_LIMIT = 300.0
"""phi never exceeds this: beyond, a probability is no float any more."""

WARY = 1.0
"""Stop prefetching from it."""

HEDGE = 3.0
"""Send a second request elsewhere."""

AVOID = 5.0
"""Route around it."""

DEAD = 8.0
"""Treat it as dead."""

_ASYMPTOTIC_FROM = 20.0
_SQRT2 = math.sqrt(2.0)
_LN10 = math.log(10.0)


@dataclass(frozen=True, slots=True)
class AccrualConfig:
    """What an :class:`AccrualDetector` expects.  Times are seconds.  Raises ``ValueError`` naming the field.

    - ``threshold``: phi from which the link counts as gone, 8; higher is slower and surer.
    - ``first_interval``: the gap that is expected before any was seen, 1.0; it counts as two gaps, a quarter of it
      shorter and longer.
    - ``least_std``: the standard deviation is taken to be at least this, 0.1, or a very regular link would be given up
      at the first hiccup.
    - ``pause``: a gap may be longer by this, 3.0, without any doubt: collections, compactions, a stalled loop.
    - ``window``: gaps that are remembered, 1000.
    - ``relearn``: after so many gaps in a row that were too long to be believed the rhythm has changed, and is learned
      anew from the last, 3; 0: never, as in Akka, whose detector then gives the link up in every gap for ever.
    """

    threshold: float = DEAD
    first_interval: float = 1.0
    least_std: float = 0.1
    pause: float = 3.0
    window: int = 1000
    relearn: int = 3

    def __post_init__(self) -> None:
        if not 0 < self.threshold < PHI_LIMIT:
            raise ValueError(f"AccrualConfig.threshold must be above 0 and below {PHI_LIMIT:g}; got {self.threshold!r}")
        for name in ("first_interval", "least_std"):
            value = getattr(self, name)
            if not 0 < value < math.inf:
                raise ValueError(f"AccrualConfig.{name} must be seconds above 0 and finite; got {value!r}")
        if not 0 <= self.pause < math.inf:
            raise ValueError(f"AccrualConfig.pause must be seconds from 0 and finite; got {self.pause!r}")
        if self.window < 2:
            raise ValueError(f"AccrualConfig.window must be at least 2; got {self.window!r}")
        if self.relearn < 0:
            raise ValueError(f"AccrualConfig.relearn must be at least 0; got {self.relearn!r}")


class AccrualDetector:
    """Graded suspicion of one link or actor; see the module's text.  Before the first heartbeat phi is 0.

    Costs a window of floats (8 KB at its default length, when full) and constant time a heartbeat.
    """

    __slots__ = ("_config", "_gaps", "_last", "_refused", "_since_exact", "_sum", "_sum_of_squares")

    def __init__(self, config: AccrualConfig | None = None) -> None:
        self._config = config or AccrualConfig()
        self._gaps: deque[float] = deque(maxlen=self._config.window)
        self._sum = self._sum_of_squares = 0.0
        self._since_exact = 0
        self._refused = 0
        self._last: float | None = None

    def __repr__(self) -> str:
        return f"AccrualDetector(mean={self.mean:.3g}, std={self.std:.3g}, gaps={len(self._gaps)})"

    @property
    def mean(self) -> float:
        """The mean gap in seconds; what is expected first, before any was seen."""
        return self._sum / len(self._gaps) if self._gaps else self._config.first_interval

    @property
    def std(self) -> float:
        """The gaps' standard deviation in seconds, at least ``least_std``."""
        if not self._gaps:
            return max(self._config.least_std, self._config.first_interval / 4)
        variance = self._sum_of_squares / len(self._gaps) - self.mean**2
        return max(self._config.least_std, math.sqrt(max(0.0, variance)))

    def heartbeat(self, now: float) -> None:
        """A sign of life came ``now``.

        The gap that an outage made is not learned: after an hour's silence one heartbeat restores the sensitivity.
        """
        if self._last is None:
            self._last = now
            self._learn_from(self._config.first_interval)
            return
        gap = max(0.0, now - self._last)
        if self.is_available(now):
            self._refused = 0
            self._append(gap)
        else:
            self._refused += 1
            if self._refused == self._config.relearn:
                self._refused = 0
                self._learn_from(gap)
        self._last = max(now, self._last)

    def phi(self, now: float) -> float:
        """The suspicion ``now``, from 0 to 300; it only grows until the next heartbeat."""
        if self._last is None:
            return 0.0
        late = max(0.0, now - self._last) - self.mean - self._config.pause
        return phi_of(late / self.std)

    def is_available(self, now: float) -> bool:
        """Whether phi is below the threshold."""
        return self.phi(now) < self._config.threshold

    def reaches(self, level: float) -> float:
        """The moment at which phi will be ``level`` if nothing is heard until then; ``inf`` before any heartbeat.

        So that a timer does what polling would.  Raises ``ValueError`` for a level outside of 0 to 300.
        """
        if not 0 < level < PHI_LIMIT:
            raise ValueError(f"level must be above 0 and below {PHI_LIMIT:g}; got {level!r}")
        if self._last is None:
            return math.inf
        return self._last + max(0.0, self.mean + self._config.pause + deviations_at(level) * self.std)

    def _learn_from(self, gap: float) -> None:
        """Begin with two gaps whose mean is ``gap`` and whose standard deviation is a quarter of it."""
        self._gaps.clear()
        self._sum = self._sum_of_squares = 0.0
        self._append(gap * 0.75)
        self._append(gap * 1.25)

    def _append(self, gap: float) -> None:
        if len(self._gaps) == self._config.window:
            oldest = self._gaps[0]
            self._sum -= oldest
            self._sum_of_squares -= oldest * oldest
        self._gaps.append(gap)
        self._sum += gap
        self._sum_of_squares += gap * gap
        self._since_exact += 1
        if self._since_exact >= self._config.window:  # what adding and taking away has rounded off, once a window
            self._since_exact = 0
            self._sum = math.fsum(self._gaps)
            self._sum_of_squares = math.fsum(each * each for each in self._gaps)


def phi_of(deviations: float) -> float:
    """-log10 of the probability that a normal value is more than so many standard deviations above its mean.

    Far out, where ``erfc`` runs out of floats, by its asymptotic series (relative error below 1e-7 from 20 on).
    """
    if math.isnan(deviations):
        return 0.0
    if deviations < _ASYMPTOTIC_FROM:
        return max(0.0, -math.log10(math.erfc(deviations / _SQRT2) / 2))
    if deviations > 40.0:
        return PHI_LIMIT
    square = deviations * deviations
    series = 1 - 1 / square + 3 / square**2 - 15 / square**3
    return min(PHI_LIMIT, square / 2 / _LN10 + math.log10(deviations * math.sqrt(2 * math.pi)) - math.log10(series))


def deviations_at(phi: float) -> float:
    """The inverse of :func:`phi_of`, to a billionth: phi only grows with the deviations, so halving finds it."""
    low, high = -40.0, 40.0
    while high - low > 1e-9:
        middle = (low + high) / 2
        if phi_of(middle) < phi:
            low = middle
        else:
            high = middle
    return high
