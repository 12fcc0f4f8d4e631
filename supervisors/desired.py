"""How many workers a pool is to have: a number that holds whoever dies, and follows the load between two bounds."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field
from importlib import import_module
from typing import Literal

from .errors import SpecError
from .fields import Written, check_seconds, check_type, check_word, is_int, is_number, options

Placement = Literal["spread", "any"]

TISSUE = ("actors.contact.contact", "actors.contact.site", "supervisors.repair.places")
"""What such a pool needs: loaded when one is declared, as it takes some tenths of a second, and not in the loop."""

CEILING_LIMIT = 1 << 16
"""No pool has more places."""

HOSTS_LIMIT = 64
"""No more systems fill the places of one pool."""


@dataclass(frozen=True, slots=True, repr=False)
class Scale(Written):
    """How a pool follows its load, with nobody in charge: each worker flips a coin, and all together start and retire
    as many as an autoscaler would have ordered, ``workers * pressure / set_point``.

    A worker's *pressure* is the share of its time in which it has a message in hand, plus its queue against what it can
    work off in ``drain`` seconds.  All times are seconds.  Raises ``SpecError`` naming the field.

    - ``set_point``: the pressure that is wanted, 0.75.  Lower keeps more in reserve.
    - ``tolerance``: growth begins this share above it, 0.1; ``shrink_tolerance``: shrinking this share below it, 0.2.
    - ``boot``: what a worker usually takes from the decision until it serves, 5.0.  A worker that had one started waits
      for so long before it may again, so a pool at most doubles in that time.
    - ``window``: a pool shrinks by the highest pressure of so long, 30.0.  Longer keeps workers that idle.
    - ``drain``: in so many seconds a queue may be gone again, 5.0.  Shorter takes queues more seriously.
    - ``interval``: between two decisions of a worker, 0.5.

    It follows what more workers can help with: handlers that wait.  Those that compute share one loop, however many.
    """

    _: KW_ONLY
    set_point: float = 0.75
    tolerance: float = 0.1
    shrink_tolerance: float = 0.2
    boot: float = 5.0
    window: float = 30.0
    drain: float = 5.0
    interval: float = 0.5

    def __post_init__(self) -> None:
        for name in ("boot", "window", "drain", "interval"):
            check_seconds(name, getattr(self, name))
        if not is_number(self.set_point) or not 0 < self.set_point <= 3:
            raise SpecError("set_point", self.set_point, "must be a number above 0 and at most 3")
        for name in ("tolerance", "shrink_tolerance"):
            if not is_number(getattr(self, name)) or not 0 <= getattr(self, name) < 1:
                raise SpecError(name, getattr(self, name), "must be a number from 0 to below 1")


@dataclass(frozen=True, slots=True, repr=False)
class Desired:
    """The size of a pool as something that is wanted rather than made: ``Pool("mailers", ..., size=Desired(3))``.

    - ``replicas``: so many workers at first, and again whenever ``resize()`` says so.
    - ``floor``: none retires if fewer than this would be left; 0 stands for ``replicas``.
    - ``ceiling``: there are never more, whatever anybody wants; 0 stands for ``replicas``.
    - ``scale``: how the number follows the load between floor and ceiling; ``None``: it does not, nor can it where they
      are equal.
    - ``placement``: where systems run the same tree together, on which of them a worker is started: ``spread``, where
      there are few; ``any``, wherever the dice fall.
    - ``hosts``: so many systems start the tree together, 1.  With more, the first of them does not fill all places by
      itself: each waits until it knows the others, for 3 s at most, and then they share the places.

    Raises ``SpecError`` naming the field.
    """

    replicas: int
    _: KW_ONLY
    floor: int = 0
    ceiling: int = 0
    scale: Scale | None = field(default_factory=Scale)
    placement: Placement = "spread"
    hosts: int = 1

    def __post_init__(self) -> None:
        if not is_int(self.replicas) or not 1 <= self.replicas <= CEILING_LIMIT:
            raise SpecError("replicas", self.replicas, f"must be a whole number from 1 to {CEILING_LIMIT:,}")
        for name in ("floor", "ceiling"):
            if is_int(getattr(self, name)) and getattr(self, name) == 0:
                object.__setattr__(self, name, self.replicas)
        if not is_int(self.floor) or not 1 <= self.floor <= self.replicas:
            raise SpecError("floor", self.floor, f"must be a whole number from 1 to replicas, {self.replicas}")
        if not is_int(self.ceiling) or not self.replicas <= self.ceiling <= CEILING_LIMIT:
            why = f"must be a whole number from replicas, {self.replicas}, to {CEILING_LIMIT:,}"
            raise SpecError("ceiling", self.ceiling, why)
        if self.scale is not None:
            check_type("scale", self.scale, Scale)
        check_word("placement", self.placement, Placement)
        if not is_int(self.hosts) or not 1 <= self.hosts <= HOSTS_LIMIT:
            raise SpecError("hosts", self.hosts, f"must be a whole number from 1 to {HOSTS_LIMIT}")
        for module in TISSUE:
            import_module(module)

    def __repr__(self) -> str:
        return f"Desired({', '.join([repr(self.replicas), *options(self)])})"

    @property
    def follows(self) -> Scale | None:
        """How it follows the load; ``None``: it does not."""
        return self.scale if self.floor < self.ceiling else None

    def clamp(self, number: int) -> int:
        """The nearest number that is allowed."""
        return min(self.ceiling, max(self.floor, number))
