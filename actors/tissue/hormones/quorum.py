"""What most siblings agree on, some of which lie: the median of nine, and only if seven of the nine say so.

A cell that acted on the loudest sibling would be led by any stuck sensor.  The median of nine hides up to four of them;
that seven of nine must be beyond a threshold hides up to six.  Where a share p of cells lies, nine asked at random are
a false quorum with probability::

    sum_(k = 7..9) C(9, k) p^k (1 - p)^(9 - k)  =  3e-6, 3e-4, 4e-3   at p = 0.1, 0.2, 0.3

Decisions that accumulate make even those count in time, so it needs a ceiling and a rate limit beside it, which
:mod:`~actors.tissue.hormones.scaling` has; nothing that is local survives much more than 30 % of liars.

In a group of fewer than nine all are asked, and the same share of them, rounded up, must agree: one of one, two of two,
seven of eight.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Quorum:
    """How many are asked, ``size`` 9, and how many of them must agree, ``needed`` 7.

    More asked and a higher share needed stand more liars, and more packets and slower agreement.  ``needed`` must be
    more than half of ``size``.  Raises ``ValueError`` naming the field.
    """

    size: int = 9
    needed: int = 7

    def __post_init__(self) -> None:
        if self.size < 1:
            raise ValueError(f"Quorum.size must be at least 1; got {self.size!r}")
        if not self.size < 2 * self.needed <= 2 * self.size:
            raise ValueError(f"Quorum.needed must be more than half of Quorum.size and no more; got {self.needed!r}")

    def votes(self, group: int) -> int:
        """How many must agree in a group of so many cells."""
        return -(-min(self.size, max(1, group)) * self.needed // self.size)

    def agreed(self, levels: Sequence[float], group: int) -> float | None:
        """The highest value that enough of ``levels`` reach; ``None`` if too few were heard from.

        Silence is not agreement: a cell that hears four of a group of twenty does nothing.
        """
        votes = self.votes(group)
        return sorted(levels, reverse=True)[votes - 1] if len(levels) >= votes else None

    def is_above(self, levels: Sequence[float], threshold: float, group: int) -> bool:
        """Whether enough of ``levels`` are above ``threshold``."""
        return sum(level > threshold for level in levels) >= self.votes(group)

    def is_below(self, levels: Sequence[float], threshold: float, group: int) -> bool:
        """Whether enough of ``levels`` are below ``threshold``."""
        return sum(level < threshold for level in levels) >= self.votes(group)

    def risk(self, lying: float) -> float:
        """The probability that liars alone are a quorum, where a share ``lying`` of all cells lies."""
        return sum(
            math.comb(self.size, k) * lying**k * (1.0 - lying) ** (self.size - k)
            for k in range(self.needed, self.size + 1)
        )


def median(levels: Sequence[float]) -> float:
    """The one in the middle, or the lower of the two.  Raises ``ValueError`` for none."""
    if not levels:
        raise ValueError("no level has no median")
    return sorted(levels)[(len(levels) - 1) // 2]
