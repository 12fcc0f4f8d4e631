"""What a cell has of one hormone: what it secretes itself, by what it sustains and in pulses, and the level here."""

from __future__ import annotations

import math

from .secretion import Hormone, Level


class Gland:
    """See the module's text.  ``tissue``: the level here; ``fresh_until``: until then its sensor counts as alive."""

    __slots__ = ("_is_withheld", "_pulses", "_sustained", "fresh_until", "hormone", "tissue")

    def __init__(self, hormone: Hormone, now: float) -> None:
        self.hormone = hormone
        self.tissue = Level(hormone, now)
        self.fresh_until = -math.inf
        self._sustained = Level(hormone, now)
        self._pulses = Level(hormone, now)
        self._is_withheld = False

    def level(self, now: float) -> float:
        """What it secretes itself."""
        return min(self.hormone.ceiling, self._sustained.read(now) + self._pulses.read(now))

    def word(self, now: float) -> float:
        """What it tells its siblings: no memory of what it has ceased to sustain, on which some would still act."""
        return min(self.hormone.ceiling, self._sustained.borne(now) + self._pulses.read(now))

    def secrete(self, amount: float, now: float, lasting: float) -> None:
        """Raise both at once."""
        for level in (self._pulses, self.tissue):
            level.add(amount, now)
        self.fresh_until = now + lasting

    def sustain(self, level: float, now: float, lasting: float, spreads: bool) -> None:
        """What it secretes tends to this, and the level here too, if it ``spreads``."""
        self.fresh_until = now + lasting
        self._sustained.sustain(level, now, self.fresh_until)
        self.tissue.sustain(level if spreads else 0.0, now, self.fresh_until)
        self._is_withheld = not spreads

    def sensed(self, now: float) -> float:
        """How strong it is here, what does not spread included."""
        withheld = self._sustained.read(now) if self._is_withheld else 0.0
        return min(self.hormone.ceiling, self.tissue.read(now) + withheld)

    def is_spreading(self, now: float, quiet: float) -> bool:
        """Whether it is felt here, and so nearby."""
        return self.hormone.kappa > 0 and self.tissue.read(now) > quiet * self.hormone.ceiling

    def is_active(self, now: float, quiet: float) -> bool:
        """Whether there is anything to be sensed, now or soon."""
        loudest = max(self.level(now), self.tissue.read(now))
        return now <= self.fresh_until or loudest > quiet * self.hormone.ceiling
