"""Grow and shrink a group by coin flips whose expected sum is what an autoscaler would have ordered.

For a backend developer: a pool of workers that follows its load, with no autoscaler process and no metrics server whose
loss would freeze it.  The signal may be systemic, the decision is local: of n cells at level h, where theta is wanted
and q are being started already, each spawns one with probability h/theta - 1 - q/n.  So they are expected to start::

    n (h/theta - 1) - q,    what Kubernetes' HPA orders: ceil(n h/theta) in all

and none of them has been told.  In full, each ``interval``, for a cell that is asked to :meth:`Scaling.decide`::

    grow:    if h/theta - 1 > 0.1 and not refractory:  spawn with probability clamp(h/theta - 1 - q/n, 0, 1)
    call off a start of its own that is not ready yet, if the pressure is gone again:  x/theta - 1 < 0.05
    shrink:  if 1 - max_W(h)/theta > 0.2 and older than W:  retire with probability clamp(1 - max_W(h)/theta)/5 a second

Distributed growth runs away unless all of this holds:

1. *Decay*: h is a level that halves, and h for growth is the lower of what siblings agree on and this cell's own
   pressure x *now*: no growth on the memory of a load.
2. *Refractory period*: who spawned does not for the time of a boot, or the same overload would be answered twice.
3. *Pending siblings are sensed*: q.  What says so must be younger than a boot, or the peak nearly doubles.
4. *Ceiling and rate*: where fewer places are left than cells would spawn, only the oldest may, one each; so there are
   never more cells than ``ceiling``, as long as cells agree on who lives, to within a boot.  By 2 a group at most
   doubles in the time of a boot.
5. *Hysteresis*: grow from 1.1 theta, call off under 1.05 theta, shrink under 0.8 theta of the last W seconds' maximum.
6. *Quorum*: h is the median of nine, and seven of them must be beyond the threshold (:mod:`~.quorum`).  That cuts both
   ways: three of nine sensors that are stuck low, or two in a group of up to eight, stop growth.
7. *Dead-man*: no fresh level of its own, or too few of siblings: no action, and the time counts as one at theta.

Calling off is a cell's checkpoint: a spike that is over before a newborn could have helped leaves none behind.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..core import Effect, TissueEvent
from .quorum import Quorum, median

if TYPE_CHECKING:
    import random


@dataclass(frozen=True, slots=True, kw_only=True)
class ScalingConfig:
    """How a group follows its load.  Times are seconds.  Raises ``ValueError`` naming the field.

    - ``ceiling``: never more cells; has no default.  ``floor``: never fewer by retirement, 1.
    - ``set_point``: theta, the level that is wanted, 0.75.  Lower keeps more in reserve.
    - ``tolerance``: growth begins this share above theta, 0.1, which is the HPA's; it is called off below half of it.
    - ``shrink_tolerance``: retirement begins this share below theta, 0.2.
    - ``boot``: from the decision until the newborn serves, 5.0; take what is usually not exceeded.
    - ``refractory``: from a spawn until the cell may spawn again; ``None``: a boot.  Not less than a boot.
    - ``window``: W, 30.0 (the HPA's is 300): shrink by the highest level of so long.  Longer keeps cells that idle.
    - ``retire_time``: 5.0: the probability to retire is 1 - max_W(h)/theta in this time.
    - ``interval``: seconds between two decisions, 0.5.  Shorter reacts sooner; should be well below ``boot``.
    - ``quorum``: seven of nine.
    """

    ceiling: int
    floor: int = 1
    set_point: float = 0.75
    tolerance: float = 0.1
    shrink_tolerance: float = 0.2
    boot: float = 5.0
    refractory: float | None = None
    window: float = 30.0
    retire_time: float = 5.0
    interval: float = 0.5
    quorum: Quorum = field(default_factory=Quorum)

    def __post_init__(self) -> None:
        if self.floor < 1:
            raise ValueError(f"ScalingConfig.floor must be at least 1; got {self.floor!r}")
        if self.ceiling < self.floor:
            raise ValueError(f"ScalingConfig.ceiling must be at least ScalingConfig.floor; got {self.ceiling!r}")
        for name in ("set_point", "boot", "window", "retire_time", "interval"):
            if not 0 < getattr(self, name) < math.inf:
                raise ValueError(f"ScalingConfig.{name} must be above 0 and finite; got {getattr(self, name)!r}")
        for name in ("tolerance", "shrink_tolerance"):
            if not 0 <= getattr(self, name) < 1:
                raise ValueError(f"ScalingConfig.{name} must be from 0 to below 1; got {getattr(self, name)!r}")
        if self.refractory is not None and not self.boot <= self.refractory < math.inf:
            raise ValueError(f"ScalingConfig.refractory must be at least ScalingConfig.boot; got {self.refractory!r}")


@dataclass(frozen=True, slots=True)
class Senses:
    """What a cell knows when it decides.

    - ``pressure``: its own, x, as just measured; ``level``: its own, h, which follows x.  ``None``: its sensor is dead.
    - ``siblings``: levels of some others, as :meth:`~.hormones.Hormones.sample` has them; at least 8 if there are.
    - ``live``: n, cells of the group that are known to serve, this one among them; ``starting``: q, those that are
      being started for it.
    - ``rank``: how many of the others are older than this one.

    A pressure that is no number from 0 comes from a dead sensor too.  Raises ``ValueError`` naming the field for counts
    that cannot be.
    """

    pressure: float | None
    level: float | None
    siblings: Sequence[float]
    live: int
    starting: int = 0
    rank: int = 0

    def __post_init__(self) -> None:
        for name, least in (("live", 1), ("starting", 0), ("rank", 0)):
            if getattr(self, name) < least:
                raise ValueError(f"Senses.{name} must be at least {least}; got {getattr(self, name)!r}")

    @property
    def is_sensing(self) -> bool:
        """Whether this cell's own sensor works."""
        return self.pressure is not None and 0 <= self.pressure < math.inf and self.level is not None


@dataclass(frozen=True, slots=True)
class Grow(TissueEvent):
    """Start a sibling, by a claim.  ``chance``: with which probability this cell did."""

    chance: float


@dataclass(frozen=True, slots=True)
class CallOff(TissueEvent):
    """End the start that this cell's last ``Grow`` caused, if it does not serve yet: it is not needed any more."""


@dataclass(frozen=True, slots=True)
class Retire(TissueEvent):
    """Hand over and go.  ``chance``: with which probability this cell did."""

    chance: float


class Scaling:
    """The decisions of one cell; pure, and told everything.

    ::

        scaling = Scaling(rng, now, ScalingConfig(ceiling=30))
        if now >= scaling.due:
            events = scaling.decide(Senses(x, hormones.own("stress", now), hormones.sample("stress", now), ...), now)
    """

    def __init__(self, rng: random.Random, now: float, config: ScalingConfig) -> None:
        self.config = config
        self._rng = rng
        self._born = now
        # Cells that were born together do not decide together: each is to sense what others have begun.
        self._due = now + rng.random() * config.interval
        self._decided = now
        self._spawned = -math.inf
        self._is_called_off = True
        self._highest: deque[tuple[float, float]] = deque()

    def __repr__(self) -> str:
        return f"Scaling(due={self._due:.3f}, spawned={self._spawned:.3f}, highest={self.highest})"

    @property
    def due(self) -> float:
        """When it wants to decide next."""
        return self._due

    @property
    def highest(self) -> float | None:
        """max_W(h): the highest level of the window, of those that siblings agreed on; ``None`` before the first."""
        return self._highest[0][1] if self._highest else None

    def decide(self, senses: Senses, now: float) -> list[Effect]:
        """Grow, call off, retire, or, mostly, none of them."""
        elapsed = min(max(0.0, now - self._decided), 2 * self.config.interval)
        self._decided = now
        self._due = now + self.config.interval
        theta = self.config.set_point
        votes = self._votes(senses)
        agreed = self.config.quorum.agreed(votes, senses.live)
        self._remember(theta if agreed is None else agreed, now)
        if senses.pressure is None or not senses.is_sensing or agreed is None:
            return []
        if self._is_needless(senses.pressure, now):
            self._is_called_off = True
            return [CallOff()]
        grow = self.grow_chance(senses, now)
        if self._rng.random() < grow:
            self._spawned, self._is_called_off = now, False
            return [Grow(grow)]
        retire = self.retire_chance(senses, now) * elapsed / self.config.retire_time
        return [Retire(retire)] if self._rng.random() < retire else []

    def grow_chance(self, senses: Senses, now: float) -> float:
        """The probability with which this cell starts a sibling now."""
        config, votes = self.config, self._votes(senses)
        if senses.pressure is None or not votes or now < self._spawned + (config.refractory or config.boot):
            return 0.0
        excess = min(median(votes), senses.pressure) / config.set_point - 1.0
        threshold = config.set_point * (1.0 + config.tolerance)
        if excess <= config.tolerance or not config.quorum.is_above(votes, threshold, senses.live):
            return 0.0
        places = config.ceiling - senses.live - senses.starting
        if senses.rank >= places:
            return 0.0
        # Where not all may, those who may do it for all: the expected sum stays, up to one each.
        share = senses.live / min(senses.live, places)
        return max(0.0, min(1.0, (excess - senses.starting / senses.live) * share))

    def retire_chance(self, senses: Senses, now: float) -> float:
        """The probability with which this cell retires within ``retire_time``."""
        config = self.config
        if senses.rank < config.floor:
            return 0.0
        if senses.rank >= config.ceiling:
            return 1.0  # two halves of a group met again that had each grown
        if self.highest is None or now - self._born <= config.window:
            return 0.0
        slack = 1.0 - self.highest / config.set_point
        threshold = config.set_point * (1.0 - config.shrink_tolerance)
        if slack <= config.shrink_tolerance:
            return 0.0
        return min(1.0, slack) if config.quorum.is_below(self._votes(senses), threshold, senses.live) else 0.0

    def _votes(self, senses: Senses) -> list[float]:
        """As many levels of siblings as are asked, and its own only where there are too few of them.

        A cell that counted itself among nine would listen to itself more than to others: those whose sensors are stuck
        high would leave less and spawn more than the rest, until they were the most.
        """
        if senses.level is None or not senses.is_sensing:
            return []
        return [*senses.siblings, senses.level][: self.config.quorum.size]

    def _is_needless(self, pressure: float, now: float) -> bool:
        """Whether a start of this cell's own is under way whose reason is gone."""
        is_starting = now < self._spawned + self.config.boot and not self._is_called_off
        return is_starting and pressure < self.config.set_point * (1.0 + self.config.tolerance / 2)

    def _remember(self, level: float, now: float) -> None:
        """Keep what can still be the highest of the window, in falling order."""
        while self._highest and self._highest[-1][1] <= level:
            self._highest.pop()
        self._highest.append((now, level))
        while self._highest[0][0] < now - self.config.window:
            self._highest.popleft()
