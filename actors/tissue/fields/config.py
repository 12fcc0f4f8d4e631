"""The constants of fields, and the ways a gradient may be kept."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum


class Variant(StrEnum):
    """How a gradient is kept; what each is good for is in its module.  All cells have to use the same."""

    PATH_VECTOR = "path-vector"
    """Values carry their paths: heals fastest, never sends a message in a circle.  The default."""
    CRF = "crf"
    """Values that nothing supports rise at a set speed (constraint and restoring force)."""
    BIS = "bis"
    """Values are as old as they are far, at a set speed of information (bounded information speed)."""
    CLASSIC = "classic"
    """Adaptive Bellman-Ford: falls fast, rises slowly.  To compare with, not to use."""


@dataclass(frozen=True, slots=True)
class FieldConfig:
    """How often neighbours speak, and how a gradient is kept.  Raises ``ValueError`` naming the field.

    Rounds:

    - ``period``: seconds between two rounds of a cell, 0.2.  News travels a hop in half of it on average.
    - ``jitter``: each period is this share longer or shorter, at random, 0.1, so that cells do not fall into step.
    - ``repeats``: in how many rounds news is told, 3, before a cell may rest: so it is missed with about p^3 at a loss
      p of packets.  Fewer only where packets are lost to nobody who lives.
    - ``rest``: seconds between two packets that say nothing new, once the last news was told so often and nothing
      changes by time alone; ``None``: a period.  A field at rest then costs that much less.
    - ``expiry``: a neighbour that was silent for this many periods, or rests where they are longer, counts as gone
      until it speaks again, 3.0.  At a loss p of packets a healthy one is missed with about p^3 a round: raise it where
      p is above 0.2.  With a long rest have :meth:`~.field.Fields.died` called for the dead.

    Gradients:

    - ``variant``: path-vector.
    - ``horizon``: what is further away than this is not seen, infinite.
    - ``max_hops``: path-vector only, 64: longer ways are not seen.  A packet holds up to that many names.
    - ``raising_speed``: CRF only, units of distance a second, 5.0, which is ScaFi's: the speed at which a value that
      nothing supports rises.  Higher heals faster, and is less steady while neighbours are late.
    - ``information_speed``: BIS only, units of distance a second, 5.0: how fast genuine news travels *at least*, which
      is the shortest usual link a period.  Higher heals faster; too high, and values at rest are above the distance.

    Limits:

    - ``max_links``: neighbours of a cell, 256.
    - ``max_fields``: names of fields at a cell, 64; further ones are not taken up.
    """

    period: float = 0.2
    jitter: float = 0.1
    repeats: int = 3
    rest: float | None = None
    expiry: float = 3.0
    variant: Variant = Variant.PATH_VECTOR
    horizon: float = math.inf
    max_hops: int = 64
    raising_speed: float = 5.0
    information_speed: float = 5.0
    max_links: int = 256
    max_fields: int = 64

    def __post_init__(self) -> None:
        for name in ("period", "raising_speed", "information_speed"):
            if not 0 < getattr(self, name) < math.inf:
                raise ValueError(f"FieldConfig.{name} must be above 0 and finite; got {getattr(self, name)!r}")
        if self.rest is not None and not self.period <= self.rest < math.inf:
            raise ValueError(f"FieldConfig.rest must be at least the period and finite, or None; got {self.rest!r}")
        for name in ("repeats", "max_hops", "max_links", "max_fields", "expiry"):
            if not 1 <= getattr(self, name) < math.inf:
                raise ValueError(f"FieldConfig.{name} must be at least 1 and finite; got {getattr(self, name)!r}")
        if not 0 <= self.jitter < 1:
            raise ValueError(f"FieldConfig.jitter must be at least 0 and below 1; got {self.jitter!r}")
        if not self.horizon > 0:
            raise ValueError(f"FieldConfig.horizon must be above 0; got {self.horizon!r}")
        if self.variant not in tuple(Variant):
            raise ValueError(f"FieldConfig.variant must be a Variant; got {self.variant!r}")

    @property
    def silence(self) -> float:
        """Seconds of silence after which a neighbour counts as gone."""
        return self.expiry * (self.rest or self.period)
