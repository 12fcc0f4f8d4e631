"""The constants of alignment."""

from __future__ import annotations

import math
from dataclasses import dataclass

MOMENTUM_LIMIT = 1.5
"""With more, cells that are out of step swing."""


@dataclass(frozen=True, slots=True)
class AlignmentConfig:
    """How fast and in what pieces a flock aligns.  Raises ``ValueError`` naming the field.

    - ``period``: seconds between two rounds, 0.2; ``jitter``: each is up to this share longer or shorter, 0.1.
    - ``expiry``: a neighbour that said nothing for this many periods is given nothing, 3.0.
    - ``is_whole``: whole numbers, yes; else fractions, of which no less than ``grain`` is given, 1e-9.
    - ``momentum``: beta, 1.0, which is the first order; at most 1.5; see :func:`momentum`.
    - ``capacity``: what would bring a cell above this it refuses, infinite.
    - ``max_links``: neighbours of a cell, 256.
    """

    period: float = 0.2
    jitter: float = 0.1
    expiry: float = 3.0
    is_whole: bool = True
    grain: float = 1e-9
    momentum: float = 1.0
    capacity: float = math.inf
    max_links: int = 256

    def __post_init__(self) -> None:
        for name in ("period", "grain"):
            if not 0 < getattr(self, name) < math.inf:
                raise ValueError(f"AlignmentConfig.{name} must be above 0 and finite; got {getattr(self, name)!r}")
        for name in ("expiry", "max_links"):
            if not 1 <= getattr(self, name) < math.inf:
                raise ValueError(f"AlignmentConfig.{name} must be at least 1 and finite; got {getattr(self, name)!r}")
        if not 0 <= self.jitter < 1:
            raise ValueError(f"AlignmentConfig.jitter must be at least 0 and below 1; got {self.jitter!r}")
        if not 1 <= self.momentum <= MOMENTUM_LIMIT:
            raise ValueError(f"AlignmentConfig.momentum must be from 1 to {MOMENTUM_LIMIT}; got {self.momentum!r}")
        if not self.capacity > 0:
            raise ValueError(f"AlignmentConfig.capacity must be above 0; got {self.capacity!r}")


def momentum(eigenvalue: float) -> float:
    """The beta for a graph whose weights have this second eigenvalue: 2 / (1 + sqrt(1 - lambda^2)), and at most 1.5.

    Raises ``ValueError`` if it is not between 0 and 1.
    """
    if not 0 <= eigenvalue < 1:
        raise ValueError(f"the second eigenvalue is at least 0 and below 1; got {eigenvalue!r}")
    return min(MOMENTUM_LIMIT, 2.0 / (1.0 + math.sqrt(1.0 - eigenvalue * eigenvalue)))
