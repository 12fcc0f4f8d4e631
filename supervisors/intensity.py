"""How many restarts are too many: a sliding window over real time, and a guard that slow repairs cannot outrun.

OTP's supervisor asks only the clock on the wall, so it never gives up on a child whose start takes longer than the
window: the earlier restarts have always slipped out of it.  Here a child's restarts are also counted on a clock that
stands still while the child is being stopped and started (:class:`Pace`).  Where repairs take no time both say the same.
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

    def _forget(self, now: float) -> None:
        stamps, oldest = self._stamps, now - self.within
        while stamps and stamps[0] < oldest:
            stamps.popleft()

    def __repr__(self) -> str:
        return f"Intensity({len(self._stamps)} of {self.max_restarts} in {self.within:g} s)"


class Pace:
    """The same limit for one child, on the child's own clock: the time that it ran, or waited for its backoff.

    The window does not slide, a new one begins with the first restart after the last one's end: two numbers for each
    child that ever crashed instead of a queue of stamps, and never stricter than :class:`Intensity` on that clock.
    """

    __slots__ = ("_begin", "count")

    def __init__(self) -> None:
        self._begin = 0.0
        self.count = 0

    def record(self, clock: float, limit: Intensity) -> bool:
        """Count one restart when the child's clock shows ``clock``; ``False`` if it is one too many."""
        if self.count == 0 or clock - self._begin > limit.within:
            self._begin = clock
            self.count = 0
        self.count += 1
        return self.count <= limit.max_restarts

    def __repr__(self) -> str:
        return f"Pace({self.count} since {self._begin:g})"
