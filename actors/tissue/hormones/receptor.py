"""When a cell responds to a level: a switch that does not chatter, and a chance that rises with the level.

A switch that were on above one value and off below the same would chatter in noise.  A *receptor* is a Schmitt trigger:
on from ``above``, off only below ``below``, and after it was triggered deaf for a refractory period, as a nerve is.

Where many cells hear the same and one or a few of them should act, each has a *response threshold* of its own and acts
with a probability that rises with the stimulus s (Bonabeau, Theraulaz and Deneubourg, Proc. R. Soc. B 263, 1996)::

    P = s^m / (s^m + phi^m),    phi of each cell within 20 % of the group's
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..core import TissueEvent
from ..plain import NAME_BYTES, is_name, is_number

if TYPE_CHECKING:
    import random


@dataclass(frozen=True, slots=True)
class Receptor:
    """What level of a hormone switches something on and off.  Raises ``ValueError`` naming the field.

    - ``hormone``: its name.
    - ``above``: on from this level, 0.9 unless told otherwise; ``below``: off under this one, 0.6; ``below`` must be
      less.  The further apart, the calmer.
    - ``refractory``: seconds from being triggered until it can be triggered again, 5.0.  At least as long as the
      response takes to be felt.
    - ``systemic``: whether it senses the average of the group rather than the level here; no.
    - ``spread``: each cell's own ``above`` and ``below`` are up to this share higher or lower, 0.0, so that cells which
      sense the same do not all switch at once.

    An average that is not known switches nothing.
    """

    hormone: str
    above: float = 0.9
    below: float = 0.6
    refractory: float = 5.0
    systemic: bool = False
    spread: float = 0.0

    def __post_init__(self) -> None:
        if not is_name(self.hormone):
            raise ValueError(f"Receptor.hormone must be a text of 1 to {NAME_BYTES} bytes; got {self.hormone!r:.60}")
        if not (is_number(self.above) and self.above > 0):
            raise ValueError(f"Receptor.above must be above 0 and finite; got {self.above!r}")
        if not (is_number(self.below) and 0 < self.below < self.above):
            raise ValueError(f"Receptor.below must be above 0 and under Receptor.above; got {self.below!r}")
        if not (is_number(self.refractory) and self.refractory >= 0):
            raise ValueError(f"Receptor.refractory must be seconds from 0 and finite; got {self.refractory!r}")
        if not (is_number(self.spread) and 0 <= self.spread < 1):
            raise ValueError(f"Receptor.spread must be from 0 to below 1; got {self.spread!r}")


@dataclass(frozen=True, slots=True)
class Triggered(TissueEvent):
    """A receptor switched on, at ``level``."""

    receptor: Receptor
    level: float


@dataclass(frozen=True, slots=True)
class Released(TissueEvent):
    """A receptor switched off, at ``level``."""

    receptor: Receptor
    level: float


class Reception:
    """A receptor of one cell: on or off."""

    __slots__ = ("_above", "_below", "_deaf_until", "is_on", "receptor")

    def __init__(self, receptor: Receptor, rng: random.Random) -> None:
        scale = 1.0 + rng.uniform(-receptor.spread, receptor.spread)
        self.receptor = receptor
        self.is_on = False
        self._above = receptor.above * scale
        self._below = receptor.below * scale
        self._deaf_until = -math.inf

    def sense(self, level: float | None, now: float) -> Triggered | Released | None:
        """Tell it the level; what it did about it, if anything.  ``None``: the level is not known."""
        if level is None:
            return None
        if self.is_on and level < self._below:
            self.is_on = False
            return Released(self.receptor, level)
        if not self.is_on and level >= self._above and now >= self._deaf_until:
            self.is_on = True
            self._deaf_until = now + self.receptor.refractory
            return Triggered(self.receptor, level)
        return None


@dataclass(frozen=True, slots=True)
class ResponseThreshold:
    """With what probability a stimulus is answered: who takes a job that nobody handed out.

    - ``phi``: the stimulus that half of the cells answer, 0.75.
    - ``steepness``: m, 2 to 4 in ants and bees; 2.0.  The higher, the more like a switch; at least 1.
    - ``spread``: each cell's own phi is up to this share higher or lower, 0.2.

    Raises ``ValueError`` naming the field.
    """

    phi: float = 0.75
    steepness: float = 2.0
    spread: float = 0.2

    def __post_init__(self) -> None:
        if not 0 < self.phi < math.inf:
            raise ValueError(f"ResponseThreshold.phi must be above 0 and finite; got {self.phi!r}")
        if not 1 <= self.steepness < math.inf:
            raise ValueError(f"ResponseThreshold.steepness must be at least 1 and finite; got {self.steepness!r}")
        if not 0 <= self.spread < 1:
            raise ValueError(f"ResponseThreshold.spread must be from 0 to below 1; got {self.spread!r}")

    def of_cell(self, rng: random.Random) -> ResponseThreshold:
        """That of one cell, which has no spread any more."""
        return replace(self, phi=self.phi * (1.0 + rng.uniform(-self.spread, self.spread)), spread=0.0)

    def probability(self, stimulus: float) -> float:
        """P at this stimulus: 0 at none, a half at phi, towards 1."""
        if not stimulus > 0:
            return 0.0
        # By the logarithm, so that no power overflows; at 700 what is left is 0 anyway.
        exponent = self.steepness * (math.log(self.phi) - math.log(stimulus))
        return 1.0 / (1.0 + math.exp(min(exponent, 700.0)))
