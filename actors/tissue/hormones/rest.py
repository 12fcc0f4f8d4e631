"""When a cell may rest: nobody's level changes, so what it would say is what it said before.

A level that has moved by more than a share of what it can be from what it lately was on average makes its cell ask more
siblings for a while, and the whole group speak at full pace: how long ago any of them has moved goes with every packet,
and the least holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .config import HormonesConfig
from .gland import Gland

MOVING = 5
"""Rounds for which a cell whose level has moved asks more of its siblings: it may have to act on what they say."""


class Rest:
    """Of one cell.  ``still``: rounds since any level of the group changed, as far as is heard, up to an epoch."""

    __slots__ = ("_config", "_moved", "_was", "still")

    def __init__(self, config: HormonesConfig, names: Iterable[str]) -> None:
        self._config = config
        self._was = dict.fromkeys(names, 0.0)
        self._moved = MOVING
        self.still = 0

    @property
    def is_still(self) -> bool:
        """Whether nothing has changed for an epoch."""
        return self.still >= self._config.epoch_rounds

    @property
    def is_moving(self) -> bool:
        """Whether this cell's own level has just moved."""
        return self._moved < MOVING

    def round(self, seconds: float, glands: Mapping[str, Gland], now: float) -> int:
        """A round is over; how many those had in this time who made all of them."""
        rounds = min(self._config.rest, max(1, round(seconds / self._config.period)))
        self._moved = min(self._moved + rounds, MOVING)
        self.still = min(self.still + rounds, self._config.epoch_rounds)
        kept = 0.5 ** (rounds / self._config.epoch_rounds)
        for name, gland in glands.items():
            self._was[name] += (gland.level(now) - self._was[name]) * (1.0 - kept)
        return rounds

    def moves(self, glands: Mapping[str, Gland], now: float) -> bool:
        """Look at this cell's own levels; whether one has moved."""
        is_moved = False
        for name, gland in glands.items():
            level = gland.level(now)
            if abs(level - self._was[name]) > self._config.change * gland.hormone.ceiling:
                self._was[name] = level
                self._moved = self.still = 0
                is_moved = True
        return is_moved

    def heard(self, still: int) -> bool:
        """A sibling knows of a change so long ago; whether that is news for one that rests."""
        was_still = self.is_still
        self.still = min(self.still, still)
        return was_still and not self.is_still

    def stir(self) -> None:
        """Who belongs to the group has changed."""
        self.still = 0
