"""How well this cell itself is: the observer may be the sick one.

A cell whose loop stalls hears no answers and would accuse everybody.  So each counts the signs that it is slow *itself*
and takes its time with others accordingly (Lifeguard's local health multiplier, LHM; Dadgar et al., DSN-W 2018)::

    + nacks that were expected and did not come, when a probe fails
    + 1 when a probe fails and nobody could have sent a nack; when it must refute; when its loop lagged
    - 1 when a probe succeeds
    probe period = P (score + 1),  score from 0 to S - 1
"""

from __future__ import annotations


class LocalHealth:
    """A score from 0 (well) to ``limit - 1``; ``limit`` is S, 8 as published: periods stretch up to eightfold.

    A lag counts if it is longer than ``tolerated`` seconds, and at most once in ``pace`` seconds, so that it does not
    matter how finely the loop is sampled.
    """

    __slots__ = ("_lag_counts_from", "_limit", "_pace", "_tolerated", "score")

    def __init__(self, limit: int, *, tolerated: float, pace: float) -> None:
        self.score = 0
        self._limit = limit
        self._tolerated = tolerated
        self._pace = pace
        self._lag_counts_from = -float("inf")

    @property
    def factor(self) -> int:
        """What periods are to be multiplied by."""
        return self.score + 1

    def better(self) -> None:
        """A probe succeeded."""
        self.score = max(0, self.score - 1)

    def worse(self, by: int = 1) -> None:
        """``by`` signs of being slow."""
        self.score = min(self._limit - 1, self.score + by)

    def lagged(self, lag: float, now: float) -> bool:
        """The loop came ``lag`` seconds late to something; whether that was long enough to matter."""
        if lag <= self._tolerated:
            return False
        if now >= self._lag_counts_from:
            self._lag_counts_from = now + self._pace
            self.worse()
        return True
