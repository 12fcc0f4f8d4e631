"""What is wanted of a group, what is said of its repair, and the constants of repair.  All times are seconds."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

from actors.messages import Pid

from ..core import TissueEvent
from ..plain import read_list, read_name, read_number, read_text
from .claims import SLOT_LIMIT, SharedMap


@dataclass(frozen=True, slots=True)
class Desired:
    """So many members a group is to have.  Raises ``ValueError`` naming the field.

    - ``replicas``: as many as these are kept alive; 0 lets the group die out.
    - ``floor``: nobody leaves of its own will if fewer than this would remain; 0.
    - ``ceiling``: whoever would be more than these leaves at once, whatever else is said; no limit.
    - ``placement``: by which weights the cells that may host a member are ranked (``Reconciler.witnesses``); "".
    - ``slots``: whether members are numbered, 0 to ``replicas`` - 1, and a successor takes the place of the one that
      died; yes.  Without, they are equal, and it takes no waiting in turn to replace many at once.
    """

    replicas: int
    floor: int = 0
    ceiling: int = SLOT_LIMIT
    placement: str = ""
    slots: bool = True

    def __post_init__(self) -> None:
        for name in ("replicas", "floor", "ceiling"):
            value = getattr(self, name)
            if type(value) is not int or not 0 <= value <= SLOT_LIMIT:
                raise ValueError(f"Desired.{name} must be a whole number from 0 to {SLOT_LIMIT}; got {value!r}")
        if self.replicas > self.ceiling:
            raise ValueError(f"Desired.replicas must be at most ceiling, {self.ceiling}; got {self.replicas}")
        if self.floor > self.replicas:
            raise ValueError(f"Desired.floor must be at most replicas, {self.replicas}; got {self.floor}")
        read_text(self.placement)

    def wire(self) -> list[Any]:
        """As plain values."""
        return [self.replicas, self.floor, self.ceiling, self.placement, self.slots]

    @classmethod
    def read(cls, raw: Any) -> Desired:
        """What :meth:`wire` made.  Raises ``TypeError`` or ``ValueError``."""
        replicas, floor, ceiling, placement, slots = read_list(raw, 5, 5)
        numbers = read_number(replicas), read_number(floor), read_number(ceiling)
        return cls(*numbers, read_text(placement), slots is True)


def read_all(shared: SharedMap, most: int) -> dict[str, Desired]:
    """What is wanted of each group, of at most so many; what makes no sense is passed over."""
    wanted: dict[str, Desired] = {}
    for name, raw in shared.items():
        try:
            wanted[read_name(name)] = Desired.read(raw)
        except (TypeError, ValueError):
            continue
        if len(wanted) == most:
            break
    return wanted


@dataclass(frozen=True, slots=True)
class Spawn(TissueEvent):
    """Start a member here: ``life`` is its incarnation.  Say ``held`` when it is up, ``ended`` if it does not start."""

    group: str
    slot: int
    life: int


@dataclass(frozen=True, slots=True)
class Leave(TissueEvent):
    """This member is one too many, ``to`` fills its place (``None``: it was not up in time): stop it at once."""

    group: str
    slot: int
    life: int
    to: Pid | None


@dataclass(frozen=True, slots=True)
class Retire(TissueEvent):
    """This member is not wanted any more: let it finish, and say ``ended``; at once, if it is not up yet."""

    group: str
    slot: int
    life: int


@dataclass(frozen=True, slots=True)
class ReconcileConfig:
    """How fast a group is repaired.  Raises ``ValueError`` naming the field.

    - ``period``: P, 1.0: within it at most ``surge`` of a group is started, and, without slots, one coin flipped.
    - ``settle``: for so long somebody must have been missing before it is replaced, and a whole group unwanted before
      it retires, 1.0; also the pause between two that retire.
    - ``delta``: the witness of rank r waits r delta + U(0, delta / 4), 1.0.  It should be a gossip round trip and more:
      lower is faster, and more often two witnesses act.
    - ``gossip``: 0.0 where claims are told to all at once; where gossip alone spreads them, its period: delta is then
      longer by ``gossip`` log2(witnesses), which is what an epidemic of three peers a round takes to reach them all.
    - ``surge``: a share of ``replicas``, 0.25 (at least one member): as many may be under way, or new in a period.
    - ``stabilisation``: a surplus must have lasted for 60.0 before one retires (300 in a HorizontalPodAutoscaler).
    - ``boot_timeout``: a newborn that is not up by then has lost its place, 30.0.
    - ``lifetime``: a member that its host does not renew, which it does three times in this, is missing after 30.0.
    - ``resync``: everything is looked at each 10.0 even if nothing is known to have changed.
    - ``backoff_cap``: who could not start a member waits delta, 2 delta, 4 delta, ... longer, up to 300.0.
    - ``max_groups`` that are looked after, 1024, and ``max_members`` held by one cell, 65,536.
    """

    period: float = 1.0
    settle: float = 1.0
    delta: float = 1.0
    gossip: float = 0.0
    surge: float = 0.25
    stabilisation: float = 60.0
    boot_timeout: float = 30.0
    lifetime: float = 30.0
    resync: float = 10.0
    backoff_cap: float = 300.0
    max_groups: int = 1024
    max_members: int = 65_536

    def __post_init__(self) -> None:
        for name in ("period", "boot_timeout", "lifetime", "resync", "backoff_cap"):
            if not 0 < getattr(self, name) < math.inf:
                raise ValueError(f"ReconcileConfig.{name} must be above 0 and finite; got {getattr(self, name)!r}")
        for name in ("settle", "delta", "gossip", "stabilisation"):
            if not 0 <= getattr(self, name) < math.inf:
                raise ValueError(f"ReconcileConfig.{name} must be at least 0 and finite; got {getattr(self, name)!r}")
        if not 0 < self.surge <= 1:
            raise ValueError(f"ReconcileConfig.surge must be above 0 and at most 1; got {self.surge!r}")
        for name in ("max_groups", "max_members"):
            if type(getattr(self, name)) is not int or getattr(self, name) < 1:
                raise ValueError(f"ReconcileConfig.{name} must be a whole number above 0; got {getattr(self, name)!r}")


LAN = ReconcileConfig()
"""Hosts in one place; the default."""

FAST = replace(LAN, period=0.25, settle=0.25, delta=0.25, resync=2.5)
"""Cells of one host, whose contact state has a period of 50 ms."""
