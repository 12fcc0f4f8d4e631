"""The constants of routes."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RoutesConfig:
    """How :class:`~actors.tissue.links.routing.Routes` are kept.  Times are seconds.

    Raises ``ValueError`` naming the field.

    - ``hello_period``: 1.0; RFC 8966 has 4 for radio.  Detection of a silent neighbour is proportional to it.
    - ``silences``: a neighbour that was not heard for so many periods is lost, 3.
    - ``update_period``: all routes are told each 4.0 (RFC 8966: 16), changes after ``trigger_delay``, 0.01, in which
      they are gathered.
    - ``expiry``: a route that is not told again for so many update periods is dropped, 3.5.
    - ``hysteresis``: a route is changed for one that is better by more than this, 0.25 transmissions, and a metric that
      changes by more is told at once.
    - ``forget_after``: what was told of a destination is remembered for 180.0 after the last time.
    - ``max_destinations``, ``max_neighbours``: 4096 and 64; more are not taken.
    """

    hello_period: float = 1.0
    silences: int = 3
    update_period: float = 4.0
    trigger_delay: float = 0.01
    expiry: float = 3.5
    hysteresis: float = 0.25
    forget_after: float = 180.0
    max_destinations: int = 4096
    max_neighbours: int = 64

    def __post_init__(self) -> None:
        for name in ("hello_period", "update_period", "trigger_delay", "forget_after"):
            value = getattr(self, name)
            if not 0 < value < math.inf:
                raise ValueError(f"RoutesConfig.{name} must be seconds above 0 and finite; got {value!r}")
        for name in ("silences", "expiry", "max_destinations", "max_neighbours"):
            value = getattr(self, name)
            if not 1 <= value < math.inf:
                raise ValueError(f"RoutesConfig.{name} must be at least 1 and finite; got {value!r}")
        if not 0 <= self.hysteresis < math.inf:
            raise ValueError(f"RoutesConfig.hysteresis must be at least 0 and finite; got {self.hysteresis!r}")
        if self.forget_after <= 2 * self.expiry * self.update_period:
            raise ValueError(
                f"RoutesConfig.forget_after must be above twice what routes live; got {self.forget_after!r}"
            )
