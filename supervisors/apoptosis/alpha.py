"""The alpha-count: evidence that adds up while a fault lasts and fades when it was only passing."""

from __future__ import annotations

MOST = 1e9
"""Evidence beyond this makes no difference any more, and would at last be infinite."""


class AlphaCount:
    """Tells a fault that lasts from one that passes.

    At each check: alpha ← alpha + weight if it was bad, K · alpha if it was good; at ``threshold`` the fault is taken
    to last.  ``decay`` is K.  With 0.8 and 3, weight 1: errors in 1 % of the checks are forgiven for ever (more than
    150,000 checks on average), 5 % for some 4,400, 30 % for 23, 50 % for 9, and 100 % for 3.

    Source: Bondavalli, Chiaradonna, Di Giandomenico, Grandoni: *Threshold-based mechanisms to discriminate transient
    from intermittent faults*, IEEE ToC 49(3), 2000.
    """

    __slots__ = ("alpha", "decay", "threshold")

    def __init__(self, threshold: float = 3.0, decay: float = 0.8) -> None:
        self.threshold = threshold
        self.decay = decay
        self.alpha = 0.0

    def bad(self, weight: float = 1.0) -> float:
        """A check that found something; returns alpha."""
        self.alpha = min(self.alpha + weight, MOST)
        return self.alpha

    def good(self, checks: int = 1) -> float:
        """So many checks in a row that found nothing; returns alpha."""
        if self.alpha:
            self.alpha *= self.decay**checks
        return self.alpha

    @property
    def is_over(self) -> bool:
        """Whether the threshold is reached."""
        return self.alpha >= self.threshold

    def __repr__(self) -> str:
        return f"AlphaCount({self.alpha:.3g} of {self.threshold:g})"
