"""How many restarts are too many: a sliding window over the stamps of the last ones.

Whose clock the stamps are of is the caller's business.  A supervisor takes one that stands still while it stops and
starts children; by the clock on the wall, as in OTP, a child whose start takes longer than the window is restarted for
ever, because the earlier restarts have always slipped out of it.
"""

from __future__ import annotations

from collections import deque


class Intensity:
    """At most ``max_restarts`` restarts in any ``within`` seconds; the next one is one too many.

    The window is exact and its lower bound belongs to it: two restarts exactly ``within`` apart count together.
    ``max_restarts=0`` makes the first restart fatal.  The stamps given must not decrease.  Recording is O(1) amortised,
    and at most ``max_restarts + 1`` stamps are kept.
    """

    __slots__ = ("_stamps", "max_restarts", "within")

    def __init__(self, max_restarts: int, within: float) -> None:
        self.max_restarts = max_restarts
        self.within = within
        self._stamps: deque[float] = deque()

    def record(self, now: float) -> bool:
        """Count one restart at ``now``; ``False`` if it is one too many."""
        stamps = self._stamps
        self._forget(now)
        if len(stamps) > self.max_restarts:  # only if the last answer was not heeded
            stamps.popleft()
        stamps.append(now)
        return len(stamps) <= self.max_restarts

    def count(self, now: float) -> int:
        """Restarts within the window that ends at ``now``: at most ``max_restarts + 1``, as no more are remembered."""
        self._forget(now)
        return len(self._stamps)

    @property
    def recorded(self) -> int:
        """Restarts within the window that ended at the last one recorded."""
        return len(self._stamps)

    def _forget(self, now: float) -> None:
        stamps, oldest = self._stamps, now - self.within
        while stamps and stamps[0] < oldest:
            stamps.popleft()

    def __repr__(self) -> str:
        return f"Intensity({len(self._stamps)} of {self.max_restarts} in {self.within:g} s)"
