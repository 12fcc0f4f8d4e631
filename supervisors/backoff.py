"""How long to wait before a child that failed is started again.

Full jitter: a uniform draw between nothing and an exponential ceiling.  Of the usual schemes it spreads a herd of
clients best, and a wait of nearly nothing now and then is no harm where restarts are counted anyway.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .errors import SpecError

if TYPE_CHECKING:
    from random import Random


@dataclass(frozen=True, slots=True)
class Backoff:
    """Wait U(0, min(``cap``, ``base`` · 2^k)) seconds, where k counts the child's failures in a row.

    - ``base``: ceiling of the first wait, 0.05 s; a larger one slows the first repair.
    - ``cap``: ceiling of every wait, 5 s; must not be below ``base``.
    - ``reset``: a life that ran this long, 10 s, was healthy: k is 0 again.  ``INFINITY``: never.

    Raises ``SpecError`` for a value out of range.
    """

    base: float = 0.05
    cap: float = 5.0
    reset: float = 10.0

    def __post_init__(self) -> None:
        for field in ("base", "cap", "reset"):
            value = getattr(self, field)
            if isinstance(value, bool) or not isinstance(value, (int, float)) or math.isnan(value):
                raise SpecError(f"Backoff.{field}", value, "must be a number of seconds")
        if not 0 < self.base < math.inf:
            raise SpecError("Backoff.base", self.base, "must be above 0 and finite")
        if not self.base <= self.cap < math.inf:
            raise SpecError("Backoff.cap", self.cap, f"must be at least base ({self.base:g}) and finite")
        if self.reset < 0:
            raise SpecError("Backoff.reset", self.reset, "must not be negative")

    def ceiling(self, k: int) -> float:
        """The longest wait after ``k`` failures in a row before this one."""
        try:
            return min(self.cap, math.ldexp(self.base, k))
        except OverflowError:
            return self.cap

    def delay(self, k: int, rng: Random) -> float:
        """Draw a wait in seconds."""
        return rng.uniform(0.0, self.ceiling(k))
