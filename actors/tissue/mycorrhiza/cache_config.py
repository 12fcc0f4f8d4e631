"""The constants of the cooperative cache.  All times are seconds."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ..repair.hrw import LOAD_FACTOR


@dataclass(frozen=True, slots=True)
class CacheConfig:
    """How siblings cache together.  Raises ``ValueError`` naming the field.

    - ``ttl``: a value lives for 60.0 unless ``computed`` says otherwise.
    - ``near_ttl``: a copy that a cell keeps of another's value lives for 5.0 times (1 +- ``jitter``), and never longer
      than the value: so long may a value be served after it was dropped.  Longer: fewer packets, staler.
    - ``jitter``: 0.1, so that copies do not run out together.
    - ``beta``: XFetch's, 1.0; above 1 values are refreshed earlier, 0: only when they have run out.
    - ``load_factor``: c, 1.25: no cell owns more than ceil(c * mean), or ``least_load`` (16) if that is more.
    - ``lease``: who was asked to compute a value and has not within 10.0 is given up, and another one asked.
    - ``patience``: a packet that is not answered within 0.5 is sent again, ``tries`` (4) times in all; then the value
      is computed without its owner.
    - ``hot_share``: what a newborn pulls, the hottest 0.01, from ``warmers`` (2) neighbours, for at most
      ``warm_timeout``, 1.0.
    - ``max_owned`` 65,536, ``max_near`` 16,384: entries; of more, those read longest ago go.  ``max_flights`` 4096:
      keys that are asked for at one time.  ``max_bytes`` 65,000: of one value.
    """

    ttl: float = 60.0
    near_ttl: float = 5.0
    jitter: float = 0.1
    beta: float = 1.0
    load_factor: float = LOAD_FACTOR
    least_load: int = 16
    lease: float = 10.0
    patience: float = 0.5
    tries: int = 4
    hot_share: float = 0.01
    warmers: int = 2
    warm_timeout: float = 1.0
    max_owned: int = 65_536
    max_near: int = 16_384
    max_flights: int = 4096
    max_bytes: int = 65_000

    def __post_init__(self) -> None:
        for name in ("ttl", "near_ttl", "lease", "patience", "warm_timeout"):
            if not 0 < getattr(self, name) < math.inf:
                raise ValueError(f"CacheConfig.{name} must be above 0 and finite; got {getattr(self, name)!r}")
        if not 0 <= self.beta < math.inf:
            raise ValueError(f"CacheConfig.beta must be at least 0 and finite; got {self.beta!r}")
        if not 1 <= self.load_factor < math.inf:
            raise ValueError(f"CacheConfig.load_factor must be at least 1 and finite; got {self.load_factor!r}")
        for name in ("jitter", "hot_share"):
            if not 0 <= getattr(self, name) < 1:
                raise ValueError(f"CacheConfig.{name} must be from 0 to below 1; got {getattr(self, name)!r}")
        for name in ("least_load", "tries", "warmers", "max_owned", "max_near", "max_flights", "max_bytes"):
            if type(getattr(self, name)) is not int or getattr(self, name) < 1:
                raise ValueError(f"CacheConfig.{name} must be a whole number above 0; got {getattr(self, name)!r}")


CACHE = CacheConfig()
"""The default."""
