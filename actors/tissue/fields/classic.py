"""The gradient to compare with: adaptive Bellman-Ford, g = min over neighbours of g_y + w, anew each round.

It falls as fast as news travels and rises slowly: cells that have lost their source keep each other's values alive, and
climb by about twice the shortest link in two rounds, so that one link of 0.01 costs thousands of rounds (the rising
value problem; Beal, Bachrach, Vickery and Tobenkin: Fast self-healing gradients, SAC 2008).
"""

from __future__ import annotations

import math

from .distances import Distances


class Classic(Distances):
    """A gradient by adaptive Bellman-Ford."""

    def _settle(self, now: float, elapsed: float) -> float:
        return min((value for value, *_ in self._offers()), default=math.inf)
