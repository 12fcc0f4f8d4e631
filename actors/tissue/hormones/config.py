"""The constants of a cell's hormones."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HormonesConfig:
    """How often cells speak of their levels, and how long what they say holds.  Raises ``ValueError`` naming the field.

    - ``period``: seconds between two rounds, 0.2, and more than a round trip takes.  Each round costs a packet and its
      answer if a hormone is systemic, and a packet to each near neighbour while there is anything to sense.
    - ``expiry``: a near neighbour that was silent for so many periods counts as gone until it speaks again, 3.0.
    - ``stale``: what a sibling said, or this cell's own sensor, counts for so many half-lives, 3.0.
    - ``quiet``: what is below this share of a hormone's ceiling is not spoken of, 0.001.
    - ``epoch_rounds``: the length of an epoch of the averages, 40; see :class:`~.push_sum.PushSum`.  8 to 1000.
    - ``rest``: a cell makes only each fourth round, 4, while no level of its group changes and nothing spreads from or
      to it.  1: it never rests.  At most as many as leave time to hear a quorum before its words are stale.
    - ``change``: a level has changed if it is this share of its hormone's ceiling from what it was, 0.05.
    - ``repeats``: how often a question that is not answered is asked again, once a round, 4.  Fewer are less exact
      where packets are lost: of what a cell gives away, a share loss^(repeats + 1) stays on its way.

    Limits:

    - ``max_near``: near neighbours, 64; ``max_siblings``: siblings, 4096.  Of more the first are taken.
    """

    period: float = 0.2
    expiry: float = 3.0
    stale: float = 3.0
    quiet: float = 0.001
    epoch_rounds: int = 40
    rest: int = 4
    change: float = 0.05
    repeats: int = 4
    max_near: int = 64
    max_siblings: int = 4096

    def __post_init__(self) -> None:
        for name, (least, most) in _RANGES.items():
            if not least <= getattr(self, name) <= most:
                raise ValueError(
                    f"HormonesConfig.{name} must be from {least:g} to {most:g}; got {getattr(self, name)!r}"
                )


_RANGES = {
    "period": (1e-6, 86_400.0),
    "expiry": (1.0, math.inf),
    "stale": (1e-6, math.inf),
    "quiet": (0.0, 1.0),
    "epoch_rounds": (8, 1000),
    "rest": (1, 64),
    "change": (1e-6, 1.0),
    "repeats": (0, 16),
    "max_near": (0, 65_536),
    "max_siblings": (0, 65_536),
}
